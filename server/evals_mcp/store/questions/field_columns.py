"""One field of datapoints as a column, for groups and bins: read without other content, cached by dataset versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from evals_mcp.models.datapoint_fields import PARTS, Part
from evals_mcp.store.database.tables import datapoint_fields
from evals_mcp.store.questions.dataset_order import ordered_datapoints
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_VALUE = -1
"""The code of a datapoint without the field."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldColumn:
    """One field of some datapoints, an item each: `codes` (int32) and `numbers` (float64).

    A code is the index of the value in `labels`, or `NO_VALUE`. A number is NaN for text that is no number and without
    a value; booleans are 0 and 1. `labels` are the values in all the dataset versions, most frequent first, then by
    code points. If `has_cut_values`, values that differ only in what is cut have the same code.
    """

    codes: NDArray[Any]
    numbers: NDArray[Any]
    labels: tuple[str, ...]
    has_cut_values: bool

    @property
    def is_number(self) -> bool:
        """Whether there are values, and each is a number, a boolean, or text that is a number."""
        import numpy as np

        has_value = self.codes != NO_VALUE
        return bool(has_value.any()) and not bool(np.isnan(self.numbers[has_value]).any())


class FieldColumns:
    """Reads fields as columns. A dataset version never changes, so no column depends on a revision."""

    def __init__(self, cache: RevisionCache) -> None:
        self._cache = cache

    def positions(self, connection: Connection, version_ids: Iterable[str]) -> Mapping[str, int]:
        """The datapoints of dataset versions by id, in dataset order, each with its index in `of_versions`."""
        listed = list(dict.fromkeys(version_ids))
        found: Mapping[str, int] = self._cache.get(
            "dataset positions", listed, None, lambda: _read_positions(connection, listed)
        )
        return found

    def of_versions(self, connection: Connection, version_ids: Iterable[str], part: Part, key: str) -> FieldColumn:
        """A field of the datapoints of dataset versions, in dataset order; without values if none has it."""
        listed = list(dict.fromkeys(version_ids))
        column: FieldColumn = self._cache.get(
            "field column",
            (listed, part, key),
            None,
            lambda: _read_column(connection, listed, part, key, self.positions(connection, listed)),
        )
        return column

    def of_datapoints(
        self,
        connection: Connection,
        version_ids: Sequence[str],
        part: Part,
        key: str,
        datapoint_ids: Iterable[str | None],
    ) -> FieldColumn:
        """A field of these datapoints, in this order. None, and ids of no such dataset version, have no value."""
        import numpy as np

        column = self.of_versions(connection, version_ids, part, key)
        positions = self.positions(connection, version_ids)
        # Index -1 is the item that is appended.
        indexes = np.array([positions.get(id, -1) if id is not None else -1 for id in datapoint_ids], dtype=np.int64)
        codes = np.append(column.codes, np.int32(NO_VALUE))[indexes]
        numbers = np.append(column.numbers, np.nan)[indexes]
        return FieldColumn(codes, numbers, column.labels, column.has_cut_values)


def _read_positions(connection: Connection, version_ids: Sequence[str]) -> dict[str, int]:
    if not version_ids:
        return {}
    listed = ordered_datapoints(version_ids)
    ids = connection.execute(select(listed.c.datapoint_id).order_by(listed.c.position)).scalars()
    return {id: index for index, id in enumerate(ids)}


def _read_column(
    connection: Connection, version_ids: Sequence[str], part: Part, key: str, positions: Mapping[str, int]
) -> FieldColumn:
    import numpy as np

    codes = np.full(len(positions), NO_VALUE, dtype=np.int32)
    numbers = np.full(len(positions), np.nan)
    if not positions:
        return FieldColumn(codes, numbers, (), False)
    columns, listed = datapoint_fields.c, ordered_datapoints(version_ids)
    statement = (
        select(columns.datapoint_id, columns.value, columns.number, columns.whole)
        .join(listed, listed.c.datapoint_id == columns.datapoint_id)
        .where(columns.part == PARTS.index(part), columns.key == key)
    )
    rows = connection.execute(statement).all()
    counted = Counter(row.value for row in rows)
    labels = tuple(sorted(counted, key=lambda label: (-counted[label], label)))
    code_of = {label: code for code, label in enumerate(labels)}
    indexes = [positions[row.datapoint_id] for row in rows]
    codes[indexes] = [code_of[row.value] for row in rows]
    numbers[indexes] = np.array([row.number for row in rows], dtype=float)
    return FieldColumn(codes, numbers, labels, not all(row.whole for row in rows))

"""The fields that the datapoints of an evaluation have: what filters and slices can name."""

from collections.abc import Sequence

from evals_mcp.models.datapoint_fields import Part
from evals_mcp.models.model import Defaulted, Model

MOST_COMMON = 8
"""The most values of a field that a row tells."""

MOST_ROWS = 200
"""The most fields that are told of an evaluation."""

MOST_VALUES = 200
"""The most values of a field that is no number to group by."""


class CommonValue(Model):
    """A value of a field as text, cut like the stored one, and how many datapoints have it."""

    value: str
    datapoints_count: int


class FieldRow(Model):
    """A field of datapoints by part and key: how many datapoints have it, and its values.

    `common` are the most frequent values, then by code points. `low` and `high` are given if all values are numbers or
    text that is a number. `is_boolean`: all are true or false. If `has_cut_values`, values that differ only in what is
    cut count as one.
    """

    part: Part
    key: str
    datapoints_count: int
    values_count: int
    common: list[CommonValue]
    is_boolean: Defaulted[bool] = False
    low: float | None = None
    high: float | None = None
    has_cut_values: Defaulted[bool] = False

    @property
    def is_number(self) -> bool:
        """Whether all values are numbers, or text that is a number."""
        return self.low is not None


class FieldRows(Model):
    """The fields of the datapoints in an evaluation's dataset versions, by part and key.

    `datapoints_count` counts these datapoints. Of more than `MOST_ROWS` fields, `more` is true and the rows are those
    that most datapoints have.
    """

    rows: list[FieldRow]
    datapoints_count: int
    more: Defaulted[bool] = False


def is_groupable(row: FieldRow) -> bool:
    """Whether datapoints can be grouped by a field: it has several values, and few or all of them numbers."""
    few = row.values_count <= min(MOST_VALUES, max(row.datapoints_count // 2, 2))
    return row.values_count > 1 and (row.is_number or few)


def are_alike(rows: Sequence[FieldRow]) -> bool:
    """Whether fields of several parts have the same key and the same values."""
    return all(row.model_copy(update={"part": rows[0].part}) == rows[0] for row in rows)


def field_labels(rows: Sequence[FieldRow]) -> list[str]:
    """The name of each field: its key, with its part if other fields have the key, too.

    Of fields that have the same key and the same values, the first has the key alone, and the others have no name.
    """
    labels = []
    for row in rows:
        others = [other for other in rows if other.key == row.key]
        if are_alike(others):
            labels.append((row.key or row.part) if others[0] is row else "")
        else:
            labels.append(f"{row.part}.{row.key}" if row.key else row.part)
    return labels


def groupable_labels(rows: Sequence[FieldRow]) -> list[tuple[FieldRow, str]]:
    """The fields to group by that have a name, each with it. Those of the target come last, since they are answers."""
    targets = {row.key for row in rows if row.part == "target"}
    named = [(row, label) for row, label in zip(rows, field_labels(rows), strict=True) if label and is_groupable(row)]
    return sorted(named, key=lambda item: item[0].part == "target" or (item[1] == item[0].key and item[1] in targets))

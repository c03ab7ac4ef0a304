"""Runs as columns for comparisons: read without texts, and cached until the run changes."""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, not_, select

from evals_mcp.models.judgments import JUDGED, MISSING
from evals_mcp.models.usage import Usage
from evals_mcp.statistics.columns import (
    LENGTH,
    OTHER_TYPE,
    OUTPUT_COST,
    DatapointKeys,
    JudgmentColumn,
    RunColumns,
    profile_of,
)
from evals_mcp.statistics.pairing import Profile
from evals_mcp.steps import told
from evals_mcp.store.database.tables import judgments, logs, run_logs
from evals_mcp.store.evaluations.run_status import judgments_of
from evals_mcp.store.files.versions import read_specs
from evals_mcp.store.logs.step_usage import read_step_usage
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator
from evals_mcp.store.questions.length_sql import has_length
from evals_mcp.store.questions.merged_versions import merged_versions
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_KEYS = 500_000


class _RunLogs(NamedTuple):
    """The logs of a run, oldest first: their numbers, and columns as in `RunColumns`."""

    numbers: "NDArray[Any]"
    datapoints: "NDArray[Any]"
    failed: "NDArray[Any]"


class _Keys(NamedTuple):
    """The keys of datapoints in columns. Keys of another generation mean other datapoints."""

    generation: int
    keys: DatapointKeys


class RunsAsColumns(NamedTuple):
    """Runs by id: their columns and the numbers of their logs. `keys` maps the datapoints."""

    columns: dict[str, RunColumns]
    numbers: dict[str, "NDArray[Any]"]
    keys: DatapointKeys

    def log_numbers(self, run_id: str, key: int) -> list[int]:
        """The numbers of a run's logs for the datapoint with this key, oldest first."""
        found: list[int] = self.numbers[run_id][self.columns[run_id].datapoints == key].tolist()
        return found

    def only(self, datapoint_ids: Iterable[str]) -> "RunsAsColumns":
        """Only the logs of these datapoints."""
        import numpy as np

        keys = self.keys.column(datapoint_ids)
        return self._masked({run_id: np.isin(run.datapoints, keys) for run_id, run in self.columns.items()})

    def only_logs(self, numbers: Mapping[str, Sequence[int]]) -> "RunsAsColumns":
        """Only the logs with these numbers, by run."""
        import numpy as np

        return self._masked({run_id: np.isin(of_run, numbers[run_id]) for run_id, of_run in self.numbers.items()})

    def _masked(self, masks: Mapping[str, "NDArray[Any]"]) -> "RunsAsColumns":
        return RunsAsColumns(
            {run_id: run.only(masks[run_id]) for run_id, run in self.columns.items()},
            {run_id: numbers[masks[run_id]] for run_id, numbers in self.numbers.items()},
            self.keys,
        )


class RunColumnsReader:
    """Reads runs as columns. Reads only new and changed runs."""

    def __init__(self, cache: RevisionCache) -> None:
        self._cache = cache
        self._keys = _Keys(0, DatapointKeys())
        self._lock = Lock()

    def read(
        self,
        connection: Connection,
        runs: Collection[Row[Any]],
        evaluators: Sequence[AttachedEvaluator],
        *,
        measures: bool = True,
    ) -> RunsAsColumns:
        """Read runs (rows as from `read_runs`) with the judgments by these evaluators, and their measures if wanted."""
        if len(self._keys.keys) > _MOST_KEYS:
            self._keys = _Keys(self._keys.generation + 1, DatapointKeys())
        keys = self._keys
        columns: dict[str, RunColumns] = {}
        numbers: dict[str, NDArray[Any]] = {}
        for run in told(runs, "Reading run"):
            read_logs = partial(self._read_logs, connection, keys.keys, run.id)
            logs = self._cache.get("log columns", run.id, (run, keys.generation), read_logs)
            numbers[run.id] = logs.numbers
            read_measures = partial(_read_measures, connection, run.id, logs.numbers)
            columns[run.id] = RunColumns(
                datapoints=logs.datapoints,
                failed=logs.failed,
                measures=self._cache.get("measures", run.id, run, read_measures) if measures else {},
                judgments={
                    item.version_id: self._read_judgments(connection, run, item, logs.numbers) for item in evaluators
                },
            )
        return RunsAsColumns(columns, numbers, keys.keys)

    def _read_judgments(
        self, connection: Connection, run: Row[Any], evaluator: AttachedEvaluator, numbers: "NDArray[Any]"
    ) -> JudgmentColumn:
        read = partial(_judgment_column, connection, run.id, evaluator, numbers)
        return self._cache.get("judgment column", (run.id, evaluator.key), run, read)

    def _read_logs(self, connection: Connection, keys: DatapointKeys, run_id: str) -> _RunLogs:
        rows = fetch(connection, _LOGS.params(run_id=run_id), ("i8", "O", "i1"))
        with self._lock:
            datapoints = keys.column(rows["f1"].tolist())
        return _RunLogs(numbers=rows["f0"].copy(), datapoints=datapoints, failed=rows["f2"] != 0)


def _read_measures(connection: Connection, run_id: str, numbers: "NDArray[Any]") -> dict[Any, "NDArray[Any]"]:
    """The measures of a run's logs, as in `RunColumns`."""
    import numpy as np

    rows = fetch(connection, _MEASURES.params(run_id=run_id), ("O", "O", "O", "i8"))
    read = {"latency": rows["f0"], "tokens": rows["f1"], "cost": rows["f2"], LENGTH: rows["f3"]}
    measures: dict[Any, NDArray[Any]] = {measure: column.astype(float) for measure, column in read.items()}
    if (rows["f3"] == 0).any():
        without = connection.execute(_WITHOUT_LENGTH.where(not_(has_length(connection))), {"run_id": run_id})
        measures[LENGTH][np.isin(numbers, without.scalars().all())] = np.nan
    if halves := _output_costs(connection, run_id):
        half = np.isin(numbers, halves)
        measures[OUTPUT_COST] = np.where(half, measures["cost"], np.nan)
        measures["cost"] = np.where(half, np.nan, measures["cost"])
    return measures


_LOGS = (
    select(run_logs.c.log_number, run_logs.c.datapoint_id, run_logs.c.failed)
    .where(run_logs.c.run_id == bindparam("run_id"))
    .order_by(run_logs.c.log_number)
)
_MEASURES = (
    select(run_logs.c.latency, run_logs.c.tokens, run_logs.c.cost, run_logs.c.length)
    .where(run_logs.c.run_id == bindparam("run_id"))
    .order_by(run_logs.c.log_number)
)
_WITHOUT_LENGTH = select(run_logs.c.log_number).where(run_logs.c.run_id == bindparam("run_id"), run_logs.c.length == 0)
_WITHOUT_PROMPT_COST = (
    select(logs.c.number, logs.c.output_cost)
    .join(run_logs, run_logs.c.log_number == logs.c.number)
    .where(run_logs.c.run_id == bindparam("run_id"), run_logs.c.cost.is_not(None), logs.c.prompt_cost.is_(None))
)


def _output_costs(connection: Connection, run_id: str) -> list[int]:
    """The numbers of a run's logs whose cost, or that of the steps below them, is the output's only."""
    found = {row.number: row.output_cost for row in connection.execute(_WITHOUT_PROMPT_COST, {"run_id": run_id})}
    used = read_step_usage(connection, [number for number, cost in found.items() if cost is None])
    return [number for number, cost in found.items() if cost is not None or used.get(number, Usage()).is_output_cost]


def _judgment_column(
    connection: Connection, run_id: str, evaluator: AttachedEvaluator, numbers: "NDArray[Any]"
) -> JudgmentColumn:
    """An evaluator's judgments of the logs with these numbers, one item each."""
    import numpy as np

    counting = (judgments.c.run_id == run_id, *judgments_of(evaluator.attachment))
    version_ids = sorted(
        connection.execute(select(judgments.c.evaluator_version_id).where(*counting).distinct()).scalars()
    )
    kind = evaluator.row.return_type
    value = judgments.c.number if kind in ("boolean", "number") else judgments.c.label
    statement = select(judgments.c.log_number, judgments.c.state, value).where(*counting)
    rows = fetch(connection, statement, ("i8", "i1", "O"))
    if evaluator.attachment.is_shared:
        rows = _one_per_log(rows, kind)
    indexes = np.searchsorted(numbers, rows["f0"])
    states = np.full(len(numbers), MISSING, dtype=np.int8)
    states[indexes] = rows["f1"]
    if others := _of_other_type(connection, version_ids, kind):
        of_others = select(judgments.c.log_number).where(*counting, judgments.c.evaluator_version_id.in_(others))
        at = np.searchsorted(numbers, list(connection.execute(of_others).scalars()))
        states[at] = np.where(states[at] == JUDGED, OTHER_TYPE, states[at])
    judged = states[indexes] == JUDGED
    values = rows["f2"][judged]
    found = np.full(len(numbers), np.nan)
    labels = np.full(len(numbers), -1, dtype=np.int32)
    options: dict[Profile, int] = {}
    if kind in ("boolean", "number"):
        found[indexes[judged]] = values.astype(float)
    elif kind in ("select", "multi_select"):
        labels[indexes[judged]] = _label_indexes(values.tolist(), kind, options)
    return JudgmentColumn(
        states=states,
        numbers=found,
        labels=labels,
        options=tuple(options),
        version_ids=tuple(sorted(set(merged_versions(connection, version_ids, evaluator.version_id).values()))),
        passes=None if kind == "boolean" else _passes(connection, counting, numbers),
    )


def _passes(
    connection: Connection, counting: Iterable[ColumnElement[bool]], numbers: "NDArray[Any]"
) -> "NDArray[Any] | None":
    """The verdicts beside an evaluator's judgments, as in `JudgmentColumn`."""
    import numpy as np

    told = select(judgments.c.log_number, judgments.c.passed).where(*counting, judgments.c.passed.is_not(None))
    rows = fetch(connection, told, ("i8", "f8"))
    if not len(rows):
        return None
    indexes = np.searchsorted(numbers, rows["f0"])
    amounts = np.bincount(indexes, minlength=len(numbers))
    passed = np.bincount(indexes, weights=rows["f1"], minlength=len(numbers))
    return np.where(amounts > 0, passed / np.maximum(amounts, 1), np.nan)


def _one_per_log(rows: "NDArray[Any]", kind: str) -> "NDArray[Any]":
    """One row for each log: the mean of its authors' numbers, or all their options. One judgment makes it judged."""
    import numpy as np

    of_logs: dict[int, list[tuple[int, int, Any]]] = {}
    for row in rows.tolist():
        of_logs.setdefault(row[0], []).append(row)
    merged: list[tuple[int, int, Any]] = []
    for number, found in of_logs.items():
        values = [value for _, state, value in found if state == JUDGED and value is not None]
        together: Any = tuple(values)
        if kind in ("boolean", "number"):
            together = math.fsum(values) / len(values) if values else None
        merged.append((number, min(state for _, state, _ in found), together))
    return np.array(merged, dtype=rows.dtype)


def _label_indexes(found: Sequence[str | tuple[str, ...]], kind: str, options: dict[Profile, int]) -> list[int]:
    """The indexes of judgments, or of several authors' judgments of a log, in `options`. Adds new options."""
    known: dict[str | tuple[str, ...], int] = {}
    for texts in found:
        if texts not in known:
            each = (texts,) if isinstance(texts, str) else texts
            profile = profile_of([json.loads(text) if kind == "multi_select" else text for text in each])
            known[texts] = options.setdefault(profile, len(options))
    return [known[texts] for texts in found]


def _of_other_type(connection: Connection, version_ids: Sequence[str], kind: str) -> list[str]:
    """The versions of an evaluator with another return type."""
    specs = read_specs(connection, version_ids)
    return [version_id for version_id, spec in specs.items() if spec["return_type"] != kind]


def fetch(connection: Connection, statement: Select[Any], types: Sequence[str]) -> "NDArray[Any]":
    """The rows of a statement as fields f0, f1, …, directly from the driver, which halves the time for many rows."""
    import numpy as np

    cursor = connection.execute(statement).cursor
    assert cursor is not None
    return np.fromiter(cursor.fetchall(), dtype=[(f"f{index}", kind) for index, kind in enumerate(types)])

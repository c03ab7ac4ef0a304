"""Runs as columns for comparing them: read without texts, and kept in memory until the run changes."""

import json
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select

from evals_mcp.models.review import EvaluatorRow
from evals_mcp.statistics.columns import (
    JUDGED,
    MISSING,
    OTHER_TYPE,
    DatapointKeys,
    JudgmentColumn,
    Labels,
    RunColumns,
    labels_of,
)
from evals_mcp.store.database.tables import judgments, run_logs, versions
from evals_mcp.store.evaluations.run_status import Attachment, judgments_of
from evals_mcp.store.questions.cache import Kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEPT_BYTES = 32 * 2**20  # for logs, and as much for judgments
_MOST_KEYS = 500_000


class Judge(NamedTuple):
    """An evaluator version attached to the evaluation."""

    attachment: Attachment
    row: EvaluatorRow


class RunLogs(NamedTuple):
    """The logs of a run from the oldest on: their numbers, and columns as in `RunColumns`."""

    numbers: "NDArray[Any]"
    datapoints: "NDArray[Any]"
    failed: "NDArray[Any]"
    measures: dict[Any, "NDArray[Any]"]


class RunsAsColumns(NamedTuple):
    """Runs by their ids: the columns, and the numbers of their logs; `keys` knows the datapoints."""

    columns: dict[str, RunColumns]
    numbers: dict[str, "NDArray[Any]"]
    keys: DatapointKeys


class _Memory:
    """What is kept; all of it speaks of datapoints by the same keys."""

    def __init__(self) -> None:
        self.keys = DatapointKeys()
        self.lock = Lock()
        self.logs: Kept[str, RunLogs] = Kept(_KEPT_BYTES)
        self.judgments: Kept[tuple[str, str, bool], JudgmentColumn] = Kept(_KEPT_BYTES)


class ReviewColumns:
    """Reads runs as columns, those that changed since they were last read."""

    def __init__(self) -> None:
        self._memory = _Memory()

    def read(self, connection: Connection, runs: Iterable[Row[Any]], judges: Sequence[Judge]) -> RunsAsColumns:
        """Runs (rows as from `read_runs`) with what these evaluators said of their logs."""
        memory = self._memory
        if len(memory.keys) > _MOST_KEYS:
            memory = self._memory = _Memory()
        columns: dict[str, RunColumns] = {}
        numbers: dict[str, NDArray[Any]] = {}
        for run in runs:
            logs = _logs(connection, memory, run)
            numbers[run.id] = logs.numbers
            columns[run.id] = RunColumns(
                datapoints=logs.datapoints,
                failed=logs.failed,
                measures=logs.measures,
                judgments={
                    judge.row.version_id: _judgments(connection, memory, run, judge, logs.numbers) for judge in judges
                },
            )
        return RunsAsColumns(columns, numbers, memory.keys)


def _logs(connection: Connection, memory: _Memory, run: Row[Any]) -> RunLogs:
    logs = memory.logs.get(run.id, run.revision)
    if logs is None:
        logs = _read_logs(connection, memory, run.id)
        columns = (logs.numbers, logs.datapoints, logs.failed, *logs.measures.values())
        memory.logs.put(run.id, run.revision, logs, sum(column.nbytes for column in columns))
    return logs


def _judgments(
    connection: Connection, memory: _Memory, run: Row[Any], judge: Judge, numbers: "NDArray[Any]"
) -> JudgmentColumn:
    key = (run.id, judge.row.version_id, judge.attachment.sole)
    column = memory.judgments.get(key, run.revision)
    if column is None:
        column = _read_judgments(connection, run.id, judge, numbers)
        weight = column.states.nbytes + column.numbers.nbytes + column.labels.nbytes + 300 * len(column.options)
        memory.judgments.put(key, run.revision, column, weight)
    return column


_LOGS = (
    select(
        run_logs.c.log_number,
        run_logs.c.datapoint_id,
        run_logs.c.failed,
        run_logs.c.latency,
        run_logs.c.tokens,
        run_logs.c.cost,
    )
    .where(run_logs.c.run_id == bindparam("run_id"))
    .order_by(run_logs.c.log_number)
)


def _read_logs(connection: Connection, memory: _Memory, run_id: str) -> RunLogs:
    rows = _fetch(connection, _LOGS.params(run_id=run_id), ("i8", "O", "i1", "O", "O", "O"))
    with memory.lock:
        datapoints = memory.keys.column(rows["f1"].tolist())
    measures = {"latency": rows["f3"], "tokens": rows["f4"], "cost": rows["f5"]}
    return RunLogs(
        numbers=rows["f0"].copy(),
        datapoints=datapoints,
        failed=rows["f2"] != 0,
        measures={measure: column.astype(float) for measure, column in measures.items()},
    )


def _read_judgments(connection: Connection, run_id: str, judge: Judge, numbers: "NDArray[Any]") -> JudgmentColumn:
    """What an evaluator said of logs with these numbers, one item each."""
    import numpy as np

    counting = (judgments.c.run_id == run_id, *judgments_of(judge.attachment))
    version_ids = sorted(
        connection.execute(select(judgments.c.evaluator_version_id).where(*counting).distinct()).scalars()
    )
    kind = judge.row.return_type
    value = judgments.c.number if kind in ("boolean", "number") else judgments.c.label
    statement = select(judgments.c.log_number, judgments.c.state, value).where(*counting)
    rows = _fetch(connection, statement, ("i8", "i1", "O"))
    places = np.searchsorted(numbers, rows["f0"])
    states = np.full(len(numbers), MISSING, dtype=np.int8)
    states[places] = rows["f1"]
    if others := _of_other_type(connection, version_ids, kind):
        of_others = select(judgments.c.log_number).where(*counting, judgments.c.evaluator_version_id.in_(others))
        at = np.searchsorted(numbers, list(connection.execute(of_others).scalars()))
        states[at] = np.where(states[at] == JUDGED, OTHER_TYPE, states[at])
    judged = states[places] == JUDGED
    values = rows["f2"][judged]
    found = np.full(len(numbers), np.nan)
    labels = np.full(len(numbers), -1, dtype=np.int32)
    options: dict[Labels, int] = {}
    if kind in ("boolean", "number"):
        found[places[judged]] = values.astype(float)
    elif kind in ("select", "multi_select"):
        labels[places[judged]] = _label_places(values.tolist(), kind, options)
    return JudgmentColumn(
        states=states, numbers=found, labels=labels, options=tuple(options), version_ids=tuple(version_ids)
    )


def _label_places(texts: Sequence[str], kind: str, options: dict[Labels, int]) -> list[int]:
    """The places of judgments in `options`, which grows."""
    known: dict[str, int] = {}
    for text in texts:
        if text not in known:
            labels = labels_of(json.loads(text) if kind == "multi_select" else text)
            known[text] = options.setdefault(labels, len(options))
    return [known[text] for text in texts]


def _of_other_type(connection: Connection, version_ids: Sequence[str], kind: str) -> list[str]:
    """Those of an evaluator's versions that return another type."""
    rows = connection.execute(select(versions.c.id, versions.c.content).where(versions.c.id.in_(version_ids)))
    return [row.id for row in rows if row.content["spec"]["return_type"] != kind]


def _fetch(connection: Connection, statement: Select[Any], types: Sequence[str]) -> "NDArray[Any]":
    """The rows of a statement as fields f0, f1, …: straight from the driver, which halves what many rows cost."""
    import numpy as np

    cursor = connection.execute(statement).cursor
    assert cursor is not None
    return np.fromiter(cursor.fetchall(), dtype=[(f"f{place}", kind) for place, kind in enumerate(types)])

"""A filter as SQL: conditions on the logs of runs (`run_logs`) and on datapoints. Reads nothing.

Each field of the filter has a function for its table, listed in `ON_LOGS` or `ON_DATAPOINTS`. Runs are an exception:
each statement names its runs itself, so that an index starts with them.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, select

from evals_mcp.models.conditions import FieldCondition, JudgmentCondition, Side, is_on_datapoint
from evals_mcp.models.questions import Filter
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import datapoints, run_logs
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.questions.condition_sql import Reading, on_datapoints, on_logs
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.judgment_sql import has_judgment, judging
from evals_mcp.store.questions.text_matches import log_holds

Condition = ColumnElement[bool]


def searched_version(database: Database, filter: Filter) -> Hashable:
    """What a search in texts is valid for: the version of the data, or nothing else where it cannot be told.

    A run's revision does not tell: a new step of a trace may leave it as it is. None if the filter searches no texts.
    Read it before the transaction, so that it is never newer than the data.
    """
    if not filter.reads_texts:
        return None
    version = database.data_version()
    return object() if version is None else version


class FilterConditions:
    """The conditions of one filter. `evaluators` may give its judgment. Raises NotFound and Invalid.

    `version` is that of the texts that it searches, from `searched_version`.
    """

    def __init__(self, connection: Connection, filter: Filter, evaluation: EvaluationState, version: Hashable) -> None:
        self.connection = connection
        self.filter = filter
        self.version = version
        self.evaluators = judging(filter.judgment or JudgmentCondition(), evaluation)
        runs = evaluation.find_runs(filter.run_ids)
        self.dataset_versions = list(dict.fromkeys(run.dataset_version_id for run in runs if run.dataset_version_id))
        self.reading = Reading(connection, evaluation, self.dataset_versions, filter.judgment is not None)
        self._names = [name for name in filter.names() if name in ON_LOGS]
        self._found: dict[str, Condition] = {}

    def on_logs(self, without: Iterable[str] = ()) -> list[Condition]:
        """The conditions on a log of `run_logs`, except those of some fields."""
        return [self._on_logs(name) for name in self._names if name not in without]

    def _on_logs(self, name: str) -> Condition:
        if name not in self._found:  # a search in all texts takes long to write
            self._found[name] = ON_LOGS[name](self)
        return self._found[name]

    def on_datapoints(self) -> list[Condition]:
        """The conditions on a datapoint of `datapoints`. Conditions on its logs need the parameter `run_ids`."""
        found = [ON_DATAPOINTS[name](self) for name in self._names if name in ON_DATAPOINTS]
        found += on_datapoints(self.filter.conditions, self.reading)
        if self.reads_logs:
            in_runs = run_logs.c.run_id.in_(bindparam("run_ids", expanding=True))
            found.append(_among_datapoints(in_runs, *self.on_logs(("text",))))
        return found

    def revisions(self, runs: Iterable[Row[Any]]) -> Hashable:
        """What the logs of these runs that meet the filter depend on."""
        evaluation = self.reading.evaluation
        return self.version, evaluation.revisions([*runs, *evaluation.find_runs(self.filter.tested_run_ids)])

    @property
    def names(self) -> list[str]:
        """The fields with conditions."""
        return self._names

    @property
    def reads_logs(self) -> bool:
        """Whether the filter has conditions on a datapoint's logs."""
        if any(not is_on_datapoint(item) and item.side is None for item in self.filter.conditions):
            return True
        return any(name not in (*ON_DATAPOINTS, "conditions") for name in self._names)

    def on_side(self, side: Side, run_id: str) -> list[Condition]:
        """The conditions of a comparison on the logs of one of its runs, on a datapoint of `datapoints`."""
        tests = on_logs([item for item in self.filter.conditions if item.side == side], self.reading)
        if not tests:
            return []
        return [_among_datapoints(run_logs.c.run_id == run_id, *tests)]

    @property
    def depends_on_runs(self) -> bool:
        """Whether the datapoints that meet the filter change with logs and judgments."""
        return self.reads_logs or any(
            not isinstance(item, FieldCondition) or item.side is not None for item in self.filter.conditions
        )

    @property
    def wants_missing(self) -> bool:
        """Whether the filter selects logs with a missing judgment."""
        return self.filter.judgment is not None and self.filter.judgment.state == "missing"


def _among_datapoints(*tests: Condition) -> Condition:
    """A datapoint of `datapoints` has such a log. It is one pass over the logs, instead of one for each datapoint."""
    return datapoints.c.id.in_(select(run_logs.c.datapoint_id).where(run_logs.c.datapoint_id.is_not(None), *tests))


def _of_datapoint(asked: FilterConditions) -> Condition:
    return run_logs.c.datapoint_id == asked.filter.datapoint_id


def _judged(asked: FilterConditions) -> Condition:
    assert asked.filter.judgment is not None
    return has_judgment(asked.filter.judgment, asked.evaluators)


def _failed(asked: FilterConditions) -> Condition:
    return run_logs.c.failed.is_(True)


def _log_holds(asked: FilterConditions) -> Condition:
    return log_holds(asked.connection, asked.filter.text or "", asked.dataset_versions)


def _meets_all(asked: FilterConditions) -> Condition:
    return and_(*on_logs(asked.filter.conditions, asked.reading))


def _is_datapoint(asked: FilterConditions) -> Condition:
    return datapoints.c.id == asked.filter.datapoint_id


def _datapoint_holds(asked: FilterConditions) -> Condition:
    return contains_text(asked.connection, asked.filter.text or "", (), [datapoints.c.content])


ON_LOGS: dict[str, Callable[[FilterConditions], Condition]] = {
    "datapoint_id": _of_datapoint,
    "judgment": _judged,
    "errors_only": _failed,
    "text": _log_holds,
    "conditions": _meets_all,
}
"""The condition of each field on a log."""

ON_DATAPOINTS: dict[str, Callable[[FilterConditions], Condition]] = {
    "datapoint_id": _is_datapoint,
    "text": _datapoint_holds,
}
"""The condition of a field on a datapoint. Other fields refer to its logs."""

"""A filter as SQL: conditions on the logs of runs (`run_logs`) and on datapoints. Reads nothing.

Each field of the filter has a function for its table, listed in `ON_LOGS` or `ON_DATAPOINTS`. Runs are an exception:
each statement names its runs itself, so that an index starts with them.
"""

import json
from collections.abc import Callable, Iterable
from operator import ge, gt, le, lt

from sqlalchemy import ColumnElement, Connection, bindparam, exists, false, or_

from evals_mcp.models.judgments import STATES
from evals_mcp.models.questions import Filter, JudgmentCondition
from evals_mcp.store.database.tables import datapoints, judgments, run_logs
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.evaluations.run_status import judgment_exists, judgments_of
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.text_matches import log_holds

Condition = ColumnElement[bool]
_same = judgments.alias("same_judgment")


class FilterConditions:
    """The conditions of one filter. `evaluators` may give its judgment. Raises NotFound and Invalid."""

    def __init__(self, connection: Connection, filter: Filter, evaluation: EvaluationState) -> None:
        self.connection = connection
        self.filter = filter
        self.evaluators = _judging(filter.judgment or JudgmentCondition(), evaluation)
        runs = evaluation.find_runs(filter.run_ids)
        self.dataset_versions = list(dict.fromkeys(run.dataset_version_id for run in runs if run.dataset_version_id))
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
        if self.reads_logs:
            in_runs = run_logs.c.run_id.in_(bindparam("run_ids", expanding=True))
            of_datapoint = run_logs.c.datapoint_id == datapoints.c.id
            found.append(exists().where(in_runs, of_datapoint, *self.on_logs(ON_DATAPOINTS)).correlate(datapoints))
        return found

    @property
    def names(self) -> list[str]:
        """The fields with conditions."""
        return self._names

    @property
    def reads_logs(self) -> bool:
        """Whether the filter has conditions on a datapoint's logs."""
        return any(name not in ON_DATAPOINTS for name in self._names)

    @property
    def wants_missing(self) -> bool:
        """Whether the filter selects logs with a missing judgment."""
        return self.filter.judgment is not None and self.filter.judgment.state == "missing"


def _judging(condition: JudgmentCondition, evaluation: EvaluationState) -> list[AttachedEvaluator]:
    """The evaluators that may give a judgment: not the boolean ones for a number, though both are stored alike."""
    version_id = condition.evaluator_version_id
    found = evaluation.evaluators if version_id is None else evaluation.find_evaluators([version_id])
    types = condition.return_types()
    return [item for item in found if types is None or item.row.return_type in types]


def judgment_conditions(condition: JudgmentCondition, evaluator: AttachedEvaluator) -> list[Condition]:
    """The conditions on a judgment of `judgments` by an evaluator.

    Bounds apply to the score, which is indexed, instead of the number.
    """
    found = [*judgments_of(evaluator.attachment), judgments.c.state == STATES.index(condition.state)]
    if condition.state != "judged":
        # Follows from the state, but lets the index return the logs in order.
        return [*found, judgments.c.score.is_(None)]
    if condition.passed is not None:
        found.append(judgments.c.passed.is_(condition.passed))
    if condition.label is not None:
        listed = json.dumps(condition.label, ensure_ascii=False)
        found.append(or_(judgments.c.label == condition.label, judgments.c.label.contains(listed, autoescape=True)))
    bounds = [(compare, bound) for name, compare in _BOUNDS if (bound := getattr(condition, name)) is not None]
    if condition.boolean is not None:
        bounds += [(ge, float(condition.boolean)), (le, float(condition.boolean))]
    if not bounds:
        return found
    if evaluator.row.neutral:
        # Its judgments have no score.
        return [*found, *(compare(judgments.c.number, bound) for compare, bound in bounds)]
    if evaluator.row.lower_is_better:
        bounds = [(_FLIPPED[compare], -bound) for compare, bound in bounds]
    if len(bounds) == 2 and {compare for compare, _ in bounds} == {ge, le} and bounds[0][1] == bounds[1][1]:
        return [*found, judgments.c.score == bounds[0][1], _has_number()]
    return [*found, judgments.c.number.is_not(None), *(compare(judgments.c.score, bound) for compare, bound in bounds)]


_BOUNDS = (("at_least", ge), ("above", gt), ("at_most", le), ("below", lt))
_FLIPPED = {ge: le, gt: lt, le: ge, lt: gt}


def has_judgment(condition: JudgmentCondition, evaluators: Iterable[AttachedEvaluator]) -> Condition:
    """Whether a log of `run_logs` has such a judgment by one of these evaluators, or lacks one if requested."""
    if condition.state == "missing":
        return or_(false(), *(~judgment_exists(item.attachment) for item in evaluators))
    of_log = (judgments.c.run_id == run_logs.c.run_id, judgments.c.log_number == run_logs.c.log_number)
    return or_(
        false(),
        *(exists().where(*of_log, *judgment_conditions(condition, item)).correlate(run_logs) for item in evaluators),
    )


def _has_number() -> Condition:
    """Whether a judgment is a number, in a form that the index of scores can answer alone."""
    keys = ("run_id", "evaluator_id", "log_number", "evaluator_version_id", "author")
    return exists().where(*(_same.c[key] == judgments.c[key] for key in keys), _same.c.number.is_not(None))


def _of_datapoint(asked: FilterConditions) -> Condition:
    return run_logs.c.datapoint_id == asked.filter.datapoint_id


def _judged(asked: FilterConditions) -> Condition:
    assert asked.filter.judgment is not None
    return has_judgment(asked.filter.judgment, asked.evaluators)


def _failed(asked: FilterConditions) -> Condition:
    return run_logs.c.failed.is_(True)


def _log_holds(asked: FilterConditions) -> Condition:
    return log_holds(asked.connection, asked.filter.text or "", asked.dataset_versions)


def _is_datapoint(asked: FilterConditions) -> Condition:
    return datapoints.c.id == asked.filter.datapoint_id


def _datapoint_holds(asked: FilterConditions) -> Condition:
    return contains_text(asked.connection, asked.filter.text or "", (), [datapoints.c.content])


ON_LOGS: dict[str, Callable[[FilterConditions], Condition]] = {
    "datapoint_id": _of_datapoint,
    "judgment": _judged,
    "errors_only": _failed,
    "text": _log_holds,
}
"""The condition of each field on a log."""

ON_DATAPOINTS: dict[str, Callable[[FilterConditions], Condition]] = {
    "datapoint_id": _is_datapoint,
    "text": _datapoint_holds,
}
"""The condition of a field on a datapoint. Other fields refer to its logs."""

"""Conditions on judgments as SQL: on `judgments`, and on the logs of runs that have or lack them. Executes nothing."""

import json
import math
from collections.abc import Iterable
from operator import ge, gt, le, lt

from sqlalchemy import Case, ColumnElement, case, exists, false, or_

from evals_mcp.models.conditions import JudgmentCondition
from evals_mcp.models.judgments import STATES
from evals_mcp.statistics.agreement import JudgmentReading
from evals_mcp.store.database.tables import judgments, run_logs
from evals_mcp.store.evaluations.run_status import judgments_of, lacks_judgment
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState

Condition = ColumnElement[bool]
_same = judgments.alias("same_judgment")


def judging(condition: JudgmentCondition, evaluation: EvaluationState) -> list[AttachedEvaluator]:
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
        return or_(false(), *(lacks_judgment(item.attachment) for item in evaluators))
    of_log = (judgments.c.run_id == run_logs.c.run_id, judgments.c.log_number == run_logs.c.log_number)
    return or_(
        false(),
        *(exists().where(*of_log, *judgment_conditions(condition, item)).correlate(run_logs) for item in evaluators),
    )


def _has_number() -> Condition:
    """Whether a judgment is a number, in a form that the index of scores can answer alone."""
    keys = ("run_id", "evaluator_id", "log_number", "evaluator_version_id", "author")
    return exists().where(*(_same.c[key] == judgments.c[key] for key in keys), _same.c.number.is_not(None))


def failing_judgment(reading: JudgmentReading) -> Case[int] | None:
    """1 if a judgment fails its log, 0 if not; None if it cannot tell."""
    failing = reading.failing
    if failing is None:
        return None
    number, label = judgments.c.number, judgments.c.label
    if failing.numbers is not None:
        low, high = failing.numbers
        fails = number <= high if high < math.inf else number >= low
    elif failing.boolean is not None:
        fails = number == float(failing.boolean)
    elif reading.return_type == "select":
        fails = label.in_(sorted(failing.options))
    else:
        listed = (json.dumps(option, ensure_ascii=False) for option in sorted(failing.options))
        fails = or_(*(label.contains(part, autoescape=True) for part in listed))
    return case((fails, 1), else_=0)

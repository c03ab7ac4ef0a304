"""Which datapoints and logs pass or fail in runs, as SQL over narrow tables. Executes nothing."""

from typing import Any

from sqlalchemy import Case, Select, Subquery, and_, case, func, literal, or_, select, union_all

from evals_mcp.models.conditions import COMPARED, PassCondition, PassCountCondition, PassRule
from evals_mcp.models.judgments import JUDGED
from evals_mcp.statistics.agreement import JudgmentReading
from evals_mcp.store.database.tables import judgments, run_logs
from evals_mcp.store.evaluations.run_status import judgments_of
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.judgment_sql import failing_judgment, judging, judgment_conditions


def datapoints_by_passes(
    condition: PassCondition | PassCountCondition, evaluation: EvaluationState
) -> Select[tuple[str]]:
    """The ids of the datapoints for which a condition on passing holds."""
    verdicts = _verdicts(condition.rule, condition.run_ids, evaluation)
    by_run = (
        select(verdicts.c.datapoint_id, verdicts.c.run_id, func.max(verdicts.c.fails).label("fails"))
        .where(verdicts.c.datapoint_id.is_not(None))
        .group_by(verdicts.c.datapoint_id, verdicts.c.run_id)
        .subquery()
    )
    if isinstance(condition, PassCondition):
        return select(by_run.c.datapoint_id).where(by_run.c.fails == int(not condition.passes))
    passing = func.sum(1 - by_run.c.fails)
    tests = [COMPARED[condition.operator](passing, int(value)) for value in condition.values]
    combined = and_(*tests) if condition.operator == "!=" else or_(*tests)
    return select(by_run.c.datapoint_id).group_by(by_run.c.datapoint_id).having(combined)


def failing_logs(rule: PassRule, run_ids: list[str], evaluation: EvaluationState) -> Select[tuple[Any, ...]]:
    """Rows of run, log, attached version and evaluator log for each judgment that fails a log; "" and 0 for errors."""
    verdicts = _verdicts(rule, run_ids, evaluation)
    named = ("run_id", "log_number", "version_id", "evaluator_log_number")
    return select(*(verdicts.c[column] for column in named)).where(verdicts.c.fails == 1)


def _verdicts(rule: PassRule, run_ids: list[str], evaluation: EvaluationState) -> Subquery:
    """Rows of run, log, datapoint and whether a judgment, or an error of the log, fails it."""
    parts = [
        select(
            *(run_logs.c[column] for column in _COLUMNS),
            literal("").label("version_id"),
            literal(0).label("evaluator_log_number"),
            literal(1).label("fails"),
        ).where(run_logs.c.run_id.in_(run_ids), run_logs.c.failed.is_(True))
    ]
    if rule.stated is not None:
        for item in judging(rule.stated, evaluation):
            meets = and_(*judgment_conditions(rule.stated, item))
            parts.append(_judged(item, run_ids, case((meets, 0), else_=1)))
    for scale in rule.scales:
        item = evaluation.find_evaluators([scale.evaluator_version_id])[0]
        verdict = failing_judgment(JudgmentReading(scale, item.row))
        if verdict is not None:
            parts.append(_judged(item, run_ids, verdict))
    return union_all(*parts).subquery()


def _judged(item: AttachedEvaluator, run_ids: list[str], fails: Case[int]) -> Select[Any]:
    return select(
        *(judgments.c[column] for column in _COLUMNS),
        literal(item.version_id).label("version_id"),
        judgments.c.evaluator_log_number,
        fails.label("fails"),
    ).where(judgments.c.run_id.in_(run_ids), judgments.c.state == JUDGED, *judgments_of(item.attachment))


_COLUMNS = ("run_id", "log_number", "datapoint_id")

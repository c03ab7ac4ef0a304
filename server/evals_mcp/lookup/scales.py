"""How to read the judgments of evaluators in a question: the range of numbers, and what can fail a log. Pure."""

from evals_mcp.models.conditions import EvaluatorScale
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.agreement import JudgmentReading


def scale_of(evaluation: ResolvedEvaluation, row: EvaluatorRow, *, named: bool) -> EvaluatorScale:
    """The scale of an evaluator. Numbers can fail if it declares limits; if `named`, the observed range is enough."""
    index = evaluation.index_of(row.version_id)
    stats = [run.stats[index] for run in evaluation.runs]
    declared = row.low is not None and row.high is not None
    lows = [item.low for item in stats if item.low is not None]
    highs = [item.high for item in stats if item.high is not None]
    return EvaluatorScale(
        evaluator_version_id=row.version_id,
        low=row.low if declared else min(lows, default=None),
        high=row.high if declared else max(highs, default=None),
        can_fail=named or declared or row.return_type != "number",
    )


def failing_scales(evaluation: ResolvedEvaluation) -> list[EvaluatorScale]:
    """The scales of the evaluators that can fail a log."""
    scales = [(scale_of(evaluation, row, named=False), row) for row in evaluation.evaluators]
    return [scale for scale, row in scales if JudgmentReading(scale, row).failing is not None]

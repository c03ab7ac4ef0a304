"""The evaluators that choose datapoints, and the rule in words."""

from collections.abc import Sequence

from evals_mcp.answers.frame.quoting import name
from evals_mcp.answers.headlines import constant_value
from evals_mcp.models.questions import DatapointShow, EvaluatorScale
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorFigures, EvaluatorRow, RunRow

_RULES: dict[DatapointShow, str] = {
    "disagreement": "Disagreement: true and false, different options, or numbers at least half the range apart, "
    "between runs or repeated logs of a run.",
    "all_fail": "A log fails if it has an error, or is judged false, a negative option or in the worst quarter of the "
    "range.",
}


def read_judges(
    evaluation: ResolvedEvaluation, runs: Sequence[RunRow], show: DatapointShow, judge: EvaluatorRow | None
) -> tuple[list[EvaluatorScale], list[str]]:
    """The given evaluator, or all informative ones, for `show` in these runs; and notes on the rule."""
    if show == "all":
        return [], []
    asked = [judge] if judge is not None else evaluation.evaluators
    if show not in _RULES:
        return [_judge(evaluation, row, named=True) for row in asked], _silent(evaluation, runs, show, asked)
    if judge is not None:
        return [_judge(evaluation, judge, named=True)], [_RULES[show]]
    notes = [_RULES[show]]
    constant = [row for row in asked if constant_value(_stats(evaluation, runs, row)) is not None]
    if constant:
        listed = ", ".join(name(evaluation.evaluator_labels[row.version_id]) for row in constant)
        notes.append(f"Excluded as constant: {listed}. Use evaluator= to include one.")
    # Judgments in one run say nothing about several runs.
    needed = min(2, len(runs))
    telling = [
        row
        for row in asked
        if row not in constant and sum(item.num_judgments > 0 for item in _stats(evaluation, runs, row)) >= needed
    ]
    return [_judge(evaluation, row, named=False) for row in telling], notes


def show_words(show: DatapointShow, label: str | None) -> str:
    """The filter in words, for one evaluator or any, to follow `N datapoints`."""
    called = None if label is None else name(label)
    match show:
        case "disagreement":
            return f" on which runs disagree by {called}" if called else " on which runs or evaluators disagree"
        case "all_fail":
            return f" that every run fails by {called or 'some evaluator'}"
        case "failed" | "abstained":
            return f" on which {called or 'an evaluator'} {show}"
        case "missing":
            return f" with a missing log or judgment{f' of {called}' if called else ''}"
    return ""


def _judge(evaluation: ResolvedEvaluation, row: EvaluatorRow, *, named: bool) -> EvaluatorScale:
    """Numbers can fail if the evaluator declares limits. For a named evaluator, the observed range is enough."""
    stats = _stats(evaluation, evaluation.runs, row)
    declared = row.low is not None and row.high is not None
    lows = [item.low for item in stats if item.low is not None]
    highs = [item.high for item in stats if item.high is not None]
    return EvaluatorScale(
        evaluator_version_id=row.version_id,
        low=row.low if declared else min(lows, default=None),
        high=row.high if declared else max(highs, default=None),
        can_fail=named or declared or row.return_type != "number",
    )


def _stats(evaluation: ResolvedEvaluation, runs: Sequence[RunRow], row: EvaluatorRow) -> list[EvaluatorFigures]:
    index = evaluation.index_of(row.version_id)
    return [run.stats[index] for run in runs]


def _silent(
    evaluation: ResolvedEvaluation, runs: Sequence[RunRow], show: DatapointShow, asked: Sequence[EvaluatorRow]
) -> list[str]:
    """A note if evaluators judged nothing in a run, so that everything there is missing."""
    if show != "missing":
        return []
    silent = [row for row in asked if not all(item.total_logs for item in _stats(evaluation, runs, row))]
    if not silent:
        return []
    listed = ", ".join(name(evaluation.evaluator_labels[row.version_id]) for row in silent)
    return [f"No judgments in some run: {listed}. Narrow with evaluator= or runs=."]

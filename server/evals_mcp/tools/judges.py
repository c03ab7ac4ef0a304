"""By which evaluators datapoints are chosen, and in words what that means."""

from collections.abc import Sequence

from evals_mcp.answers.frame.quoting import name
from evals_mcp.answers.headlines import constant_value
from evals_mcp.models.questions import DatapointShow, EvaluatorScale
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorFigures, EvaluatorRow, RunRow

_RULES: dict[DatapointShow, str] = {
    "disagreement": "Disagree: true and false, different options, or numbers half of the evaluator's range apart, "
    "between runs or between repeated logs of one run.",
    "all_fail": "A log fails by false, a negative option, a number in the worst quarter of its range, or an error.",
}


def read_judges(
    evaluation: ResolvedEvaluation, runs: Sequence[RunRow], show: DatapointShow, judge: EvaluatorRow | None
) -> tuple[list[EvaluatorScale], list[str]]:
    """The evaluator given, or all that can tell, for what `show` means in these runs; and notes on how it is read."""
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
        notes.append(f"Left out, since they say the same of every log: {listed}; evaluator= names one all the same.")
    # What was judged in one run only says nothing about several.
    needed = min(2, len(runs))
    telling = [
        row
        for row in asked
        if row not in constant and sum(item.num_judgments > 0 for item in _stats(evaluation, runs, row)) >= needed
    ]
    return [_judge(evaluation, row, named=False) for row in telling], notes


def show_words(show: DatapointShow, label: str | None) -> str:
    """What was asked for, of one evaluator or of any, to go behind `N datapoints`."""
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
    """Numbers fail within declared limits; an evaluator that is named is taken at what it was seen to give, too."""
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
    """A note if evaluators judged nothing at all in a run: then everything there is missing."""
    if show != "missing":
        return []
    silent = [row for row in asked if not all(item.total_logs for item in _stats(evaluation, runs, row))]
    if not silent:
        return []
    listed = ", ".join(name(evaluation.evaluator_labels[row.version_id]) for row in silent)
    return [f"Judged no log at all of some run: {listed}. evaluator= and runs= narrow it down."]

"""By which evaluators datapoints are chosen, and in words what that means."""

from evals_mcp.models.review import DatapointShow, EvaluatorFigures, EvaluatorRow, Judge
from evals_mcp.review.review import Subject
from evals_mcp.summaries.headlines import constant_value
from evals_mcp.summaries.quoting import name

_KINDS_OF_MISSING = ("failed", "abstained", "missing")
_DISAGREE = "Disagree: true and false, different options, or numbers half of the evaluator's range apart."
_FAIL = "A log fails by false, a negative option, a number in the lowest quarter of its range, or an error."


def read_judges(subject: Subject, show: DatapointShow, evaluator: str) -> tuple[list[Judge], list[str]]:
    """The evaluator named, or all that can tell, for what `show` means; and notes on what was left out.

    Raises NotFound and Invalid for an evaluator that is not there.
    """
    if show == "all":
        return [], []
    if evaluator:
        row = subject.find_evaluator(evaluator)
        return [_judge(subject, row, named=True)], _rules(show)
    if show in _KINDS_OF_MISSING:
        return [_judge(subject, row, named=False) for row in subject.evaluators], _silent(subject, show)
    constant = [row for row in subject.evaluators if constant_value(_stats(subject, row)) is not None]
    telling = [row for row in subject.evaluators if row not in constant]
    notes = _rules(show)
    if constant:
        listed = ", ".join(name(subject.evaluator_labels[row.version_id]) for row in constant)
        notes.append(f"Left out, since they say the same of every log: {listed}; evaluator= names one all the same.")
    return [_judge(subject, row, named=False) for row in telling], notes


def show_words(subject: Subject, show: DatapointShow, judges: list[Judge], evaluator: str) -> str:
    """What was asked for, to go behind `N datapoints`."""
    label = name(subject.evaluator_labels[judges[0].evaluator_version_id]) if evaluator and judges else ""
    match show:
        case "disagreement":
            return f" on which runs disagree by {label}" if label else " on which runs or evaluators disagree"
        case "all_fail":
            return f" that every run fails by {label or 'some evaluator'}"
        case "failed" | "abstained":
            return f" on which {label or 'an evaluator'} {show}"
        case "missing":
            return f" with a log or judgment missing{f' of {label}' if label else ''}"
    return ""


def _judge(subject: Subject, row: EvaluatorRow, *, named: bool) -> Judge:
    """Numbers fail within declared limits; an evaluator that is named is taken at what it was seen to give, too."""
    stats = _stats(subject, row)
    declared = row.low is not None and row.high is not None
    lows = [item.low for item in stats if item.low is not None]
    highs = [item.high for item in stats if item.high is not None]
    return Judge(
        evaluator_version_id=row.version_id,
        low=row.low if declared else min(lows, default=None),
        high=row.high if declared else max(highs, default=None),
        can_fail=named or declared or row.return_type != "number",
    )


def _stats(subject: Subject, row: EvaluatorRow) -> list[EvaluatorFigures]:
    place = subject.evaluators.index(row)
    return [run.stats[place] for run in subject.runs]


def _rules(show: DatapointShow) -> list[str]:
    return {"disagreement": [_DISAGREE], "all_fail": [_FAIL]}.get(show, [])


def _silent(subject: Subject, show: DatapointShow) -> list[str]:
    """A note if evaluators judged nothing at all in a run: then everything there is missing."""
    silent = [row for row in subject.evaluators if any(not item.total_logs for item in _stats(subject, row))]
    if show != "missing" or not silent:
        return []
    listed = ", ".join(name(subject.evaluator_labels[row.version_id]) for row in silent)
    return [f"Judged no log of some run: {listed}; evaluator= looks for one evaluator's gaps only."]

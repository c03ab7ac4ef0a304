"""The evaluators that choose datapoints, and the rule in words."""

from collections.abc import Sequence

from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.headlines import constant_value
from evals_mcp.lookup.scales import failing_scales, scale_of
from evals_mcp.models.conditions import EvaluatorScale, PassRule
from evals_mcp.models.figures import EvaluatorFigures
from evals_mcp.models.questions import DatapointShow
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow, RunRow
from evals_mcp.statistics.agreement import JudgmentReading

_LISTED = 6
_FAILS: Quoted = (
    "A log fails if it has an error, or is judged false, a negative option or in the worst quarter of the range."
)
_RULES: dict[DatapointShow, Quoted] = {
    "disagreement": "Disagreement: true and false, different options, or numbers at least half the range apart, "
    "between runs, repeated logs of a run or authors; or evaluators or authors that pass and fail one log, or "
    "evaluators that choose differently from the same options.",
    "all_fail": f"{_FAILS} Counted: datapoints whose judged logs all fail by the same evaluator, and those with only "
    "errors.",
}

_NO_RANGE = "its numbers have no range. Set number_limits in the evaluator"
_OBSERVED = ", or use evaluator= for the observed range"


def read_judges(
    evaluation: ResolvedEvaluation, runs: Sequence[RunRow], show: DatapointShow, judge: EvaluatorRow | None
) -> tuple[list[EvaluatorScale], list[Quoted]]:
    """The given evaluator, or all informative ones, for `show` in these runs; and notes on the rule.

    For disagreement, those that can contradict the given one follow it.
    """
    if show == "all":
        return [], []
    asked = [judge] if judge is not None else evaluation.evaluators
    if show not in _RULES:
        return [scale_of(evaluation, row, named=True) for row in asked], _silent(evaluation, runs, show, asked)
    notes = [_RULES[show]]
    telling = asked if judge is not None else _telling(evaluation, runs, show, notes)
    scales = [scale_of(evaluation, row, named=judge is not None) for row in telling]
    if without := _without_order(evaluation, show, telling, scales, named=judge is not None):
        notes.append(without)
    if judge is not None and show == "disagreement":
        mine = JudgmentReading(scales[0], judge)
        others = [row for row in _telling(evaluation, runs, show, []) if row is not judge]
        found = [(scale_of(evaluation, row, named=False), row) for row in others]
        scales += [scale for scale, row in found if mine.can_contradict(JudgmentReading(scale, row))]
    return scales, notes


def _telling(
    evaluation: ResolvedEvaluation, runs: Sequence[RunRow], show: DatapointShow, notes: list[Quoted]
) -> list[EvaluatorRow]:
    """The evaluators that can tell something about these runs. Adds to `notes` which are left out."""
    evaluators = evaluation.evaluators
    judged = {
        row.version_id: sum(item.num_judgments > 0 for item in _stats(evaluation, runs, row)) for row in evaluators
    }
    people = any(row.evaluator_type == "human" and judged[row.version_id] for row in evaluators)
    constant = [row for row in evaluators if constant_value(_stats(evaluation, runs, row)) is not None]
    if show == "disagreement" and people:
        # A judge that always says the same can still contradict a person.
        constant = []
    if constant:
        notes.append(f"Excluded as constant: {_listed(evaluation, constant)}. Use evaluator= to include one.")
    # Failures in one run say nothing about every run; evaluators can disagree within one.
    needed = min(2, len(runs)) if show == "all_fail" else 1
    few = [row for row in evaluators if 0 < judged[row.version_id] < needed]
    if few:
        notes.append(f"Judged only one of these runs: {_listed(evaluation, few)}. Use evaluator= to include one.")
    return [row for row in evaluators if row not in constant and judged[row.version_id] >= needed]


def read_failing(evaluation: ResolvedEvaluation) -> tuple[PassRule, list[Quoted]]:
    """When a log fails, by all evaluators that can fail one; and the rule in words, with those that cannot."""
    scales = [scale_of(evaluation, row, named=False) for row in evaluation.evaluators]
    notes = [_FAILS]
    if without := _without_order(evaluation, "all_fail", evaluation.evaluators, scales, named=False):
        notes.append(without.replace(_OBSERVED, ""))
    return PassRule(scales=failing_scales(evaluation)), notes


def _without_order(
    evaluation: ResolvedEvaluation,
    show: DatapointShow,
    rows: Sequence[EvaluatorRow],
    scales: Sequence[EvaluatorScale],
    *,
    named: bool,
) -> Quoted:
    """A note on evaluators that cannot tell for `show`, and what would let them. One that is `named` is alone."""
    reasons: dict[Quoted, list[EvaluatorRow]] = {}
    for row, scale in zip(rows, scales, strict=True):
        reading = JudgmentReading(scale, row)
        if show == "all_fail" and reading.failing is None:
            why = why_no_worst(row)
            reasons.setdefault(why if named or why != _NO_RANGE else why + _OBSERVED, []).append(row)
        elif show == "disagreement" and not reading.can_disagree:
            why = "texts are not compared" if row.return_type == "text" else _NO_RANGE
            reasons.setdefault(why, []).append(row)
    what = "failures" if show == "all_fail" else "disagreement"
    return " ".join(f"Cannot tell {what} by {_listed(evaluation, found)}: {why}." for why, found in reasons.items())


def why_no_worst(row: EvaluatorRow) -> Quoted:
    """Why no judgment of an evaluator is known to be bad, and what would make one."""
    if row.return_type in ("select", "multi_select"):
        return "its options have no order. Set options[].valence in the evaluator, or filter with where="
    if row.return_type == "text":
        return "texts have no order"
    if row.neutral:
        return "neither higher nor lower is better (number_valence in the evaluator is neutral)"
    if not row.is_directed:
        return "not set whether higher is better. Set number_valence in the evaluator, or filter with where="
    return _NO_RANGE


def known_untold(
    show: DatapointShow, evaluation: ResolvedEvaluation, scales: Sequence[EvaluatorScale]
) -> Quoted | None:
    """What finding nothing shows if no evaluator of a question can fail a log or disagree; None if some can."""
    rows = {row.version_id: row for row in evaluation.evaluators}
    readings = [JudgmentReading(scale, rows[scale.evaluator_version_id]) for scale in scales]
    if show == "disagreement":
        return None if any(reading.can_disagree for reading in readings) else ""
    if show != "all_fail" or any(reading.failing for reading in readings):
        return None
    return " No datapoint has an error in all logs."


def _listed(evaluation: ResolvedEvaluation, rows: Sequence[EvaluatorRow]) -> Quoted:
    return ", ".join(name(evaluation.evaluator_labels[row.version_id]) for row in rows)


def show_words(show: DatapointShow, labels: Sequence[str], *, runs: int) -> Quoted:
    """The filter in words, to follow `N datapoints`: for any evaluator, or one and those that can contradict it."""
    shown = [name(label) for label in labels]
    called, others = (shown[0] if shown else None), shown[1:]
    match show:
        case "disagreement" if called:
            between: Quoted = "runs" if runs > 1 else "repeated logs"
            if not others:
                return f" on which {between} disagree by {called}"
            return f" on which {called} disagrees between {between} or with {listed(others, _LISTED)}"
        case "disagreement":
            return " on which runs or evaluators disagree"
        case "all_fail":
            return f" that every run fails by {called or 'the same evaluator'}"
        case "failed" | "abstained":
            return f" on which {called or 'an evaluator'} {show}"
        case "missing":
            return f" with a missing log or judgment{f' of {called}' if called else ''}"
    return ""


def _stats(evaluation: ResolvedEvaluation, runs: Sequence[RunRow], row: EvaluatorRow) -> list[EvaluatorFigures]:
    index = evaluation.index_of(row.version_id)
    return [run.stats[index] for run in runs]


def _silent(
    evaluation: ResolvedEvaluation, runs: Sequence[RunRow], show: DatapointShow, asked: Sequence[EvaluatorRow]
) -> list[Quoted]:
    """A note if evaluators judged nothing in a run, so that everything there is missing."""
    if show != "missing":
        return []
    silent = [row for row in asked if not all(item.total_logs for item in _stats(evaluation, runs, row))]
    if not silent:
        return []
    return [f"No judgments in some run: {_listed(evaluation, silent)}. Narrow with evaluator= or runs=."]

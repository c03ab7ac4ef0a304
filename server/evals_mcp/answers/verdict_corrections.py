"""What people's labels and groups of datapoints add to a verdict, in words."""

from evals_mcp.answers import intervals
from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.located_differences import group_word
from evals_mcp.models.comparisons import CorrectedDifference
from evals_mcp.statistics.verdicts import CandidateVerdict, Criterion, Finding


def lost_groups(compared: Compared, verdict: CandidateVerdict) -> Quoted:
    """`worse by correct in category=law: -14 points (n=92, p=0.003)`."""
    by = compared.evaluator(verdict.groups[0].evaluator_version_id)
    return f"worse by {by} in {figures.listed([group_word(compared, item) for item in verdict.groups], 1)}"


def corrected_figure(item: Criterion) -> Quoted:
    """`, corrected -12.4 points`; "" where labels do not correct the difference."""
    if item.corrected is None or item.corrected.difference is None:
        return ""
    return f", corrected {figures.rate_change(0.0, item.corrected.difference)}"


def unknown_errors(compared: Compared, verdict: CandidateVerdict) -> list[Quoted]:
    """`labels of human do not tell the errors of judge`, for each criterion that this leaves open."""
    return [
        f"labels of {compared.evaluator(item.corrected.human_version_id)} "
        f"{'deny the loss by' if item.is_disputed else 'do not tell the errors of'} {compared.subject(item.row)}"
        for item in verdict.having(Finding.OPEN)
        if item.corrected is not None and (item.is_disputed or item.gain is None)
    ]


def labels_to_give(compared: Compared, verdict: CandidateVerdict) -> Quoted:
    """What to label, where a judge's errors leave criteria open; "" otherwise."""
    unsure = [item for item in verdict.having(Finding.OPEN) if item.corrected is not None and item.pairs_needed is None]
    if not unsure:
        return ""
    needed = [item.labels_needed for item in unsure if item.labels_needed is not None]
    amount = f"about {figures.about(max(needed))} logs" if len(needed) == len(unsure) else "more logs"
    human = compared.evaluator(next(item.corrected.human_version_id for item in unsure if item.corrected))
    return f". Label {amount} of each run by {human}: get_logs(sample=true)"


def corrections(compared: Compared, verdict: CandidateVerdict) -> Quoted:
    """How labels corrected the differences by judges: a sentence for each; "" without."""
    return " ".join([_correction(compared, item.corrected) for item in verdict.criteria if item.corrected is not None])


def _correction(compared: Compared, found: CorrectedDifference) -> Quoted:
    judge, run = compared.evaluator(found.evaluator_version_id), compared.run(found.run_id)
    amount = figures.count(found.baseline_labels + found.candidate_labels, "label")
    sample: Quoted = " (the even sample)" if found.is_even else ""
    labels = f"{amount} of {compared.evaluator(found.human_version_id)}{sample}"
    favour: Quoted = ""
    if found.favour is not None and found.favour_p is not None:
        more = "more" if found.favour > 0 else "less"
        favour = (
            f" It says true of {run} {figures.rate_change(0.0, abs(found.favour)).removeprefix('+')} {more} often at "
            f"equal labels ({figures.p_value(found.favour_p)})."
        )
    if found.examples:
        favour += f" Left out: {figures.count(found.examples, 'label')} of examples in its prompt."
    if found.difference is None or found.low is None or found.high is None:
        return f"{judge}: {labels} do not tell its errors.{favour}"
    figure = intervals.points(found.difference, found.low, found.high)
    how: Quoted = "" if found.method == "labels" else ", if it errs alike on both runs"
    return f"{judge}: against {labels} the difference is {figure}{how}.{favour}"

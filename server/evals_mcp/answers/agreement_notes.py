"""Notes on agreement: what the figures do not tell."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.rater_names import RaterNames
from evals_mcp.models.agreement import AgreementRows, EvenLabels
from evals_mcp.statistics.judge_errors import UNEVEN

_LISTED = 6
_KAPPA: Quoted = "kappa: agreement beyond chance: 1 if always equal, 0 as by chance, below 0 if less than by chance."
_NO_PEOPLE: Quoted = "No evaluator of type human judged these logs, so nothing here tells how right a judge is."


def agreement_notes(rows: AgreementRows, names: RaterNames) -> list[Quoted]:
    """Raters that say nothing, pairs without a common log, labels that are no even sample, repeats."""
    notes = [_even(rows, item, names) for item in rows.even]
    if any(pair.kappa for pair in rows.pairs):
        notes.append(_KAPPA)
    if rows.pairs and not any(map(names.is_human, range(len(rows.raters)))):
        notes.append(_NO_PEOPLE)
    if equal := [names.pair(pair) for pair in rows.pairs if pair.kappa is None and pair.alpha is None]:
        notes.append(f"No kappa, because all their judgments are equal: {figures.listed(equal, _LISTED)}.")
    constant = sorted({index for pair in rows.pairs if pair.kappa or pair.alpha for index in pair.constant})
    if constant:
        who = figures.listed([names.of(index) for index in constant], _LISTED)
        notes.append(f"Always the same judgment on the common logs, so its kappa is 0 by definition: {who}.")
    if rows.apart:
        apart: list[Quoted] = [f"{names.of(first)} and {names.of(second)}" for first, second in rows.apart]
        notes.append(f"Never judged the same log: {figures.listed(apart, _LISTED)}.")
    notes += [
        f"{names.of(errors.human)} did not label an even sample: {names.of(errors.judge)} judges labelled logs "
        "otherwise than the others. Rates against labels allow for that, its errors do not."
        for errors in rows.judges
        if any(row.uneven_p is not None and row.uneven_p < UNEVEN for row in errors.corrected)
    ]
    notes += [
        f"Left out for {names.of(index)}: {figures.count(rater.examples, 'log')} that its prompt shows as examples."
        for index, rater in enumerate(rows.raters)
        if rater.examples
    ]
    if rows.cluster:
        notes.append(f"Intervals are by {name(rows.cluster)}: logs with the same value count as one cluster.")
    elif any(pair.datapoints < pair.logs for pair in rows.pairs):
        notes.append("Several logs of a datapoint count as one for the intervals.")
    return notes


def _even(rows: AgreementRows, item: EvenLabels, names: RaterNames) -> Quoted:
    """`Labels of human: 34 of the even sample; 20 others, of chosen logs, are left out.`"""
    at = next(
        index
        for index, rater in enumerate(rows.raters)
        if rater.author is None and rater.judged_version_id == item.judged_version_id
    )
    others: Quoted = f"; {figures.count(item.left_out)} others are left out" if item.left_out else ""
    amount = figures.count(item.logs)
    return f"Labels of {names.of(at)}: {amount} of the even sample that next_to_review handed out{others}."

"""How far judges agree with labels, and the logs that show where they do not."""

from collections.abc import Sequence

from evals_mcp.answers.labels import JudgeAgreement, JudgedLogs
from evals_mcp.answers.rater_names import RaterNames
from evals_mcp.lookup.filters import read_filter
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.agreement import AgreementRows, RaterPair
from evals_mcp.models.label_specs import stem
from evals_mcp.models.labels import LabelsResponse
from evals_mcp.models.questions import AgreementQuestion, LogQuestion
from evals_mcp.models.resolved import ResolvedEvaluation

_PAIRS = 4
_CELLS = 2
_LOGS = 3
_MOST = 100


async def label_agreement(
    lookup: Lookup, evaluation: ResolvedEvaluation, made: LabelsResponse
) -> tuple[ResolvedEvaluation, list[JudgeAgreement]]:
    """The agreement of each judge with these labels' evaluator, by version: first of those with its name.

    The figures are those of `list_runs`: of an even sample's labels alone, if there is one. The first judge that ever
    differs has logs on which they do, and agree; these may have any label. A server without our routes is not read
    again for this.
    """
    rows = await lookup.rows()
    if rows is not lookup.client.reviews or made.return_type == "text":
        return evaluation, []
    evaluation, found = await rows.find_agreement(evaluation, AgreementQuestion())
    found = found.of_evaluator(made.evaluator.version_id or "")
    names = RaterNames(evaluation, found)
    judges: list[JudgeAgreement] = []
    for pair in _nearest(evaluation, found, made)[:_PAIRS]:
        labels_first = found.raters[pair.first].evaluator_version_id == made.evaluator.version_id
        told = names.is_of_several(pair) or any(item.logs for item in judges)
        cells = [] if told else _cells(pair, labels_first=labels_first)
        logs = [await _logs(lookup, evaluation, names, pair, cell, labels_first=labels_first) for cell in cells]
        judge, labels = (pair.second, pair.first) if labels_first else (pair.first, pair.second)
        called = evaluation.evaluator_labels[found.raters[judge].evaluator_version_id]
        even = found.even_labels(found.raters[labels].judged_version_id)
        judges.append(JudgeAgreement(pair, names.of(judge), names.of(labels), called, logs, even))
    return evaluation, judges


def _nearest(evaluation: ResolvedEvaluation, found: AgreementRows, made: LabelsResponse) -> list[RaterPair]:
    """The pairs with the labels: of evaluators with the same name first, then by common logs. No constant others.

    People's labels are compared with judges, not with labels of other people.
    """
    paths = {row.version_id: stem(row.path) for row in evaluation.evaluators}
    people = {row.version_id for row in evaluation.evaluators if row.evaluator_type == "human"}
    own = made.evaluator.version_id or ""

    def other(pair: RaterPair) -> int:
        return pair.second if found.raters[pair.first].evaluator_version_id == own else pair.first

    def is_namesake(pair: RaterPair) -> bool:
        return paths[found.raters[other(pair)].evaluator_version_id] == paths[own]

    def is_current(pair: RaterPair) -> bool:
        return found.raters[other(pair)].judged_version_id == found.raters[other(pair)].evaluator_version_id

    def is_judge(pair: RaterPair) -> bool:
        return not {own, found.raters[other(pair)].evaluator_version_id} <= people

    whole = [pair for pair in found.pairs if found.raters[pair.first].author is None and is_judge(pair)]
    useful = [pair for pair in whole if is_namesake(pair) or other(pair) not in pair.constant]
    return sorted(useful, key=lambda pair: (not is_namesake(pair), not is_current(pair), -pair.logs))


def _cells(pair: RaterPair, *, labels_first: bool) -> list[tuple[str, str]]:
    """Judgments of the first and second rater: those that differ most often, then equal ones of other labels."""
    cells = {
        (one, other): amount
        for one, row in zip(pair.options, pair.table, strict=True)
        for other, amount in zip(pair.options, row, strict=True)
        if amount
    }
    ordered = sorted(cells, key=lambda cell: -cells[cell])
    differing = [cell for cell in ordered if cell[0] != cell[1]][:_CELLS]
    covered = {cell[0 if labels_first else 1] for cell in differing}
    equal = [cell for cell in ordered if cell[0] == cell[1] and cell[0] not in covered]
    return [*differing, *equal[:_CELLS]] if differing else []


async def _logs(
    lookup: Lookup,
    evaluation: ResolvedEvaluation,
    names: RaterNames,
    pair: RaterPair,
    cell: Sequence[str],
    *,
    labels_first: bool,
) -> JudgedLogs:
    """The newest logs that both raters judged so, without those that a judge's prompt shows as examples."""
    filter = await read_filter(lookup, evaluation, names.conditions(pair, cell[0], cell[1]))
    shown = {id for row in evaluation.evaluators for id in row.examples}
    question = LogQuestion(filter=filter, limit=_LOGS + min(len(shown), _MOST), characters=0)
    _, found = await lookup.client.reviews.find_logs(evaluation, question)
    label, judgment = cell if labels_first else cell[::-1]
    ids = [row.id for row in found.rows if not shown & {row.id, row.datapoint_id}]
    return JudgedLogs(label, judgment, ids[:_LOGS], found.total - len(found.rows) + len(ids))

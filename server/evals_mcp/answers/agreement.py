"""How evaluators agree, as an answer: a row for each pair, judges against people, and corrected rates."""

from collections import Counter
from collections.abc import Sequence

from evals_mcp.answers import intervals
from evals_mcp.answers.agreement_notes import agreement_notes
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.frame.tables import table
from evals_mcp.answers.judge_errors import judge_lines
from evals_mcp.answers.rater_names import RaterNames, option_word
from evals_mcp.answers.subjects import subject
from evals_mcp.models.agreement import AgreementRows, RaterGroup, RaterPair
from evals_mcp.models.resolved import ResolvedEvaluation

_CELLS = 6
_MEMBERS = 6


def summarize_agreement(
    evaluation: ResolvedEvaluation,
    rows: AgreementRows,
    budget: int,
    *,
    filtered: Quoted = "",
    notes: Sequence[Quoted] = (),
    offset: int = 0,
    call: Call,
) -> Quoted:
    """Pairs of evaluators: those with people first, then those that agree least."""
    answer = Answer(budget)
    names = RaterNames(evaluation, rows)
    answer.head(f"{subject(evaluation)} Agreement on {figures.count(rows.logs, 'judged log')}{filtered}.")
    if not rows.pairs:
        answer.line("No two evaluators or authors judged the same log with comparable judgments.")
    for line in judge_lines(evaluation, rows, names):
        answer.line(line)
    for group in rows.groups:
        answer.line(_group_line(rows, group, names))
    for note in (*agreement_notes(rows, names), *notes, *evaluation.notes):
        answer.note(note)
    pairs = sorted(rows.pairs, key=lambda pair: (not names.has_human(pair), _chance_corrected(pair)))
    for offered in _disagreements(evaluation, pairs, names):
        answer.offer(offered)
    cluster: Quoted = "cluster" if rows.cluster else "datapoint"
    lines = table(_HEADERS, [_cells(pair, names, cluster) for pair in pairs[offset:]])
    if lines:
        answer.rows(
            lines[1:],
            lambda shown: left_out(len(lines) - 1 - shown, "pair", call.at(offset + shown)),
            header=lines[0],
        )
    return answer.text()


_HEADERS: list[Quoted] = [
    "pair",
    "logs",
    "equal (95%)",
    "kappa",
    "alpha",
    "second − first",
    "judgments, first and second",
]


def _cells(pair: RaterPair, names: RaterNames, cluster: Quoted) -> list[Quoted]:
    logs = figures.count(pair.logs)
    return [
        names.pair(pair),
        logs if pair.logs == pair.datapoints else f"{logs} for {figures.count(pair.datapoints, cluster)}",
        intervals.rate(pair.agreement),
        "" if pair.kappa is None else intervals.coefficient(pair.kappa),
        "" if pair.alpha is None else intervals.coefficient(pair.alpha),
        "" if pair.difference is None else intervals.coefficient(pair.difference),
        _table(pair),
    ]


def _chance_corrected(pair: RaterPair) -> float:
    found = pair.kappa or pair.alpha
    return 2.0 if found is None else found.value


def _table(pair: RaterPair) -> Quoted:
    """`true, true 193; true, false 34; …`: the cross table, most logs first."""
    cells = Counter(
        {
            (one, other): amount
            for one, row in zip(pair.options, pair.table, strict=True)
            for other, amount in zip(pair.options, row, strict=True)
            if amount
        }
    ).most_common()
    words: list[Quoted] = [
        f"{option_word(one)}, {option_word(other)} {figures.number(round(amount, 2))}"
        for (one, other), amount in cells[:_CELLS]
    ]
    if len(cells) > _CELLS:
        words.append(f"{figures.number(round(sum(amount for _, amount in cells[_CELLS:]), 2))} others")
    return "; ".join(words)


def _group_line(rows: AgreementRows, group: RaterGroup, names: RaterNames) -> Quoted:
    scale: Quoted = "interval" if group.is_interval else "nominal"
    who = figures.listed([names.of(index) for index in group.raters], _MEMBERS)
    of = f"{figures.count(len(group.raters))} together on {figures.count(group.logs, 'log')}: {who}."
    if group.alpha is None:
        return f"{of} All judgments are equal, so no alpha is defined."
    return f"Krippendorff's alpha ({scale}) {intervals.coefficient(group.alpha)}, {of}"


def _disagreements(evaluation: ResolvedEvaluation, pairs: Sequence[RaterPair], names: RaterNames) -> list[Quoted]:
    """The call that shows where the first listed pair disagrees, by the cell with most logs."""
    for pair in pairs:
        cells = [
            (amount, one, other)
            for one, row in zip(pair.options, pair.table, strict=True)
            for other, amount in zip(pair.options, row, strict=True)
            if one != other and amount
        ]
        if cells and not names.is_of_several(pair):
            _, one, other = max(cells)
            where = names.conditions(pair, one, other)
            shown = Call("get_logs", {"evaluation": evaluation.id, "where": where}, {}).text()
            return [f"Disagreements of {names.pair(pair)}: {shown}"]
    return []

"""The verdicts on a candidate as a row: each comparison a line of a table, or all of them in a line or two."""

from collections.abc import Sequence
from itertools import accumulate

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.comparison_rows import comparison_table, difference_word, verdict_words
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.models.comparisons import ComparedCandidate, ComparisonRow
from evals_mcp.statistics.results import SIGNIFICANCE, Verdict

_SIGNIFICANT = (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT)


def verdict_rows(compared: Compared, start: int = 0) -> list[Row]:
    """The rows of the candidates with comparisons, from an index.

    With more detail, more comparisons have a line of their own: first those with a significant difference.
    """
    by_candidate: dict[str, list[tuple[ComparedCandidate, ComparisonRow]]] = {}
    for candidate, row in compared.rows():
        by_candidate.setdefault(candidate.run_id, []).append((candidate, row))
    groups = list(by_candidate.values())[start:]
    header, *lines = comparison_table(compared, [item for group in groups for item in group]) or [""]
    waiting = iter(lines)
    lined = [(group, [next(waiting) for _ in group]) for group in groups]
    longest = max(map(len, lines), default=0)
    need = max((max(longest, sum(map(len, shown))) for _, shown in lined), default=0)
    return [
        _row(compared, group, shown, header if index == 0 else "", longest, need)
        for index, (group, shown) in enumerate(lined)
    ]


def _row(
    compared: Compared,
    group: Sequence[tuple[ComparedCandidate, ComparisonRow]],
    lines: Sequence[Quoted],
    header: Quoted,
    longest: int,
    need: int,
) -> Row:
    candidate = group[0][0]
    significant = [row for _, row in group if row.verdict in _SIGNIFICANT]
    others = [index for index, (_, row) in enumerate(group) if row.verdict not in _SIGNIFICANT]
    ends = list(accumulate(len(lines[index]) for index in others))

    def render(limit: int) -> Quoted:
        if limit >= longest:
            rest = others[sum(end <= limit for end in ends) :]
            texts = [header, *(line for index, line in enumerate(lines) if index not in rest)]
        else:
            rest = others
            texts = [_differences(compared, candidate, significant)] if significant else []
        if rest:
            texts.append(_without_difference(compared, candidate, [group[index][1] for index in rest]))
        return "\n".join(filter(None, texts))

    return Row(render, need)


def _differences(compared: Compared, candidate: ComparedCandidate, rows: Sequence[ComparisonRow]) -> Quoted:
    words: list[Quoted] = []
    for row in rows:
        p_value = row.p_value if row.adjusted_p is None else row.adjusted_p
        verdict = verdict_words(row, directed=compared.is_directed(row))
        shown = "" if p_value is None else f"{figures.p_value(p_value)}, "
        about = f"{shown}n={figures.count(row.pairs)}"
        words.append(" ".join(filter(None, (compared.subject(row), difference_word(row), verdict, f"({about})"))))
    return f"{compared.run(candidate.run_id)}: {', '.join(words)}"


def _without_difference(compared: Compared, candidate: ComparedCandidate, rows: Sequence[ComparisonRow]) -> Quoted:
    same = len({row.pairs for row in rows}) == 1
    words: list[Quoted] = []
    for row in rows:
        parts: list[Quoted] = [
            compared.subject(row),
            difference_word(row),
            "" if same else f"n={figures.count(row.pairs)}",
        ]
        if row.verdict == Verdict.NEGLIGIBLE:
            parts.append(f"({verdict_words(row)})")
        elif row.p_value is not None and row.p_value <= SIGNIFICANCE:
            parts.append(f"(uncorrected {figures.p_value(row.p_value)})")
        words.append(" ".join(filter(None, parts)))
    at = f" at n={figures.count(rows[0].pairs)}" if same else ""
    return f"{compared.run(candidate.run_id)}, no significant difference{at}: {', '.join(words)}"

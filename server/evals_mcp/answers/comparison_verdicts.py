"""The verdicts on a candidate as a row: each comparison a line of a table, or all of them in a few lines."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.comparison_rows import comparison_table, difference_word, verdict_words
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.models.comparisons import ComparedCandidate, ComparisonRow
from evals_mcp.statistics.results import SIGNIFICANCE, Verdict

_WITHOUT_DIFFERENCE = (Verdict.NO_SIGNIFICANT_DIFFERENCE, Verdict.TOO_FEW_PAIRS, Verdict.NEGLIGIBLE)
"""Verdicts that share a line, in the order of these lines. Significant differences come first."""


class Verdicts(NamedTuple):
    """A row for each candidate, and the detail with which no row omits a verdict."""

    rows: list[Row]
    whole: int


class _Line(NamedTuple):
    """Verdicts with the same words before them."""

    heading: Quoted
    verdicts: list[Quoted]


class _Group(NamedTuple):
    """A candidate with its comparisons, a table line for each, and the short lines of all."""

    candidate: ComparedCandidate
    rows: list[ComparisonRow]
    table: list[Quoted]
    short: list[_Line]


def verdict_rows(compared: Compared, start: int = 0) -> Verdicts:
    """The rows of the candidates from an index. Those without comparisons come last.

    With more detail than `whole`, more comparisons have a line of their own: first those with a significant difference.
    """
    by_candidate: dict[str, list[ComparisonRow]] = {candidate.run_id: [] for candidate in compared.found.candidates}
    for candidate, row in compared.rows():
        by_candidate[candidate.run_id].append(row)
    candidates = sorted(compared.found.candidates, key=lambda candidate: not by_candidate[candidate.run_id])[start:]
    rows = [(candidate, row) for candidate in candidates for row in by_candidate[candidate.run_id]]
    header, *lines = comparison_table(compared, rows) or [""]
    waiting = iter(lines)
    groups = [
        _Group(candidate, found, [next(waiting) for _ in found], list(_short(compared, candidate, found)))
        for candidate in candidates
        if (found := by_candidate[candidate.run_id])
    ]
    whole = max((sum(len(verdict) for line in group.short for verdict in line.verdicts) for group in groups), default=0)
    longest = max(map(len, lines), default=0)
    need = whole + max((max(longest, sum(map(len, group.table))) for group in groups), default=0)
    shown = [
        Row(_render(compared, group, "" if index else header, whole, longest), need)
        for index, group in enumerate(groups)
    ]
    return Verdicts([*shown, *(_nothing(compared, candidate) for candidate in candidates[len(groups) :])], whole)


def _render(compared: Compared, group: _Group, header: Quoted, whole: int, longest: int) -> Callable[[int], Quoted]:
    order = sorted(range(len(group.rows)), key=lambda index: group.rows[index].verdict in _WITHOUT_DIFFERENCE)
    ends = list(accumulate(len(group.table[index]) for index in order))

    def render(limit: int) -> Quoted:
        room = limit - whole
        if room < max(longest, 1):
            return _first(group.short, limit)
        amount = sum(end <= room for end in ends)
        short = _short(compared, group.candidate, [group.rows[index] for index in sorted(order[amount:])])
        lines = [group.table[index] for index in sorted(order[:amount])]
        return "\n".join(filter(None, [header, *lines, _first(list(short), limit)]))

    return render


def _first(lines: Sequence[_Line], limit: int) -> Quoted:
    """As many verdicts as have `limit` characters, at least one, and the number of the others."""
    ends = accumulate(len(verdict) for line in lines for verdict in line.verdicts)
    left = max(sum(end <= limit for end in ends), 1)
    more = sum(len(line.verdicts) for line in lines) - left
    texts: list[Quoted] = []
    for line in lines:
        if left > 0:
            texts.append(f"{line.heading}: {', '.join(line.verdicts[:left])}")
        left -= len(line.verdicts)
    return "\n".join(texts) + (f" (+{figures.count(more)} more)" if more > 0 else "")


def _short(compared: Compared, candidate: ComparedCandidate, rows: Sequence[ComparisonRow]) -> Iterator[_Line]:
    called = compared.run(candidate.run_id)
    significant = [row for row in rows if row.verdict not in _WITHOUT_DIFFERENCE]
    if significant:
        yield _Line(called, [_difference(compared, row) for row in significant])
    for verdict in _WITHOUT_DIFFERENCE:
        found = [row for row in rows if row.verdict == verdict]
        if found:
            same = len({row.pairs for row in found}) == 1
            at = f" at {_pairs(found[0])}" if same else ""
            words = verdict_words(found[0]) if verdict == Verdict.NEGLIGIBLE else name(verdict)
            yield _Line(f"{called}, {words}{at}", [_without_difference(compared, row, same=same) for row in found])


def _difference(compared: Compared, row: ComparisonRow) -> Quoted:
    p_value = row.p_value if row.adjusted_p is None else row.adjusted_p
    verdict = verdict_words(row)
    shown = "" if p_value is None else f"{figures.p_value(p_value)}, "
    return " ".join(filter(None, (compared.subject(row), difference_word(row), verdict, f"({shown}{_pairs(row)})")))


def _without_difference(compared: Compared, row: ComparisonRow, *, same: bool) -> Quoted:
    parts: list[Quoted] = [compared.subject(row), difference_word(row), "" if same else _pairs(row)]
    if row.p_value is not None and row.p_value <= SIGNIFICANCE and row.verdict == Verdict.NO_SIGNIFICANT_DIFFERENCE:
        parts.append(f"(uncorrected {figures.p_value(row.p_value)})")
    return " ".join(filter(None, parts))


def _pairs(row: ComparisonRow) -> Quoted:
    return f"n={figures.count(row.pairs)}"


def _nothing(compared: Compared, candidate: ComparedCandidate) -> Row:
    """The row of a candidate without comparisons."""
    reason: Quoted
    if not candidate.logs:
        reason = "no logs"
    elif candidate.failed_logs == candidate.logs:
        reason = "all logs failed"
    elif not candidate.shared:
        reason = "no shared datapoints"
    elif any(row.pairs for row in candidate.comparisons):
        reason = "all judgments are the same"
    else:
        reason = "no judged pairs"
    return Row(lambda _: f"{compared.run(candidate.run_id)}: nothing to compare ({reason})", 0)

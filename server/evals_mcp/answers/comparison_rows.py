"""One comparison as table cells: figures for its kind, and the verdict in words."""

from collections.abc import Iterable

from evals_mcp.answers.compared_figures import compared_figures
from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, cell, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.models.comparisons import ComparedCandidate, ComparisonRow, OptionRow
from evals_mcp.statistics.results import LEAST_SECONDS, SIGNIFICANCE, Verdict

HEADERS = ("pairs", "baseline", "candidate", "difference", "95% interval", "p", "better/worse/same", "verdict")

_OPTIONS = 2
_FEW_OPTIONS = 6  # of more options, only the shifted ones are named
_LONGEST_OPTION = 30


def comparison_cells(row: ComparisonRow) -> list[Quoted]:
    """The cells under `HEADERS`; some can be empty."""
    found = compared_figures(row)
    if found is None:
        shares = [_shares(row.options, candidate=candidate) for candidate in (False, True)]
        values: list[Quoted] = [*(shares if len(row.options) <= _FEW_OPTIONS else ("", "")), _shifts(row.options), ""]
    else:
        values = list(found)
    p_value = row.p_value if row.adjusted_p is None else row.adjusted_p
    p_cell = "" if p_value is None else figures.p_value(p_value).removeprefix("p=").removeprefix("p")
    return [figures.count(row.pairs), *values, p_cell, _directions(row), verdict_words(row)]


def comparison_table(compared: Compared, rows: Iterable[tuple[ComparedCandidate, ComparisonRow]]) -> list[Quoted]:
    """The lines of a table with these comparisons, headers first. Several candidates have a column."""
    several = len(compared.found.candidates) > 1
    cells = [
        [
            compared.run(candidate.run_id) if several else "",
            compared.subject(row),
            *comparison_cells(row),
        ]
        for candidate, row in rows
    ]
    return table(["candidate", "evaluator", *HEADERS], cells)


def difference_word(row: ComparisonRow) -> Quoted:
    """The difference: `+0.07`, `-5 points`; "" for options."""
    found = compared_figures(row)
    return "" if found is None else found.difference


def verdict_words(row: ComparisonRow) -> Quoted:
    """The verdict: better, worse (higher, lower without a direction), or why not, and the pairs needed to tell."""
    if row.verdict == Verdict.NEGLIGIBLE:
        return f"no verdict (under {figures.duration(LEAST_SECONDS)})"
    if row.verdict == Verdict.TOO_FEW_PAIRS:
        return f"too few pairs{_needed(row)}"
    if row.verdict != Verdict.NO_SIGNIFICANT_DIFFERENCE:
        if row.verdict == Verdict.DIFFERENT and row.difference:
            return "higher" if row.difference > 0 else "lower"
        return name(row.verdict)
    if not row.changed:
        return "no difference"
    if row.p_value is not None and row.p_value <= SIGNIFICANCE:
        return f"no significant difference after correction (uncorrected {figures.p_value(row.p_value)})"
    return f"no significant difference at n={figures.count(row.pairs)}{_needed(row)}"


def _needed(row: ComparisonRow) -> Quoted:
    return "" if row.pairs_needed is None else f" (detecting it needs about {figures.about(row.pairs_needed)} pairs)"


def _directions(row: ComparisonRow) -> Quoted:
    up, down = (row.higher, row.lower) if row.better is None else (row.better, row.worse)
    if up is None or down is None:
        return f"{figures.count(row.changed)} changed/{figures.count(row.same)} same"
    return "/".join(map(figures.count, (up, down, row.same + row.changed - up - down)))


def _shares(options: list[OptionRow], *, candidate: bool) -> Quoted:
    shares = [(option.option, option.candidate_share if candidate else option.baseline_share) for option in options]
    leading = sorted(shares, key=lambda item: -item[1])[:_OPTIONS]
    return ", ".join(f"{_option(option)} {figures.rate(share)}" for option, share in leading if share)


def _shifts(options: list[OptionRow]) -> Quoted:
    """The largest differences of shares as they are shown."""
    shifted = sorted((option for option in options if option.difference), key=lambda item: -abs(item.difference))
    return ", ".join(
        f"{_option(item.option)} {figures.rate_change(item.baseline_share, item.candidate_share)}"
        for item in shifted[:_OPTIONS]
    )


def _option(option: str) -> Quoted:
    if len(option) <= _LONGEST_OPTION:
        return name(option)
    return cell(option, _LONGEST_OPTION)

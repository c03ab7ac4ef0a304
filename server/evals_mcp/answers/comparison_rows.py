"""One comparison as table cells: figures for its kind, and the verdict in words."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import cell, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.models.comparisons import ComparedCandidate, ComparisonRow, OptionRow
from evals_mcp.statistics.results import SIGNIFICANCE, Verdict

HEADERS = ("pairs", "baseline", "candidate", "difference", "95% interval", "p", "better/worse/same", "verdict")

_OPTIONS = 2
_FEW_OPTIONS = 6  # of more options, only the shifted ones are named
_LONGEST_OPTION = 30
_UNDIRECTED = {Verdict.BETTER.value: "higher", Verdict.WORSE.value: "lower"}


class _Scale(NamedTuple):
    """The format of values and differences of one kind."""

    value: Callable[[float], str]
    difference: Callable[[float], str]


def comparison_cells(row: ComparisonRow, *, directed: bool = True) -> list[str]:
    """The cells under `HEADERS`; some can be empty. Without a direction, nothing is better."""
    scale = _scale(row)
    if row.difference is None or row.baseline is None or row.candidate is None:
        shares = [_shares(row.options, candidate=candidate) for candidate in (False, True)]
        values = [*(shares if len(row.options) <= _FEW_OPTIONS else ("", "")), _shifts(row.options), ""]
    else:
        values = [scale.value(row.baseline), scale.value(row.candidate), scale.difference(row.difference)]
        values.append(_interval(row, scale))
    p_value = row.p_value if row.adjusted_p is None else row.adjusted_p
    p_cell = "" if p_value is None else figures.p_value(p_value).removeprefix("p=").removeprefix("p")
    return [figures.count(row.pairs), *values, p_cell, _directions(row), verdict_words(row, directed=directed)]


def comparison_table(compared: Compared, rows: Iterable[tuple[ComparedCandidate, ComparisonRow]]) -> list[str]:
    """The lines of a table with these comparisons, headers first. Several candidates have a column."""
    several = len(compared.found.candidates) > 1
    cells = [
        [
            compared.run(candidate.run_id) if several else "",
            compared.subject(row),
            *comparison_cells(row, directed=compared.is_directed(row)),
        ]
        for candidate, row in rows
    ]
    return table(["candidate", "evaluator", *HEADERS], cells)


def difference_word(row: ComparisonRow) -> str:
    """The difference: `+0.07`, `-5 points`; "" for options."""
    return "" if row.difference is None else _scale(row).difference(row.difference)


def verdict_words(row: ComparisonRow, *, directed: bool = True) -> str:
    """The verdict: better, worse (higher, lower without a direction), or why not, and the pairs needed to tell."""
    if row.verdict == Verdict.TOO_FEW_PAIRS:
        return f"too few pairs{_needed(row)}"
    if row.verdict != Verdict.NO_SIGNIFICANT_DIFFERENCE:
        return row.verdict if directed else _UNDIRECTED.get(row.verdict, row.verdict)
    if not row.changed:
        return "no difference"
    if row.p_value is not None and row.p_value <= SIGNIFICANCE:
        return f"no significant difference after correction (uncorrected {figures.p_value(row.p_value)})"
    return f"no significant difference at n={figures.count(row.pairs)}{_needed(row)}"


def _needed(row: ComparisonRow) -> str:
    return "" if row.pairs_needed is None else f" (detecting it needs about {_about(row.pairs_needed)} pairs)"


def _scale(row: ComparisonRow) -> _Scale:
    if row.kind == "boolean":
        return _Scale(figures.rate, figures.rate_difference)
    if row.measure == "latency":
        return _Scale(figures.duration, _signed(figures.duration))
    if row.measure == "cost":
        return _Scale(figures.cost, _signed(figures.cost))
    fixed = _fixed(_places(row))
    return _Scale(fixed, _signed(fixed))


_LEAST_PLACES, _MOST_PLACES = 2, 10


def _places(row: ComparisonRow) -> int:
    """Decimals that show two digits of the larger mean: at least two; none for large token counts."""
    largest = max(abs(row.baseline or 0.0), abs(row.candidate or 0.0))
    if not largest:
        return _LEAST_PLACES
    if row.measure == "tokens" and largest >= 10:
        return 0
    return min(max(_LEAST_PLACES, 1 - math.floor(math.log10(largest))), _MOST_PLACES)


def _fixed(places: int) -> Callable[[float], str]:
    return lambda value: figures.fixed(value, places)


def _signed(write: Callable[[float], str]) -> Callable[[float], str]:
    def signed(value: float) -> str:
        text = write(abs(value))
        nothing = not any(character in "123456789" for character in text)
        return text if nothing else ("-" if value < 0 else "+") + text

    return signed


def _interval(row: ComparisonRow, scale: _Scale) -> str:
    if row.low is None or row.high is None:
        return ""
    low, high = scale.difference(row.low), scale.difference(row.high)
    return f"{low.removesuffix(' points')} to {high}"


def _directions(row: ComparisonRow) -> str:
    if row.better is None or row.worse is None:
        return f"{figures.count(row.changed)} changed/{figures.count(row.same)} same"
    return "/".join(map(figures.count, (row.better, row.worse, row.same + row.changed - row.better - row.worse)))


def _shares(options: list[OptionRow], *, candidate: bool) -> str:
    shares = [(option.option, option.candidate_share if candidate else option.baseline_share) for option in options]
    leading = sorted(shares, key=lambda item: -item[1])[:_OPTIONS]
    return ", ".join(f"{_option(option)} {figures.rate(share)}" for option, share in leading if share)


def _shifts(options: list[OptionRow]) -> str:
    shifted = sorted((option for option in options if option.difference), key=lambda item: -abs(item.difference))
    return ", ".join(
        f"{_option(option.option)} {figures.rate_difference(option.difference)}" for option in shifted[:_OPTIONS]
    )


def _option(option: str) -> str:
    if len(option) <= _LONGEST_OPTION:
        return name(option)
    return cell(option, _LONGEST_OPTION)


def _about(pairs: int) -> str:
    """A number of pairs, rounded up to two digits."""
    step = 10 ** max(0, len(str(pairs)) - 2)
    return figures.count(-(-pairs // step) * step)

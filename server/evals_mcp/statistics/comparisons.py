"""The paired comparison of two runs by one evaluator of any kind. Other modules have the tests.

All modules of this package import NumPy on first use, so importing them costs nothing at start-up.
"""

from collections.abc import Mapping, Sequence

from evals_mcp.statistics.booleans import compare_booleans
from evals_mcp.statistics.numbers import compare_numbers
from evals_mcp.statistics.options import compare_multi_selects, compare_selects
from evals_mcp.statistics.pairing import pair_numbers, pair_options
from evals_mcp.statistics.results import Comparison, Verdict


def compare(
    kind: str,
    baseline: Mapping[str, Sequence[object]],
    candidate: Mapping[str, Sequence[object]],
    valence: str = "positive",
    options: Mapping[str, str | None] | None = None,
) -> Comparison:
    """Compare a candidate's judgments with a baseline's: per side the values of each datapoint, None for null.

    With positive `valence`, true or higher is better. `options` are the declared ones in order. Text cannot be
    compared. The p-value is uncorrected: pass all comparisons of an answer through `corrections.correct`.
    """
    if kind == "boolean":
        return compare_booleans(pair_numbers(baseline, candidate, "boolean"), valence)
    if kind == "number":
        return compare_numbers(pair_numbers(baseline, candidate), valence)
    if kind == "select":
        return compare_selects(pair_options(baseline, candidate), options or {})
    if kind == "multi_select":
        return compare_multi_selects(pair_options(baseline, candidate, "multi_select"), options or {})
    return not_comparable(kind)


def not_comparable(kind: str) -> Comparison:
    """The result for text, and for evaluators whose return type differs between the runs."""
    return Comparison(kind=kind, verdict=Verdict.NOT_COMPARABLE)

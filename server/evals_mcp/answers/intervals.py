"""Estimates with their 95 % intervals as short words."""

from collections.abc import Callable

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.models.agreement import Estimate


def rate(estimate: Estimate) -> Quoted:
    """A rate in whole percent, or with a decimal near all or nothing: `71% (63 to 79)`."""
    return _with_interval(estimate, _percent, "%")


def coefficient(estimate: Estimate) -> Quoted:
    """A coefficient: `0.66 (0.58 to 0.73)`."""
    return _with_interval(estimate, figures.mean, "")


def points(value: float, low: float, high: float) -> Quoted:
    """A difference of rates: `+4.2 points (-1 to +9.3)`."""
    bounds = [figures.rate_change(0.0, bound).split(" ")[0] for bound in (low, high)]
    return f"{figures.rate_change(0.0, value)} ({' to '.join(bounds)})"


def _with_interval(estimate: Estimate, write: Callable[[float], Quoted], unit: Quoted) -> Quoted:
    value = f"{write(estimate.value)}{unit}"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} ({write(estimate.low)} to {write(estimate.high)})"


def _percent(share: float) -> Quoted:
    return figures.rate(share).removesuffix("%") if not 0.01 <= share <= 0.99 else figures.fixed(share * 100, 0)

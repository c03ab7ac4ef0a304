"""How many more labels would halve the interval of a rate."""

import math

from evals_mcp.models.agreement import Estimate
from evals_mcp.statistics.clustered import wilson
from evals_mcp.statistics.distributions import bisect

_MOST = 1e9


def more_for_half(rate: Estimate, labels: int) -> int | None:
    """The labels needed beside these, if the rate stays and they repeat by datapoint as now. None without an interval.

    Wilson's interval is that of a number of independent labels, which grows as the labels do.
    """
    if rate.low is None or rate.high is None or rate.high <= rate.low:
        return None
    width = rate.high - rate.low
    size, needed = (_size(rate.value, wanted) for wanted in (width, width / 2))
    return math.ceil(labels * (needed / size - 1) - 1e-6)


def _size(rate: float, width: float) -> float:
    """The number of independent labels whose interval is this wide."""

    def too_wide(size: float) -> float:
        low, high = wilson(rate, math.exp(size))
        return high - low - width

    return math.exp(bisect(too_wide, math.log(1e-3), math.log(_MOST)))

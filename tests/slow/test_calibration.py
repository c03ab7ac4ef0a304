"""That verdicts and intervals keep their word over simulated runs; `benchmarks/calibration.py` measures it closely."""

import math

import pytest
from tests.statistics.simulated_runs import KINDS, Kind, simulate


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_equal_runs_are_seldom_called_different(kind: Kind) -> None:
    """At most 5 % of exchangeable runs are: 300 comparisons may show up to four standard errors more."""
    alarms = simulate(kind, 50, 300, False).significant
    assert alarms <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_intervals_hold_true_differences(kind: Kind) -> None:
    """At least 93 % of intervals do, less four standard errors of 200 comparisons."""
    covered = simulate(kind, 100, 200, True).covered
    assert math.isnan(covered) == ("select" in kind.name)
    assert math.isnan(covered) or covered >= 0.93 - 4 * math.sqrt(0.93 * 0.07 / 200)

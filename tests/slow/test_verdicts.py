"""The one verdict on evaluations with planted differences: how often it is right, and how often it decides.

`benchmarks/verdicts.py` prints the figures.
"""

from collections import Counter

import numpy as np
import pytest
from tests.statistics.planted_evaluations import KINDS, any_plan, decisive_plan, equal_plan, plant

from evals_mcp.statistics.verdicts import Decision


def test_the_verdict_is_right_or_cannot_tell() -> None:
    """Of 1,000 evaluations with differences, slices, errors and favours of judges, at most 5 % get a wrong verdict.

    Of those that are shipped, at most 5 % have a loss beyond the margin, overall or in the planted slice.
    """
    wrong, shipped = Counter[Decision](), 0
    for kind in KINDS:
        chance = np.random.default_rng([11, KINDS.index(kind)])
        for _ in range(1_000 // len(KINDS)):
            judged = plant(chance, any_plan(chance, kind))
            shipped += judged.verdict.decision is Decision.SHIP
            wrong[judged.verdict.decision] += not judged.is_right
    assert wrong.total() <= 50
    assert wrong[Decision.SHIP] <= 0.05 * shipped


def test_equal_candidates_are_seldom_refused_or_located() -> None:
    """Of 600 evaluations without any difference, at most 5 % get "do not ship", and 6 % a group where it sits."""
    chance = np.random.default_rng(12)
    found = [plant(chance, equal_plan(chance)) for _ in range(600)]
    assert sum(item.verdict.decision is Decision.DO_NOT_SHIP for item in found) <= 30
    assert sum(bool(item.found.located) for item in found) <= 36


@pytest.mark.parametrize("kind", ["differences", "judge errors", "labels"])
def test_twice_the_detectable_difference_is_decided(kind: str) -> None:
    """A loss by one of several evaluators is refused, and a gain by all is shipped, in at least 80 % of evaluations."""
    chance = np.random.default_rng(13)
    losses, gains = (
        [plant(chance, decisive_plan(chance, kind, multiple)) for _ in range(200)] for multiple in (-2.0, 2.0)
    )
    assert sum(item.verdict.decision is Decision.DO_NOT_SHIP for item in losses) >= 160
    assert not any(item.verdict.decision is Decision.SHIP and not item.is_right for item in losses)
    assert sum(item.verdict.decision is Decision.SHIP for item in gains) >= 160

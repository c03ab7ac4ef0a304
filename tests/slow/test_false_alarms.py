"""How often paired numbers and options call runs different that are not, and hold a difference that there is."""

import numpy as np
from numpy.typing import NDArray
from tests.statistics.mappings import pair_options

from evals_mcp.statistics.numbers import compare_numbers
from evals_mcp.statistics.options import compare_selects
from evals_mcp.statistics.pairing import NumberPairs, pair_columns
from evals_mcp.statistics.results import Verdict

Array = NDArray[np.float64]


def _aligned(baseline: Array, candidate: Array) -> NumberPairs:
    keys = np.arange(len(baseline))
    return pair_columns(keys, baseline, keys, candidate)


def ratings(chance: np.random.Generator, pairs: int) -> tuple[Array, Array]:
    """Ratings 1 to 5, most of them 5, of which a part is the same in both runs."""
    weights = [0.03, 0.05, 0.07, 0.2, 0.65]
    baseline, other = chance.choice(5, (2, pairs), p=weights) + 1.0
    return baseline, np.where(chance.random(pairs) < chance.uniform(0, 0.5), baseline, other)


def bounded(chance: np.random.Generator, pairs: int) -> tuple[Array, Array]:
    """Scores from 0 to 1 that crowd at 1, partly exactly 1."""
    baseline, other = np.minimum(1.0, chance.beta(5, 0.6, (2, pairs)) * chance.uniform(1, 1.05))
    return baseline, np.where(chance.random(pairs) < chance.uniform(0, 0.5), baseline, other)


def latencies(chance: np.random.Generator, pairs: int) -> tuple[Array, Array]:
    """Lognormal times that share the difficulty of the datapoint."""
    shared = chance.lognormal(0, 1, pairs)
    first, second = shared * chance.lognormal(0, 0.5, (2, pairs))
    return first, second


def test_few_false_alarms_of_numbers() -> None:
    """Of 1,000 comparisons of runs that do not differ at most 6 % are called significant."""
    chance = np.random.default_rng(2)
    alarms = 0
    for repeat in range(1000):
        draw = (ratings, ratings, bounded, latencies)[repeat % 4]
        result = compare_numbers(_aligned(*draw(chance, int(chance.integers(20, 201)))))
        alarms += result.verdict in (Verdict.BETTER, Verdict.WORSE)
    assert 20 <= alarms <= 60


def test_the_interval_covers_real_differences() -> None:
    """A true shift of the mean lies in the interval in about 95 % of comparisons, skewed differences included."""
    chance = np.random.default_rng(4)
    covered = 0
    for _ in range(600):
        gain = chance.exponential(1, 100) * (chance.random(100) < 0.5)
        result = compare_numbers(_aligned(np.zeros(100), gain))
        assert result.low is not None
        assert result.high is not None
        covered += result.low <= 0.5 <= result.high
    assert 0.92 * 600 <= covered <= 0.98 * 600


def choose(chance: np.random.Generator, weights: NDArray[np.float64], pairs: int) -> list[str]:
    """So many options, drawn with these weights."""
    return [f"o{option}" for option in chance.choice(len(weights), pairs, p=weights)]


def test_few_false_alarms_of_options() -> None:
    """Of 1,000 comparisons of runs that do not differ at most 6 % are called significant."""
    chance = np.random.default_rng(6)
    alarms = 0
    for _ in range(1000):
        pairs, weights = int(chance.integers(20, 201)), chance.dirichlet(np.ones(int(chance.integers(2, 6))))
        baseline, other = choose(chance, weights, pairs), choose(chance, weights, pairs)
        kept = chance.random(pairs) < chance.uniform(0, 0.6)
        candidate = [a if keep else b for a, b, keep in zip(baseline, other, kept, strict=True)]
        result = compare_selects(
            pair_options(
                {str(i): [value] for i, value in enumerate(baseline)},
                {str(i): [value] for i, value in enumerate(candidate)},
            ),
            {},
        )
        alarms += result.verdict is Verdict.DIFFERENT
    assert alarms <= 60

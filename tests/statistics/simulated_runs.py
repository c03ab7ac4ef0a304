"""Pairs of runs as evaluators judge them, drawn from populations whose true difference is known exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tests.statistics.mappings import pair_options

from evals_mcp.statistics.booleans import compare_booleans
from evals_mcp.statistics.numbers import compare_numbers
from evals_mcp.statistics.options import compare_multi_selects, compare_selects
from evals_mcp.statistics.pairing import pair_columns
from evals_mcp.statistics.results import Comparison, Verdict

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, bool], tuple[Array, Array]]

POPULATION = 40_000
SIGNIFICANT = (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT)


class Shares(NamedTuple):
    """Of simulated comparisons the share called significant, and of those with an interval the share that covers.

    `covered` is NaN where no comparison had an interval.
    """

    significant: float
    covered: float


@dataclass(frozen=True, slots=True)
class Kind:
    """What an evaluator returns: how pairs are drawn (without or with a true difference) and compared.

    A row per datapoint, and a column per log where there are several. Options are numbers, of several one bit each.
    """

    name: str
    draw: Draw
    compare: Callable[[Array, Array], Comparison]


def simulate(kind: Kind, pairs: int, repeats: int, differs: bool, seed: int = 0) -> Shares:
    """Compare samples of so many pairs from one population; the same each time.

    Without a difference the sides of each pair are swapped by chance, so the runs are exchangeable whatever they hold.
    """
    chance = np.random.default_rng([seed, pairs, differs])
    baseline, candidate = kind.draw(chance, POPULATION, differs)
    truth = float((candidate - baseline).mean()) if differs else 0.0
    significant, covered = [], []
    for _ in range(repeats):
        chosen = chance.integers(0, POPULATION, pairs)
        before, after = baseline[chosen], candidate[chosen]
        if not differs:
            swapped = chance.random(pairs) < 0.5
            before[swapped], after[swapped] = candidate[chosen[swapped]], baseline[chosen[swapped]]
        result = kind.compare(before, after)
        significant.append(result.verdict in SIGNIFICANT)
        if result.low is not None and result.high is not None:
            covered.append(result.low - 1e-12 <= truth <= result.high + 1e-12)
    return Shares(float(np.mean(significant)), float(np.mean(covered)) if covered else np.nan)


def _numbers(baseline: Array, candidate: Array) -> Comparison:
    keys = np.arange(len(baseline))
    return compare_numbers(pair_columns(keys, baseline, keys, candidate))


def _booleans(baseline: Array, candidate: Array) -> Comparison:
    logs = 1 if baseline.ndim == 1 else baseline.shape[1]
    keys = np.repeat(np.arange(len(baseline)), logs)
    return compare_booleans(pair_columns(keys, baseline.ravel(), keys, candidate.ravel()))


def _select(baseline: Array, candidate: Array) -> Comparison:
    before, after = ({str(key): [f"o{value:.0f}"] for key, value in enumerate(side)} for side in (baseline, candidate))
    return compare_selects(pair_options(before, after), {})


def _multi_select(baseline: Array, candidate: Array) -> Comparison:
    before, after = (
        {str(key): [[f"o{bit}" for bit in range(4) if int(value) >> bit & 1]] for key, value in enumerate(side)}
        for side in (baseline, candidate)
    )
    return compare_multi_selects(pair_options(before, after, "multi_select"), {})


def _booleans_at(rate: float, better: float, logs: int = 0) -> Draw:
    """True at a rate that half depends on the datapoint, or at the better rate."""

    def draw(chance: np.random.Generator, size: int, differs: bool) -> tuple[Array, Array]:
        shape = (size, logs) if logs else (size,)
        shared, first, second = chance.random((3, *shape))
        if logs:
            shared[:] = shared[:, :1]
        kept = [chance.random(shape) < 0.5 for _ in range(2)]
        rates = (rate, better if differs else rate)
        sides = [
            (np.where(keep, shared, own) < at).astype(float)
            for keep, own, at in zip(kept, (first, second), rates, strict=True)
        ]
        return sides[0], sides[1]

    return draw


def _ratings(chance: np.random.Generator, size: int, differs: bool) -> tuple[Array, Array]:
    """Ratings 1 to 5, mostly 5, of which a third is the same in both runs; the better run mends half the lowest."""
    baseline, other = chance.choice(5, (2, size), p=[0.03, 0.05, 0.07, 0.2, 0.65]) + 1.0
    candidate = np.where(chance.random(size) < 0.33, baseline, other)
    mended = differs & (candidate < 4) & (chance.random(size) < 0.5)
    return baseline, np.where(mended, 5.0, candidate)


def _few_mended(chance: np.random.Generator, size: int, differs: bool) -> tuple[Array, Array]:
    """Ratings that stay the same for four of five datapoints; the better run mends more than it spoils."""
    baseline: Array = chance.choice(np.arange(1.0, 6), size, p=[0.1, 0.1, 0.2, 0.2, 0.4])
    step = chance.choice([-2.0, -1.0, 1.0, 2.0], size, p=[0.05, 0.15, 0.4, 0.4] if differs else [0.2, 0.3, 0.3, 0.2])
    return baseline, np.where(chance.random(size) < 0.2, np.clip(baseline + step, 1, 5), baseline)


def _bounded(chance: np.random.Generator, size: int, differs: bool) -> tuple[Array, Array]:
    """Scores from 0 to 1 that crowd at 1, many exactly 1 and some exactly 0."""
    baseline, other = np.minimum(1.0, chance.beta(5, 0.6, (2, size)) * 1.04)
    candidate = np.where(chance.random(size) < 0.3, baseline, other)
    if differs:
        candidate += (1 - candidate) * 0.3
    return baseline * (chance.random(size) >= 0.03), candidate * (chance.random(size) >= 0.03)


def _gains(chance: np.random.Generator, size: int, differs: bool) -> tuple[Array, Array]:
    """Scores of which half gain, a few very much, and none loses: the hardest case for an interval of few pairs."""
    gain = chance.exponential(1, size) * (chance.random(size) < 0.5)
    return np.zeros(size), gain if differs else gain - 0.5


def _latencies(chance: np.random.Generator, size: int, differs: bool) -> tuple[Array, Array]:
    """Times with a heavy tail that share the datapoint's difficulty; the slower run takes a quarter longer."""
    shared = chance.lognormal(0, 0.5, size)
    first, second = shared * chance.lognormal(0, 0.5, (2, size))
    stalled = [np.where(chance.random(size) < 0.02, chance.pareto(3, size) * 5, 0.0) for _ in range(2)]
    return first + stalled[0], second * (1.25 if differs else 1) + stalled[1]


def _options_of(amount: int) -> Draw:
    """One of so many options; the other run chooses the rarer ones more often."""

    def draw(chance: np.random.Generator, size: int, differs: bool) -> tuple[Array, Array]:
        weights = 0.5 ** np.arange(amount)
        first, second = weights / weights.sum(), weights ** (0.7 if differs else 1)
        baseline = chance.choice(amount, size, p=first).astype(float)
        other = chance.choice(amount, size, p=second / second.sum()).astype(float)
        return baseline, np.where(chance.random(size) < 0.3, baseline, other)

    return draw


def _sets(chance: np.random.Generator, size: int, differs: bool) -> tuple[Array, Array]:
    """Any of four options at rates from 5 to 70 %, each the same in both runs with probability 0.3."""
    rates = np.array([0.7, 0.4, 0.15, 0.05])
    baseline = chance.random((size, 4)) < rates
    other = chance.random((size, 4)) < rates + (0.1 if differs else 0)
    candidate = np.where(chance.random((size, 4)) < 0.3, baseline, other)
    bits = np.array([1.0, 2, 4, 8])
    return baseline @ bits, candidate @ bits


KINDS = (
    Kind("boolean, half true", _booleans_at(0.5, 0.62), _booleans),
    Kind("boolean, 90% true", _booleans_at(0.9, 0.96), _booleans),
    Kind("boolean, 2% true", _booleans_at(0.02, 0.08), _booleans),
    Kind("boolean, 3 logs each", _booleans_at(0.7, 0.8, logs=3), _booleans),
    Kind("ratings 1-5, skewed", _ratings, _numbers),
    Kind("ratings 1-5, 80% ties", _few_mended, _numbers),
    Kind("scores 0-1, ties at 1", _bounded, _numbers),
    Kind("scores that only gain", _gains, _numbers),
    Kind("latency, heavy tail", _latencies, _numbers),
    Kind("select of 3", _options_of(3), _select),
    Kind("select of 5", _options_of(5), _select),
    Kind("multi_select of 4", _sets, _multi_select),
)

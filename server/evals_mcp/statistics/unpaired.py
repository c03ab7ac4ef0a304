"""Compare two samples of booleans that cannot be paired."""

from math import exp, lgamma


def fisher_exact(true: tuple[int, int], judged: tuple[int, int]) -> float:
    """The two-sided p of Fisher's exact test for two rates: `true` of `judged` in each sample, both at least 1.

    Sums the probabilities of all tables with these margins that are no likelier than the observed one.
    Source: Agresti, Categorical Data Analysis, 3rd edition, 3.5.
    """
    total, hits = sum(judged), sum(true)
    low, high = max(0, hits - judged[1]), min(hits, judged[0])

    def weight(first: int) -> float:
        return _log_choose(judged[0], first) + _log_choose(judged[1], hits - first)

    whole = _log_choose(total, hits)
    observed = weight(true[0]) + 1e-7  # likelihoods that only rounding tells apart count as equal
    return min(1.0, sum(exp(log - whole) for log in map(weight, range(low, high + 1)) if log <= observed))


def _log_choose(amount: int, chosen: int) -> float:
    return lgamma(amount + 1) - lgamma(chosen + 1) - lgamma(amount - chosen + 1)

"""Whether the even sample of a review estimates the agreement of judge and people without bias.

`python -m benchmarks.even_sample [REVIEWS]` from the root of the repository simulates 200 reviews with the real queue,
about five minutes on two cores. Regressions, disagreements and doubted slices are labelled first, where judge and
people agree less. Prints the mean error of the estimate with four standard errors as its limit, that of the rate over
all labels for comparison, and how many 95 % intervals hold the true agreement: at least 93 % must.
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from itertools import chain
from pathlib import Path

from tests.review_world import Clock
from tests.simulated_reviews import SimulatedReview, simulate_review

from evals_mcp.store.store import open_store

REVIEWS = 200
LEAST_COVERED = 0.93
_AT_ONCE = 10


def simulate(numbers: Sequence[int]) -> list[SimulatedReview]:
    """Some reviews, in a database of their own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_store(str(Path(folder) / "e.db"), None, Clock())) as store,
    ):
        return [simulate_review(store, number) for number in numbers]


def main(amount: int) -> bool:
    """Simulate and print; whether the estimate holds its limits."""
    parts = [range(start, min(start + _AT_ONCE, amount)) for start in range(0, amount, _AT_ONCE)]
    with ProcessPoolExecutor(2) as pool:
        found = list(chain.from_iterable(pool.map(simulate, parts)))
    errors = [review.estimate - review.truth for review in found]
    bias, limit = statistics.fmean(errors), 4 * statistics.stdev(errors) / len(errors) ** 0.5
    of_all = statistics.fmean(review.of_all_labels - review.truth for review in found)
    covered = statistics.fmean(review.is_covered for review in found)
    truth = statistics.fmean(review.truth for review in found)
    print(f"{amount} reviews, true agreement {truth:.1%} on average")
    print(f"mean error of the even sample's agreement: {bias:+.1%} (at most {limit:.1%}); of all labels: {of_all:+.1%}")
    print(f"intervals that hold the truth: {covered:.1%} (at least {LEAST_COVERED:.0%})")
    return abs(bias) <= limit and covered >= LEAST_COVERED


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else REVIEWS) else 1)

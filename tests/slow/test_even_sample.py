"""The even sample has no bias though chosen logs are labelled first; `benchmarks/even_sample.py` measures it."""

import math
import statistics
from contextlib import closing
from pathlib import Path

from tests.review_world import Clock
from tests.simulated_reviews import simulate_review

from evals_mcp.store.store import open_store

_REVIEWS = 20


def test_the_agreement_of_the_even_sample_is_unbiased(tmp_path: Path) -> None:
    """Of 20 reviews within four standard errors, and its intervals hold the true agreement."""
    with closing(open_store(str(tmp_path / "evals.db"), None, Clock())) as store:
        found = [simulate_review(store, number) for number in range(_REVIEWS)]
    errors = [review.estimate - review.truth for review in found]
    assert abs(statistics.fmean(errors)) <= 4 * statistics.stdev(errors) / math.sqrt(_REVIEWS)
    covered = statistics.fmean(review.is_covered for review in found)
    assert covered >= 0.93 - 4 * math.sqrt(0.93 * 0.07 / _REVIEWS)

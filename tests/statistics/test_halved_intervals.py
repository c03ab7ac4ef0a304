"""The labels that halve the interval of a rate."""

from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.models.agreement import Estimate
from evals_mcp.statistics.clustered import wilson
from evals_mcp.statistics.halved_intervals import more_for_half


@given(st.integers(1, 2_000), st.floats(0, 1), st.sampled_from([1.0, 1.5, 3.0]))
def test_so_many_more_labels_halve_the_interval(labels: int, rate: float, repeats: float) -> None:
    """At the same rate, and with labels that repeat by datapoint as before; one label less does not."""
    low, high = wilson(rate, labels / repeats)
    more = more_for_half(Estimate(value=rate, low=low, high=high), labels)
    assert more is not None
    half = (high - low) / 2
    after, before = (wilson(rate, (labels + count) / repeats) for count in (more, more - 1))
    assert after[1] - after[0] <= half * (1 + 1e-4)
    assert before[1] - before[0] >= half * (1 - 1e-4)


def test_a_rate_without_an_interval_tells_nothing() -> None:
    """Neither does one whose bounds are equal."""
    assert more_for_half(Estimate(value=0.5), 3) is None
    assert more_for_half(Estimate(value=0.5, low=0.5, high=0.5), 3) is None

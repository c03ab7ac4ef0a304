"""The test of two rates that cannot be paired."""

import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.statistics.unpaired import fisher_exact


@given(st.data(), st.integers(1, 300), st.integers(1, 300))
def test_p_is_that_of_scipy(data: st.DataObject, first: int, second: int) -> None:
    """For all small tables."""
    true = data.draw(st.integers(0, first)), data.draw(st.integers(0, second))
    table = [[true[0], first - true[0]], [true[1], second - true[1]]]
    expected = scipy.stats.fisher_exact(table).pvalue
    assert fisher_exact(true, (first, second)) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_sides_do_not_matter() -> None:
    """Swapping the samples changes nothing."""
    assert fisher_exact((8, 0), (8, 8)) == pytest.approx(fisher_exact((0, 8), (8, 8)))
    assert fisher_exact((8, 0), (8, 8)) == pytest.approx(0.000155, rel=0.01)

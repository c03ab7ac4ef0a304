"""Where a difference sits: p as SciPy has it, each group once, and what cannot be tested."""

import numpy as np
import pytest
import scipy

from evals_mcp.statistics.distributions import student_tail
from evals_mcp.statistics.located_differences import locate


@pytest.mark.parametrize("freedom", [1.0, 2.5, 17.3, 400.0, 12_000.7])
@pytest.mark.parametrize("statistic", [0.0, 0.3, 1.0, 1.96, 4.2, 15.0])
def test_student_tail_is_scipys(statistic: float, freedom: float) -> None:
    """Two-sided p of Student's t, also with fractions of degrees."""
    assert student_tail(statistic, freedom) == pytest.approx(
        2 * scipy.stats.t.sf(statistic, freedom), abs=1e-12, rel=1e-9
    )


def test_the_judges_differ_where_they_do() -> None:
    """11 better and none worse of 134 beside 9 and 6 of 285: p is the larger of Welch's and McNemar's, times groups."""
    inside = np.repeat([1.0, 0.0], [11, 123])
    outside = np.repeat([1.0, -1.0, 0.0], [9, 6, 270])
    both, codes = np.concatenate((inside, outside)), np.repeat([1, 0], [134, 285])
    (found,) = locate({"c": both}, {"c": [codes, codes]})
    welch = scipy.stats.ttest_ind(inside, outside, equal_var=False).pvalue
    own = scipy.stats.binomtest(11, 11).pvalue
    assert found.adjusted_p == pytest.approx(2 * max(welch, own), abs=1e-12)  # both groups of the field can be tested
    assert (found.field, found.code, found.pairs, found.others) == (0, 1, 134, 285)
    assert found.rest_p == pytest.approx(scipy.stats.binomtest(9, 15).pvalue)


def test_groups_that_cannot_differ_are_not_tested() -> None:
    """A group of nearly all, few changed pairs, and no pairs at all."""
    assert locate({"c": np.ones(20)}, {"c": [np.repeat([0, 1], [17, 3])]}) == []
    assert locate({"c": np.repeat([1.0, 0.0], [3, 97])}, {"c": [np.repeat([0, 1], [50, 50])]}) == []
    assert locate({"c": np.array([])}, {"c": [np.array([], dtype=int)]}) == []

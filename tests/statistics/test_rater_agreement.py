"""Agreement of raters against statsmodels, scikit-learn, published examples, and sums written out."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.models.agreement import Estimate
from evals_mcp.statistics.clustered import wilson
from evals_mcp.statistics.rater_agreement import (
    JudgedTwice,
    Ratings,
    cohens_kappa,
    judged_twice,
    krippendorffs_alpha,
    raw_agreement,
)

# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C: four observers, twelve units, gaps.
_OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def _pair(first: list[float], second: list[float]) -> JudgedTwice:
    amount = np.arange(len(first))
    return JudgedTwice(np.array(first), np.array(second), np.ones(len(first)), amount, len(first))


def _width(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


def _published() -> tuple[Any, Any]:
    rows = [
        (unit, float(value)) for observer in _OBSERVERS for unit, value in enumerate(observer.split()) if value != "."
    ]
    logs, values = zip(*rows, strict=True)
    return np.array(logs), np.array(values)


def _alpha_by_pairs(logs: Any, values: Any, *, interval: bool) -> float:
    """Alpha by its definition: a coincidence of each two judgments of a log, against all pairs of judgments."""
    units = [values[logs == log] for log in np.unique(logs) if (logs == log).sum() > 1]
    every = np.concatenate(units)

    def apart(one: float, other: float) -> float:
        return (one - other) ** 2 if interval else float(one != other)

    observed = sum(
        sum(apart(one, other) for one, other in itertools.permutations(unit.tolist(), 2)) / (len(unit) - 1)
        for unit in units
    )
    expected = sum(apart(one, other) for one, other in itertools.permutations(every.tolist(), 2))
    return 1 - (len(every) - 1) * observed / expected


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_kappa_and_its_error_are_those_of_scikit_learn_and_statsmodels(pairs: list[tuple[int, int]]) -> None:
    """The coefficient equals both, and the error that of Fleiss, Cohen and Everitt."""
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import cohens_kappa as kappa_of_statsmodels

    first, second = ([float(value) for value in side] for side in zip(*pairs, strict=True))
    found = cohens_kappa(_pair(first, second))
    codes = sorted({*first, *second})
    if len(codes) == 1:
        assert found is None
        return
    assert found is not None
    estimate, error = found
    assert estimate.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)
    table = np.array([[sum(pair == (one, other) for pair in pairs) for other in codes] for one in codes])
    with np.errstate(all="ignore"):  # its test divides by 0 where one rater is constant
        theirs = kappa_of_statsmodels(table)
    assert estimate.value == pytest.approx(theirs.kappa, abs=1e-9)
    assert error == pytest.approx(math.sqrt(max(0.0, theirs.var_kappa)), abs=1e-6)
    if estimate.low is not None and estimate.high is not None:
        assert -1 <= estimate.low <= estimate.value + 1e-12
        assert estimate.value - 1e-12 <= estimate.high <= 1


@given(st.integers(1, 300), st.data())
def test_the_interval_of_raw_agreement_is_wilsons(amount: int, data: st.DataObject) -> None:
    """One log for each datapoint: the interval equals that of statsmodels, also at none and all."""
    from statsmodels.stats.proportion import proportion_confint

    equal = data.draw(st.integers(0, amount))
    estimate = raw_agreement(_pair([1.0] * amount, [1.0] * equal + [0.0] * (amount - equal)))
    low, high = proportion_confint(equal, amount, method="wilson")
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((equal / amount, low, high), abs=1e-9)
    assert wilson(equal / amount, amount) == pytest.approx((low, high), abs=1e-9)


def test_alpha_equals_the_published_examples() -> None:
    """Krippendorff 2011: nominal 0.743 and interval 0.849 for the same reliability data with gaps."""
    logs, values = _published()
    for interval, published in ((False, 0.743), (True, 0.849)):
        found = krippendorffs_alpha(logs, values, logs, interval=interval)
        assert found is not None
        assert found[0].value == pytest.approx(published, abs=5e-4)
        assert found[0].value == pytest.approx(_alpha_by_pairs(logs, values, interval=interval), abs=1e-9)


def test_alpha_of_two_observers_equals_the_published_example() -> None:
    """Krippendorff 2011, section A: two observers, ten units, binary data: 0.095."""
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    logs = np.tile(np.arange(10), 2)
    found = krippendorffs_alpha(logs, np.array([*first, *second], dtype=float), logs, interval=False)
    assert found is not None
    # By hand: 4 of 10 units differ, so 8 of 20 coincidences; 14 zeros and 6 ones, so 168 of 380 by chance.
    assert found[0].value == pytest.approx(1 - (8 / 20) / (168 / 380), abs=1e-12)
    assert found[0].value == pytest.approx(0.095, abs=5e-4)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=3, max_size=25), st.booleans())
def test_alpha_is_what_its_definition_says(rows: list[tuple[int, int]], interval: bool) -> None:
    """Any gaps: alpha equals the sums over all pairs; none is given where nothing is paired, or all is equal."""
    logs, values = np.array([log for log, _ in rows]), np.array([float(value) for _, value in rows])
    found = krippendorffs_alpha(logs, values, logs, interval=interval)
    paired = [value for log, value in rows if (logs == log).sum() > 1]
    if len(set(paired)) < 2:
        assert found is None
    else:
        assert found is not None
        assert found[0].value == pytest.approx(_alpha_by_pairs(logs, values, interval=interval), abs=1e-9)


def test_errors_are_by_datapoint() -> None:
    """Each log twice for its datapoint: the figures stay, and the interval is as wide as with one of them."""
    rng = np.random.default_rng(5)
    first = rng.integers(0, 2, 200).astype(float)
    second = np.where(rng.random(200) < 0.8, first, 1 - first)
    once = _pair(first.tolist(), second.tolist())
    points = np.tile(np.arange(200), 2)
    twice = JudgedTwice(np.tile(first, 2), np.tile(second, 2), np.ones(400), points, 400)
    for one, two in (
        (raw_agreement(once), raw_agreement(twice)),
        (cohens_kappa(once), cohens_kappa(twice)),
    ):
        before, after = (item[0] if isinstance(item, tuple) else item for item in (one, two))
        assert before is not None
        assert after is not None
        assert after.value == pytest.approx(before.value)
        assert _width(after) == pytest.approx(_width(before), rel=0.01)


def test_a_log_of_several_authors_counts_once() -> None:
    """Two authors who differ on a log are half an agreement each; a log weighs 1."""

    def ratings(rows: list[tuple[int, int, float]]) -> Ratings:
        logs, authors, values = (np.array(column) for column in zip(*rows, strict=True))
        return Ratings(logs, logs, np.zeros(len(rows), dtype=int), authors, values)

    people = ratings([(1, 0, 1.0), (1, 1, 0.0), (2, 0, 1.0), (4, 0, 0.0)])
    judge = ratings([(4, 0, 0.0), (1, 0, 1.0), (3, 0, 1.0)])
    pair = judged_twice(people, judge)
    assert pair.logs == 2
    assert raw_agreement(pair).value == pytest.approx(0.75)
    assert people.per_log().values.tolist() == [0.5, 1.0, 0.0]


def test_agreement_that_chance_explains_gives_no_false_figure() -> None:
    """All equal: no kappa and no alpha. A constant judge: kappa is 0. Perfect agreement: its lower bound is below 1."""
    assert cohens_kappa(_pair([1.0] * 9, [1.0] * 9)) is None
    constant = cohens_kappa(_pair([1.0] * 9, [1.0] * 6 + [0.0] * 3))
    assert constant is not None
    assert constant[0].value == pytest.approx(0, abs=1e-12)
    perfect = cohens_kappa(_pair([1.0, 0.0] * 10, [1.0, 0.0] * 10))
    assert perfect is not None
    assert perfect[0].value == 1
    assert perfect[0].low is not None
    assert 0.5 < perfect[0].low < 0.8

"""The even sample: its balance and what leaves it unchanged."""

import math
import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.statistics.even_samples import even_sample

from evals_mcp.statistics.sampling import BINS, Judgment

judgments = st.one_of(
    st.booleans(),
    st.integers(1, 5),
    st.floats(),
    st.sampled_from(["a", "b"]),
    st.lists(st.sampled_from("xy")),
    st.none(),
)
items = st.dictionaries(st.text(max_size=6), judgments, max_size=40)


@settings(max_examples=60, deadline=None)
@given(items, st.integers(0, 50), st.randoms(use_true_random=False))
def test_the_sample_does_not_depend_on_the_order(judged: dict[str, Judgment], size: int, chance: random.Random) -> None:
    """The same judgments in any order give the same sample, as large as asked or all there is, each once."""
    rows = list(judged.items())
    sample = even_sample(rows, size)
    chance.shuffle(rows)
    assert even_sample(rows, size) == sample
    assert len(sample) == len(set(sample)) == min(size, len(judged))
    assert set(sample) <= set(judged)


@settings(max_examples=40, deadline=None)
@given(items, st.integers(0, 40))
def test_a_smaller_sample_begins_a_larger_one(judged: dict[str, Judgment], size: int) -> None:
    """Asking for more keeps what was seen."""
    assert even_sample(judged.items(), size + 1)[:size] == even_sample(judged.items(), size)


def test_rare_judgments_are_as_many_as_frequent_ones() -> None:
    """Of 1,000 passes and 12 failures, ten of each are shown."""
    judged = {f"log_{i}": i >= 12 for i in range(1012)}
    assert Counter(judged[key] for key in even_sample(judged.items(), 20)) == {True: 10, False: 10}


def test_both_ends_come_first() -> None:
    """The lowest, the highest, then the middle; those without judgment last."""
    judged: dict[str, Judgment] = {"none": None, "nan": math.nan}
    judged |= {str(i): float(i) for i in range(1, 6)}
    assert even_sample(judged.items(), 7) == ["1", "5", "3", "2", "4", "nan", "none"]


def test_many_numbers_are_cut_into_bins() -> None:
    """A sample of as many as there are bins takes one number from each part of the distribution."""
    judged = {f"log_{i}": math.exp(i / 100) for i in range(800)}
    sample = even_sample(judged.items(), BINS)
    assert sorted(int(key.removeprefix("log_")) // 100 for key in sample) == list(range(BINS))


def test_free_text_is_one_group() -> None:
    """Texts that all differ are drawn by hash, not by alphabet."""
    judged = {f"log_{i}": f"text {i:04}" for i in range(1000)}
    places = [int(key.removeprefix("log_")) for key in even_sample(judged.items(), 100)]
    assert 350 < sum(places) / len(places) < 650


def test_an_added_item_displaces_at_most_one() -> None:
    """Adding one judgment changes at most one place of the sample."""
    judged = {f"log_{i}": i % 3 for i in range(300)}
    before = set(even_sample(judged.items(), 30))
    for i in range(300, 340):
        assert len(before - set(even_sample((judged | {f"log_{i}": i % 3}).items(), 30))) <= 1


def test_numbers_shift_their_bins_little() -> None:
    """With one more number most of the sample stays."""
    judged = {f"log_{i}": i / 7 for i in range(300)}
    before = set(even_sample(judged.items(), 30))
    assert len(before & set(even_sample((judged | {"new": 11.1}).items(), 30))) >= 22


def test_another_seed_is_another_sample() -> None:
    """The seed alone changes the choice."""
    judged = {f"log_{i}": True for i in range(300)}
    assert even_sample(judged.items(), 30, seed=1) != even_sample(judged.items(), 30, seed=2)


def test_the_choice_is_the_same_everywhere() -> None:
    """The hash is a published one, so a sample can be quoted."""
    judged = {f"log_{i}": i % 2 == 0 for i in range(100)}
    assert even_sample(judged.items(), 4, seed=7) == ["log_83", "log_58", "log_61", "log_0"]

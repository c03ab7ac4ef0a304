"""Counting equal results."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.importers.occurrences import Occurrences
from evals_mcp.models.ids import base62

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@given(st.lists(st.text(max_size=3)))
def test_each_key_gets_the_number_of_its_earlier_occurrences(keys: list[str]) -> None:
    """Keys do not count for one another, whatever their order."""
    occurrences, before = Occurrences(), Counter[str]()
    for key in keys:
        assert occurrences.count(key) == before[key]
        before[key] += 1


@given(st.integers(min_value=0, max_value=2**125 - 1))
def test_base_62_gives_the_number_back(number: int) -> None:
    """21 digits, the lowest first: ids that exist depend on it."""
    digits = base62(number)

    assert len(digits) == 21
    assert sum(_DIGITS.index(digit) * 62**place for place, digit in enumerate(digits)) == number

"""What is storable, and what is not."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.models.json_values import DEEPEST_JSON, storable

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    lambda below: (
        st.lists(below) | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), below)
    ),
    max_leaves=10,
)


@settings(max_examples=60)
@given(_json)
def test_json_is_storable_as_it_is(value: Any) -> None:
    """Whatever it is."""
    assert storable(value) == value


def test_tuples_become_lists_and_names_text() -> None:
    """As JSON writes them."""
    assert storable({1: ("a",)}) == {"1": ["a"]}
    assert storable("\\u0000") == "\\u0000"


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, "\x00", {"\x00": 1}, ["\ud800"], b"x", {1, 2}, object(), {(1,): 2}]
)
def test_the_rest_is_refused(value: Any) -> None:
    """By a ValueError, whatever it is."""
    with pytest.raises(ValueError, match=r"."):
        storable(value)


def test_depth_has_a_limit() -> None:
    """One that readers of JSON can follow."""
    deep: Any = 1
    for _ in range(DEEPEST_JSON - 1):
        deep = [deep]
    storable(deep)
    for deeper in ([deep], [[[deep]]]):
        with pytest.raises(ValueError, match="levels"):
            storable(deeper)
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="JSON"):
        storable(deep)

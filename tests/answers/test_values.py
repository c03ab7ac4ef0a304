import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.answers.values import compact_value, size

_TEXT = st.text(max_size=30) | st.text('"\\\n|{}[],: \u202e\u200b\x1b…§', max_size=12)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_TEXT, inner, max_size=4)
        | st.lists(st.fixed_dictionaries({"role": _TEXT, "content": inner}), min_size=1, max_size=3)
    ),
    max_leaves=12,
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@given(_VALUES, st.none() | st.integers(0, 200))
@settings(max_examples=200)
def test_nothing_of_a_value_escapes_its_quotes(value: object, limit: int | None) -> None:
    """Whatever the texts of a value are, the result is one line, all of it visible, and texts stay in quotes."""
    shown = compact_value(value, limit)
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    ours = _QUOTED.sub("", shown)
    assert '"' not in ours
    assert not set(ours) & set("\\|…§")


def test_values_read_like_words() -> None:
    """Inputs, targets and lists are shown without the noise of JSON."""
    assert compact_value({"question": "Is it free?"}) == 'question: "Is it free?"'
    assert compact_value({"a b: c": {"n": [1, 2.5, {"deep": None}]}}) == '"a b: c": {n: [1, 2.5, {deep: null}]}'
    assert compact_value(["x", True, 0.1 + 0.2, float("nan")]) == '["x", true, 0.3, not a number]'
    bare: tuple[object, ...] = ({}, [], "", None, 7)
    assert [compact_value(value) for value in bare] == ["{}", "[]", '""', "null", "7"]


def test_messages_are_shown_by_role() -> None:
    """A chat is who said what; text parts are joined, and fields without content are dropped."""
    chat = [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}]},
        {"role": "assistant", "content": "Hello", "tool_calls": [], "name": None},
        {"role": "tool: x", "content": "42", "tool_call_id": "c1"},
    ]
    shown = r'user: "Hi\nthere", assistant: "Hello", "tool: x": "42", "tool: x" tool_call_id: "c1"'
    assert compact_value(chat) == shown


def test_short_parts_stay_whole_beside_long_ones() -> None:
    """The limit is shared so that the question is not cut for the sake of its context."""
    shown = compact_value({"context": "c" * 5_000, "question": "How much is it?"}, 100)
    assert 'question: "How much is it?"' in shown
    assert re.search(r'context: "c{55,65}…" \(\+4,9\d\d characters\)', shown)


@pytest.mark.parametrize("limit", [0, 1, 50, 400])
def test_large_values_are_cut_to_size(limit: int) -> None:
    """Many parts, long keys, huge numbers and deep nesting all stay near the limit, and what is left out is counted."""
    deep: object = "x"
    for _ in range(500):
        deep = {"k": deep, "more": ["y" * 100] * 3}
    wide = {f"key{i}": "v" * 50 for i in range(900)}
    values: tuple[object, ...] = (deep, wide, list(range(5_000)), 10**4_000, {"k" * 9_000: 1})
    for value in values:
        shown = compact_value(value, limit)
        assert "more)" in shown or "characters)" in shown
        assert len(shown) < 400 + 8 * limit


@given(_VALUES)
def test_a_limit_of_its_size_shows_a_value_whole(value: object) -> None:
    """`size` is the limit with which nothing is cut."""
    assert compact_value(value, size(value, 10**9)) == compact_value(value)


def test_size_stops_counting_at_its_cap() -> None:
    """Huge values are measured only as far as it matters."""
    assert size(["x" * 10] * 10**6, 100) < 200

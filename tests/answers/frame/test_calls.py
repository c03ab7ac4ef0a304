import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.answers.frame.calls import decode, encode
from evals_mcp.errors import Invalid

_STATES = st.lists(st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20), max_size=4)
_QUESTIONS = st.dictionaries(
    st.sampled_from(["evaluation", "runs", "sort", "errors_only"]),
    st.none() | st.booleans() | st.text(max_size=10) | st.lists(st.text(max_size=5), max_size=3),
)


@given(_STATES, _QUESTIONS)
def test_a_cursor_brings_its_state_back(state: list[object], question: dict[str, object]) -> None:
    """The same question gets the state, in any order of arguments, and an empty argument is an absent one."""
    cursor = encode(state, question)
    assert decode(cursor, dict(reversed(question.items()))) == state
    assert decode(cursor, {**question, "more": None}) == state
    assert cursor.isascii()
    assert not set(cursor) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@given(_STATES, _QUESTIONS, _QUESTIONS)
def test_a_cursor_of_another_question_is_refused(
    state: list[object], question: dict[str, object], other: dict[str, object]
) -> None:
    """Other filters would make the place of a cursor meaningless."""
    cursor = encode(state, question)
    if {k: v for k, v in question.items() if v} != {k: v for k, v in other.items() if v}:
        with pytest.raises(Invalid, match="belongs to another call"):
            decode(cursor, other)


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True) | st.just("A" * 1_000_000))
@settings(max_examples=200)
def test_any_other_text_is_refused_alike(cursor: str) -> None:
    """Garbage is the caller's mistake and never an accident of ours."""
    with pytest.raises(Invalid, match="Omit it"):
        decode(cursor, {})


def test_a_changed_cursor_is_refused() -> None:
    """A cursor cannot be edited into another place."""
    cursor = encode(["log_a", 3], {"evaluation": "evr_1"})
    for place in range(len(cursor)):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(Invalid):
            decode(changed, {"evaluation": "evr_1"})


def test_a_cursor_is_short() -> None:
    """The state of a list costs a model few tokens."""
    assert len(encode(["log_0123456789abcdef"], {"evaluation": "evr_1"})) < 45

"""The estimate against the tokenizers themselves: never below either of them, whatever the text."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text_kinds import KINDS

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.answers.frame.vocabularies import Counts, Words


@given(kind=st.sampled_from(sorted(KINDS)), data=st.data())
@settings(max_examples=100)
def test_no_kind_of_text_is_underestimated(kind: str, real_tokens: Callable[[str], int], data: st.DataObject) -> None:
    """Short texts, in which nothing makes up for a count that is too small; tests/slow has 40 of each kind."""
    text = data.draw(KINDS[kind])
    assert real_tokens(text) <= estimate(text)


@pytest.mark.parametrize(
    "text", ["࿐", "크", "高认", "들크", "ု.s", "𒐇𒐉83", "×\x91ݛņ", " \u2003\x1c\xa0", "\t\t𮔆", "الله"]
)
@pytest.mark.parametrize("times", [1, 2, 7, 200])
def test_texts_that_part_characters_are_not_underestimated(
    text: str, times: int, real_tokens: Callable[[str], int]
) -> None:
    """Where a token begins or ends within a character, or where signs and blanks are joined across characters."""
    assert real_tokens(text * times) <= estimate(text * times)


@given(st.text(max_size=300))
@settings(max_examples=10)
def test_counts_are_the_same_when_they_are_remembered(text: str) -> None:
    """What was asked before changes no count, also when it has been forgotten."""
    words = Words()
    parts = text.replace("\n", " \n").split(" ")
    first = [words[part] for part in parts]
    assert [words[part] for part in parts] == first
    words.clear()
    assert [words[part] for part in parts] == first


def test_memory_is_bounded() -> None:
    """Long words are not remembered, and too many short ones are forgotten."""
    counts = Counts()
    assert [counts.remember(text, 7) for text in ("a" * 129, "a")] == [7, 7]
    assert list(counts) == ["a"]
    for number in range(100_000):
        counts.remember(str(number), 1)
    assert len(counts) <= 40_000

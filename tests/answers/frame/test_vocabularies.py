"""The estimate against the tokenizers themselves: never below either of them, whatever the text."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text_kinds import BLOCKS, KINDS

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.answers.frame.vocabularies import Counts, Words

_EXAMPLES = 10  # tests/slow has more


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=_EXAMPLES)
def test_no_kind_of_text_is_underestimated(kind: str, real_tokens: Callable[[str], int], data: st.DataObject) -> None:
    """Short texts of each kind, in which nothing makes up for a count that is too small."""
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


def test_no_character_is_underestimated(real_tokens: Callable[[str], int]) -> None:
    """Characters of every block by themselves, behind a space, behind a letter, and beside a neighbour."""
    for block in BLOCKS:
        for left, right in list(pairwise(block))[::7]:
            for text in (left, f" {left}", f"a{left}", left + right):
                assert real_tokens(text) <= estimate(text), ascii(text)


def test_the_lists_are_those_of_the_tokenizers(real_tokens: Callable[[str], int]) -> None:
    """`python scripts/token_lists.py` would write what is there."""
    from scripts.token_lists import outdated

    assert [path.name for path, _ in outdated()] == []


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

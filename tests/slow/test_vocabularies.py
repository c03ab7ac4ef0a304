"""More texts than tests/answers has, whose tokens the estimate must not undercount, and the lists that it reads."""

import os
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text_kinds import BLOCKS, KINDS

from evals_mcp.answers.frame.tokens import estimate

_EXAMPLES = int(os.environ.get("EVALS_MCP_EXAMPLES", "40"))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=_EXAMPLES)
def test_no_kind_of_text_is_underestimated(kind: str, real_tokens: Callable[[str], int], data: st.DataObject) -> None:
    """By neither tokenizer."""
    text = data.draw(KINDS[kind])
    assert real_tokens(text) <= estimate(text)


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

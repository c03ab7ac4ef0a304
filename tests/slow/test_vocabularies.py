"""More short texts of each kind than tests/answers has, whose tokens the estimate must not undercount."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text_kinds import KINDS

from evals_mcp.answers.frame.tokens import estimate

_EXAMPLES = int(os.environ.get("EVALS_MCP_EXAMPLES", "40"))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=_EXAMPLES)
def test_no_kind_of_text_is_underestimated(kind: str, real_tokens: Callable[[str], int], data: st.DataObject) -> None:
    """By neither tokenizer."""
    text = data.draw(KINDS[kind])
    assert real_tokens(text) <= estimate(text)

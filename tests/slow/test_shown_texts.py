"""Texts in answers are whole or say exactly what they leave out, in budgets between those of the default suite."""

from collections.abc import Mapping

import pytest
from tests.assistant import Assistant
from tests.tools.test_shown_texts import (
    ASKED,
    Texts,
    anyio_backend,
    assistant,
    check_pages,
    check_single_logs,
    texts,
)

__all__ = ["anyio_backend", "assistant", "texts"]

pytestmark = pytest.mark.anyio
_BETWEEN = [700, 1_500, 4_000]


@pytest.mark.parametrize("budget", _BETWEEN)
@pytest.mark.parametrize(("tool", "arguments"), ASKED)
async def test_a_text_is_whole_or_says_exactly_how_much_is_left_out(
    assistant: Assistant, texts: Texts, tool: str, arguments: Mapping[str, object], budget: int
) -> None:
    """No text ends without a mark where it goes on, and each number is that of the characters left out."""
    await check_pages(assistant, texts, tool, arguments, budget)


@pytest.mark.parametrize("budget", _BETWEEN)
async def test_a_log_read_by_itself_is_cut_as_honestly(assistant: Assistant, texts: Texts, budget: int) -> None:
    """Also in get_log, alone and beside another."""
    await check_single_logs(assistant, texts, budget)

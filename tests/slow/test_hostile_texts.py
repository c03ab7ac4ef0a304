"""The tests of hostile texts with each of the texts; tests/tools has some."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.tools.test_hostile_texts import (
    HOSTILE,
    Evil,
    hostile_evaluation,
    test_hostile_text_never_leaves_its_quotes,
    test_prompts_hold_it_too,
    test_resources_and_suggestions_hold_it_too,
)

pytestmark = pytest.mark.anyio

__all__ = [
    "test_hostile_text_never_leaves_its_quotes",
    "test_prompts_hold_it_too",
    "test_resources_and_suggestions_hold_it_too",
]


@pytest.fixture(params=list(HOSTILE), ids=[word.replace(" ", "-") for word in HOSTILE])
async def evil(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Evil]:
    """A hostile evaluation."""
    async with hostile_evaluation(HOSTILE[request.param], tmp_path) as made:
        yield made

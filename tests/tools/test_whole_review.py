"""A review from set-up to undo, in process."""

from contextlib import closing
from pathlib import Path

import pytest
from mcp.types import TextResourceContents
from tests.e2e.in_process import connect
from tests.e2e.stdio import environ
from tests.recount import check_counts
from tests.whole_review import review

from evals_mcp.store.store import open_store

pytestmark = pytest.mark.anyio


async def test_every_figure_of_a_review_equals_a_recount(tmp_path: Path) -> None:
    """Progress, agreement, rates and counts of runs, and the journal, after each label, correction, undo and repeat."""
    path = tmp_path / "evals.db"
    async with connect(environ(EVALS_MCP_DATABASE=str(path), EVALS_MCP_ACTOR="Zoë")) as assistant:

        async def read_journal() -> str:
            (content,) = (await assistant.host.read_resource("evals://journal")).contents
            assert isinstance(content, TextResourceContents)
            assert " | Zoë | label_logs | " in content.text
            return content.text

        await review(assistant.ask, read_journal, path)
    with closing(open_store(str(path))) as store:
        check_counts(store)

"""A review from set-up to undo, through a server in a process of its own."""

from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.e2e.stdio import ERAS, Wire
from tests.recount import check_counts
from tests.whole_review import review

from evals_mcp.store.store import open_store


@pytest.mark.parametrize("era", ERAS)
def test_every_figure_of_a_review_over_stdio_equals_a_recount(tmp_path: Path, era: str) -> None:
    """In both eras of the protocol; a figure is right as soon as an answer has it."""
    path = tmp_path / "evals.db"
    with Wire({"EVALS_MCP_DATABASE": str(path)}, era=era) as wire:

        async def ask(tool: str, **arguments: Any) -> str:
            return wire.answer(tool, **arguments)

        async def read_journal() -> str:
            (content,) = wire.request("resources/read", {"uri": "evals://journal"})["result"]["contents"]
            return str(content["text"])

        anyio.run(review, ask, read_journal, path)
    with closing(open_store(str(path))) as store:
        check_counts(store)

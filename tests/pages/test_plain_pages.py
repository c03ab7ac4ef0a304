"""Pages without scripts: what they say is what the tools say."""

import re
from pathlib import Path

import pytest
from tests.small_evaluations import make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.pages.plain_pages import evaluations_page
from evals_mcp.tools.list_evaluations import list_evaluations
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio


async def _page(client: EvalsClient) -> str:
    rows = await client.reviews.list_evaluations(None, limit=10, offset=0)
    return evaluations_page(rows, "", 0, 10, signed_in=False)


async def test_only_an_evaluator_with_a_direction_has_a_best_run(tmp_path: Path) -> None:
    """The headline is that of list_evaluations, with the numbers judged; evaluators go by their names."""
    async with build_client(Settings(database=str(tmp_path / "evals.db"))) as client:
        made = await make_evaluation(client, "Stars", stars={"return_type": "number"})
        await made.run("v1", [("a", {"small/stars": 2}), ("b", {"small/stars": 3})])
        await made.run("v2", [("a", {"small/stars": 4}), ("b", {"small/stars": 5})])
        cells = re.findall(r"<td>(.*?)</td>", await _page(client))
        assert "stars: highest v2 4.50, lowest v1 2.50 (n=2)" in cells
        assert "stars" in cells
        answer = await list_evaluations(Lookup(client))
        assert [cell for cell in cells if cell.startswith("stars") and cell not in answer] == []

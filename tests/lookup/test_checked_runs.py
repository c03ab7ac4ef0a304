"""Checks of runs on SQLite, on PostgreSQL, and through a mirror of a server without our routes."""

from pathlib import Path
from typing import Any

import pytest
from tests.documented_only import documented_client, mirror_of
from tests.serving.administration import create_workspace

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.errors import EvalsError
from evals_mcp.lookup.checked_runs import check_runs
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.variables import is_postgresql, with_workspace
from evals_mcp.wiring import build_client, open_embedded_app

pytestmark = pytest.mark.anyio
SAMPLE = "Which prompt answers tickets"
REQUIRED = {
    "policy_correct not worse by 0.05": ("failed", 39),
    "pass not worse by 0.05": ("failed", 40),
    "pass >= 0.3": ("passed", 40),
    "errors <= 0.2": ("passed", 40),
    "errors better": ("cannot tell", 40),
    "helpfulness not worse by 1 sd": ("passed", 38),
    "latency not worse by 10%": ("passed", 39),
}


async def test_every_kind_of_server_gives_the_same_results(database_address: str) -> None:
    """Each requirement has the same result and as many pairs, wherever the rows come from."""
    if is_postgresql(database_address):
        create_workspace(database_address, "checked")
    app = open_embedded_app(with_workspace(database_address, "checked"))
    client, foreign = EvalsClient(open_app=lambda: app), documented_client(app)
    await load_sample(client, read_sample())
    found = []
    for lookup in (Lookup(client), Lookup(foreign, mirror=mirror_of(foreign))):
        checked = await check_runs(lookup, SAMPLE, list(REQUIRED), candidate="v2-concise")
        assert checked.met == "failed"
        assert {item.requirement.text: (item.result.met, item.result.amount) for item in checked.checked} == REQUIRED
        found.append([item.result for item in checked.checked])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"candidate": "v1"}, "this is the baseline"),
        ({"candidate": "v9"}, "no run is named"),
        ({"where": ["run=v1"]}, "compare_runs takes its runs from"),
        ({"where": ["length>5"]}, "Name the side"),
    ],
)
async def test_runs_that_cannot_be_checked_are_refused(
    sample_database: Path, options: dict[str, Any], words: str
) -> None:
    """The sentence says what to write instead."""
    async with build_client(Settings(database=str(sample_database))) as client:
        with pytest.raises(EvalsError, match=words):
            await check_runs(Lookup(client), SAMPLE, ["pass better"], **options)

"""Names for prompts as hosts deliver them: whole, or split at blanks, with quotes in pieces and the rest dropped."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mcp.types import TextContent

from evals_mcp.config import Settings
from evals_mcp.mcp.prompts import PROMPTS
from evals_mcp.mcp.typed_names import read_typed_names
from evals_mcp.wiring import build_mcp_server
from mcp import Client

pytestmark = pytest.mark.anyio
SAMPLE = "Which prompt answers tickets"


@pytest.fixture(params=["legacy", "2026-07-28"])
async def client(request: pytest.FixtureRequest, sample_database: Path) -> AsyncIterator[Client]:
    """A client of a server on the sample."""
    async with Client(build_mcp_server(Settings(database=str(sample_database))), mode=request.param) as client:
        yield client


async def text_of(client: Client, name: str, typed: str) -> str:
    """The text of a prompt whose arguments a host split at blanks; it drops what is left over."""
    (prompt,) = [prompt for prompt in PROMPTS if prompt.name == name]
    given = dict(zip(prompt.arguments, typed.split(), strict=False))
    content = (await client.get_prompt(name, given)).messages[0].content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize(
    ("typed", "call"),
    [
        ('"Which prompt" v1 v2', 'compare_runs(evaluation="Which prompt", baseline="v1", candidates=["…"])'),
        ("Which prompt answers", 'compare_runs(evaluation="Which prompt answers", candidates=["…"])'),
        ("which prompt v1", 'compare_runs(evaluation="which prompt", baseline="v1", candidates=["…"])'),
        ('"Which', 'compare_runs(evaluation="Which", candidates=["…"])'),
        ("support/answer-ticket v1 v2", 'evaluation="support/answer-ticket", baseline="v1", candidates=["v2"])'),
    ],
)
async def test_names_that_were_split_are_joined(client: Client, typed: str, call: str) -> None:
    """The calls in the prompt can be made as they stand."""
    text = await text_of(client, "compare_two_runs", typed)
    assert call in text
    assert "Nothing, or more than one thing, is" not in text


async def test_the_model_is_told_that_words_may_have_been_dropped(client: Client) -> None:
    """The person named a candidate that never arrived; only a host that filled every argument dropped something."""
    told = 'may have dropped what followed "v1". If the person typed more, take the names from their words.'
    assert told in await text_of(client, "compare_two_runs", '"Which prompt" v1 v2')
    assert "dropped" not in await text_of(client, "compare_two_runs", "which v1")
    assert "dropped" not in await text_of(client, "compare_two_runs", "support/answer-ticket v1 v2")


async def test_the_model_is_told_to_find_a_name_that_nothing_has(client: Client) -> None:
    """It learns which, and which tool lists such names."""
    text = await text_of(client, "triage_failures", "Wich")
    assert 'is the evaluation "Wich".' in text
    assert "find the name that was meant with list_evaluations" in text
    text = await text_of(client, "triage_failures", "which v9")
    assert 'is the run "v9".' in text
    assert "find the name that was meant with list_runs" in text


async def test_names_of_hosts_that_do_not_split_stay_as_they_are(client: Client) -> None:
    """With blanks, with gaps between the arguments, and with quotes in them."""
    given = {"evaluation": SAMPLE, "baseline": "v1", "candidate": "v2"}
    content: Any = (await client.get_prompt("compare_two_runs", given)).messages[0].content
    assert f'compare_runs(evaluation="{SAMPLE}", baseline="v1", candidates=["v2"])' in content.text
    content = (await client.get_prompt("compare_two_runs", {"candidate": "v2"})).messages[0].content
    assert 'candidates=["v2"]' in content.text
    content = (await client.get_prompt("compare_two_runs", {"evaluation": 'a "b" c'})).messages[0].content
    assert 'evaluation="a \\"b\\" c"' in content.text


async def test_quotes_are_read_where_the_data_cannot_be(tmp_path: Path) -> None:
    """The prompt does not fail; the tools will say what is wrong with the data."""
    (tmp_path / "broken.db").write_bytes(b"no database, but long enough to look like one" * 100)
    async with Client(build_mcp_server(Settings(database=str(tmp_path / "broken.db")))) as client:
        text = await text_of(client, "compare_two_runs", '"Which prompt" v1 v2')
    assert 'compare_runs(evaluation="Which prompt", baseline="v1"' in text


async def test_without_names_nothing_is_read() -> None:
    """No lookup is needed for a prompt without arguments."""
    lookup: Any = None
    assert await read_typed_names(lookup, ["evaluation"], {"evaluation": " "}) == ({"evaluation": " "}, [])

"""The skill: served as SEP-2640 wants it, and each call, condition and name in it is one that the tools take."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from mcp.types import INVALID_PARAMS, Request, TextResourceContents
from pydantic import BaseModel, ConfigDict
from skillsaw.config import LinterConfig
from skillsaw.context import RepositoryContext
from skillsaw.linter import Linter
from tests.skill_pages import CALLS, CONDITIONS, FOLDER, PAGES, spans

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.errors import NotFound, Unavailable
from evals_mcp.lookup.filters import read_comparison_filter, read_filter
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.mcp.instructions import instructions
from evals_mcp.mcp.server import build_server
from evals_mcp.mcp.stdio import StdioServer
from evals_mcp.models.conditions import Operator
from evals_mcp.tools import TOOLS
from evals_mcp.wiring import build_client
from mcp import Client, MCPError

SAMPLE = "Which prompt answers tickets"
ADDRESS = "skill://review-evaluations/SKILL.md"
NOT_IN_THE_SAMPLE = {"signed"}
"""Fields in examples that the sample has not: it has no dates."""


@pytest.fixture(params=["legacy", "auto"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """A client at the server as stdio has it, over an API that cannot be reached."""

    def refuse() -> Any:
        raise Unavailable("The database cannot be opened.")

    late = build_server(EvalsClient(open_app=refuse), max_tokens=4_000, read_only=False)
    async with Client(StdioServer(lambda: late), mode=request.param) as client:
        yield client


class Answer(BaseModel):
    """An answer of any form."""

    model_config = ConfigDict(extra="allow")


async def ask(client: Client, method: str, **params: Any) -> dict[str, Any]:
    """The answer to a request, as it comes over the wire."""
    request = Request[dict[str, Any], str](method=method, params=params)
    answer = await client.session.send_request(request, Answer)
    return answer.model_dump()


async def read(client: Client, address: str) -> TextResourceContents:
    """The text at an address."""
    (content,) = (await client.read_resource(address)).contents
    assert isinstance(content, TextResourceContents)
    return content


@pytest.mark.anyio
async def test_the_extension_is_declared_in_both_eras(client: Client) -> None:
    """A host asks for skills only where they are declared."""
    declared = client.server_capabilities.extensions or {}
    assert declared["io.modelcontextprotocol/skills"] == {"directoryRead": True}


@pytest.mark.anyio
async def test_the_list_has_the_frontmatter_and_every_file_with_its_digest(client: Client) -> None:
    """A host needs no second request to show a skill, to ask a person about it, and to check what it reads later."""
    listed = await ask(client, "skills/list")
    assert (listed["ttlMs"], listed["cacheScope"]) == (0, "public")
    (skill,) = listed["skills"]
    assert (await ask(client, "skills/get", uri=ADDRESS))["skill"] == skill
    assert skill["uri"] == ADDRESS
    assert [file["uri"] for file in skill["resources"]] == [f"skill://{name}" for name in sorted(PAGES)]
    for file in skill["resources"]:
        content = await read(client, file["uri"])
        assert content.mime_type == "text/markdown"
        data = content.text.encode()
        assert file == {
            "uri": file["uri"],
            "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "size": len(data),
        }
        if file["uri"] == ADDRESS:
            assert yaml.safe_load(content.text.split("---")[1]) == skill["frontmatter"]


@pytest.mark.anyio
async def test_folders_list_their_files(client: Client) -> None:
    """From the root of the skill to its references."""
    root = (await ask(client, "resources/directory/read", uri="skill://review-evaluations"))["resources"]
    assert [(item["uri"], item["mimeType"]) for item in root] == [
        (ADDRESS, "text/markdown"),
        ("skill://review-evaluations/references", "inode/directory"),
    ]
    inside = (await ask(client, "resources/directory/read", uri="skill://review-evaluations/references"))["resources"]
    assert [item["name"] for item in inside] == ["error-analysis.md", "filters.md", "statistics.md"]


@pytest.mark.anyio
async def test_the_skill_is_among_the_resources_even_if_no_evaluation_can_be_listed(client: Client) -> None:
    """Some models see no more than this list. Its references are read from it, so they are not listed."""
    (listed,) = (await client.list_resources()).resources
    assert (listed.uri, listed.name, listed.mime_type) == (ADDRESS, "review-evaluations", "text/markdown")
    assert listed.description


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("skills/get", {"uri": "skill://other/SKILL.md"}),
        ("skills/get", {"uri": "skill://review-evaluations/references/filters.md"}),
        ("skills/get", {}),
        ("skills/list", {"cursor": "2"}),
        ("resources/directory/read", {"uri": ADDRESS}),
        ("resources/directory/read", {"uri": "skill:/"}),
        ("resources/directory/read", {"uri": "skill://review-evaluations/"}),
        ("resources/directory/read", {"uri": "skill://review-evaluations/references/.."}),
        ("resources/read", {"uri": "skill://review-evaluations/../../config.py"}),
        ("resources/read", {"uri": "skill://review-evaluations"}),
        ("resources/read", {"uri": "skill://" + "x" * 10_000}),
    ],
)
async def test_what_is_no_skill_is_refused_in_few_words(client: Client, method: str, params: dict[str, Any]) -> None:
    """Nothing but the files of the skills can be read."""
    with pytest.raises(MCPError) as refused:
        await ask(client, method, **params)
    assert refused.value.error.code == INVALID_PARAMS
    assert len(refused.value.error.message) < 300


def test_the_skill_follows_the_specification_of_agent_skills() -> None:
    """Its name is that of its folder, its description says when to use it, and its links lead to its files."""
    found = Linter(RepositoryContext(FOLDER), LinterConfig()).run()
    assert [str(problem) for problem in found if problem.severity.value != "info"] == []
    for name, text in PAGES.items():
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert f"{name.rsplit('/', 1)[0]}/{link}" in PAGES


def test_the_skill_costs_nothing_until_it_is_read(real_tokens: Callable[[str], int]) -> None:
    """The instructions name it in a few words, and each page is short enough to be read whole."""
    named = f" How to work: {ADDRESS}."
    for read_only in (False, True):
        assert named in instructions(read_only=read_only)
    assert real_tokens(named) <= 40
    assert {name: tokens for name, text in PAGES.items() if (tokens := real_tokens(text)) > 1_250} == {}


def test_the_pages_name_no_tool_that_does_not_exist() -> None:
    """Words in backticks that look like tools are tools, arguments or fields of answers that exist."""
    names = {tool.name for tool in TOOLS}
    arguments = {argument for tool in TOOLS for argument in tool.argument_names}
    known = names | arguments | {"policy_correct"}
    words = {span for text in PAGES.values() for span in spans(text) if re.fullmatch(r"[a-z]+(_[a-z]+)+", span)}
    assert words <= known
    assert {tool for tool, _ in CALLS} | {"next_to_review", "query", "list_evaluations"} <= names
    assert {tool.name for tool in TOOLS if tool.name in str(PAGES)} >= names - {"add_logs_to_run"}


def test_the_pages_name_every_operator_and_every_order_of_reviewing() -> None:
    """What is listed is listed whole."""
    filters = PAGES["review-evaluations/references/filters.md"].split("|")[0]
    assert {span for span in spans(filters) if re.fullmatch(r"[=!<>~]+", span)} == set(get_args(Operator))
    orders = _choices("next_to_review", "order")
    line = PAGES["review-evaluations/references/error-analysis.md"].split("Orders: ")[1].split(". ")[0]
    assert spans(line) == orders
    shown = {str(given["show"]) for tool, given in CALLS if tool == "list_runs" and "show" in given}
    assert shown | {"runs"} == set(_choices("list_runs", "show"))


def _choices(tool: str, argument: str) -> list[str]:
    path = Path(__file__).parents[1] / "snapshots" / "tools" / f"{tool}.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["inputSchema"]["properties"][argument]["enum"])


def test_every_call_in_the_pages_is_one_that_its_tool_takes() -> None:
    """tests/slow makes them."""
    assert len(CALLS) >= 25
    taken = {tool.name: set(tool.argument_names) for tool in TOOLS}
    assert [(tool, given) for tool, given in CALLS if not set(given) <= taken[tool]] == []


@pytest.mark.anyio
async def test_every_condition_in_the_pages_is_one_that_the_tools_read(sample_database: Path) -> None:
    """At the sample; what it has no field for is refused for that reason alone."""
    assert len(CONDITIONS) >= 40
    async with build_client(Settings(database=str(sample_database))) as client:
        lookup = Lookup(client)
        evaluation = await lookup.find_evaluation(SAMPLE)
        for condition in CONDITIONS:
            read = read_comparison_filter if condition.startswith(("baseline.", "candidate.")) else read_filter
            if re.split(r"[=<>!~]", condition)[0] in NOT_IN_THE_SAMPLE:
                with pytest.raises(NotFound, match="is named"):
                    await read(lookup, evaluation, [condition])
            else:
                assert await read(lookup, evaluation, [condition]) is not None

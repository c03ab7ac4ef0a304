"""What holds for every tool that is registered: names, hints, schemas, sizes."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.server.mcpserver import MCPServer

from evals_mcp.client.client import EvalsClient
from evals_mcp.mcp.instructions import instructions
from evals_mcp.mcp.server import build_server
from evals_mcp.tools import TOOLS
from evals_mcp.tools.tool import Tool
from evals_mcp.variables import MOST_TOKENS
from mcp import Client

_SNAPSHOTS = Path(__file__).parents[1] / "snapshots" / "tools"
_PACKAGE = Path(__file__).parents[2] / "server" / "evals_mcp" / "tools"
_WRITING = {
    "add_logs_to_run",
    "import_results",
    "label_logs",
    "log_generation",
    "next_to_review",
    "set_up_run",
    "undo",
    "update_run",
}


async def _listed(*, read_only: bool = False) -> list[dict[str, Any]]:
    """The tools as a host gets them on the wire."""
    server = build_server(EvalsClient(), max_tokens=4_000, read_only=read_only)
    async with Client(server) as host:
        found = (await host.list_tools()).tools
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in found]


async def _taken() -> dict[str, dict[str, Any]]:
    """The arguments of each tool with all that the server enforces."""
    server = build_server(EvalsClient(), max_tokens=4_000, read_only=False)
    await server.list_tools()
    return {tool.name: tool.input_schema["properties"] for tool in await MCPServer.list_tools(server)}


_WIRE = {tool["name"]: tool for tool in anyio.run(_listed)}
_TAKEN = anyio.run(_taken)
each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)


@each_tool
def test_a_tool_is_the_function_of_the_file_that_has_its_name(tool: Tool) -> None:
    """What hosts show can be found in the code without a search."""
    assert tool.function.__module__ == f"evals_mcp.tools.{tool.name}"
    assert (_PACKAGE / f"{tool.name}.py").is_file()
    assert len(tool.name) <= 37


@each_tool
def test_hints_are_explicit(tool: Tool) -> None:
    """A host need not guess what a tool does to the data; a cancelled run and an undo cannot be had back."""
    hints = _WIRE[tool.name]["annotations"]
    assert hints["readOnlyHint"] is (tool.name not in _WRITING)
    assert hints["destructiveHint"] is (tool.name in ("undo", "update_run"))
    assert hints.get("idempotentHint") is {
        "add_logs_to_run": True,
        "import_results": True,
        "label_logs": True,
        "log_generation": False,
        "next_to_review": False,
        "set_up_run": True,
        "undo": True,
        "update_run": True,
    }.get(tool.name)
    assert hints["openWorldHint"] is False
    assert _WIRE[tool.name]["title"] == tool.title


@each_tool
def test_descriptions_are_short_and_whole(tool: Tool) -> None:
    """One or a few sentences, which no host cuts."""
    assert 40 <= len(tool.description) <= 400
    assert tool.description[0].isupper()
    assert tool.description.endswith(".")
    assert len(tool.title) <= 50


@each_tool
def test_schemas_are_flat(tool: Tool) -> None:
    """Primitives, enums and arrays of text: what every host passes on unharmed."""
    schema = _WIRE[tool.name]["inputSchema"]
    assert schema["type"] == "object"
    assert "$defs" not in schema
    assert "outputSchema" not in _WIRE[tool.name]
    for name, part in schema["properties"].items():
        kinds = [item["type"] for item in part.get("anyOf", [part])]
        assert set(kinds) <= {"string", "integer", "number", "boolean", "array", "null"}, name
        assert "array" not in kinds or part["items"] == {"type": "string"} | part["items"]
        assert "properties" not in part


@each_tool
def test_every_argument_is_described_with_bounds_and_defaults_in_words(tool: Tool) -> None:
    """Hosts drop bounds and defaults from the schema, so the description says what is allowed."""
    for name, part in _WIRE[tool.name]["inputSchema"]["properties"].items():
        text, taken = part.get("description", ""), _TAKEN[tool.name][name]
        bounded = [item for item in taken.get("anyOf", [taken]) if "maximum" in item and item["maximum"] <= 20_000]
        assert text, name
        assert len(text) <= 160, name
        for item in [*bounded, *([part] if "maximum" in part else [])]:
            assert f"{item['minimum']}–{item['maximum']:,}" in text, name
        default = part.get("default", taken.get("default"))
        if default:
            words = f"{default:,}" if isinstance(default, int) else default
            assert f"default {words}" in text or f"{words} (default)" in text, name


def test_the_budget_is_an_argument_of_every_reading_tool_with_the_servers_default() -> None:
    """Every answer that shows data can be made larger or smaller; a write's answer is short."""
    for tool in _WIRE.values():
        if tool["name"] in _WRITING - {"import_results"}:
            assert "max_tokens" not in tool["inputSchema"]["properties"]
            continue
        budget = tool["inputSchema"]["properties"]["max_tokens"]
        assert (budget["minimum"], budget["maximum"], budget["default"]) == (300, 20_000, 4_000)


@pytest.mark.anyio
async def test_a_read_only_server_offers_only_readers() -> None:
    """What is not offered cannot be called."""
    assert {tool["name"] for tool in await _listed(read_only=True)} == set(_WIRE) - _WRITING


@pytest.mark.anyio
async def test_the_tool_list_is_the_same_every_time() -> None:
    """Hosts may keep it."""
    assert await _listed() == list(_WIRE.values())


def test_the_tools_and_instructions_are_cheap(real_tokens: Callable[[str], int]) -> None:
    """Before a call: 2,800 tokens; 360 for imports, 280 to label, 260 for SQL, 310 to set up a run, 190 to change one,
    120 to undo a write, 210 to review.
    """

    def tokens(tools: list[dict[str, Any]]) -> int:
        return real_tokens(json.dumps({"tools": tools}, ensure_ascii=False, separators=(",", ":")))

    bounds = {
        "import_results": 360,
        "label_logs": 280,
        "query": 260,
        "set_up_run": 310,
        "update_run": 190,
        "undo": 120,
        "next_to_review": 210,
    }
    others = [tool for name, tool in _WIRE.items() if name not in bounds]
    assert tokens(others) + real_tokens(instructions(read_only=False)) <= 2_800
    for name, bound in bounds.items():
        assert tokens([_WIRE[name]]) <= bound, name


def test_the_forms_of_conditions_are_cheap(real_tokens: Callable[[str], int]) -> None:
    """They are told once, in the instructions, in at most 150 tokens."""
    (forms,) = (part for part in instructions(read_only=False).split("\n\n") if part.startswith("where=[…]"))
    assert real_tokens(forms) <= 150


def test_the_instructions_name_every_tool_and_stay_short() -> None:
    """A host that shows names only still tells the model when to use which; a read-only server names only its own."""
    for read_only in (False, True):
        text = instructions(read_only=read_only)
        assert len(text) < 2_000
        assert {tool.name for tool in TOOLS if tool.name in text} == set(_WIRE) - (_WRITING if read_only else set())


def test_the_first_paragraph_says_what_this_is_for_and_that_quotes_are_data() -> None:
    """One host shows no more of the instructions."""
    first = instructions(read_only=False).split("\n\n")[0]
    for words in ("Review evaluations of LLM products", "which version", "double quotes", 'after "| "', "never follow"):
        assert words in first


@each_tool
def test_claude_code_finds_each_tool_and_shows_its_answers_whole(tool: Tool) -> None:
    """It looks for tools by their names and these words, and moves longer answers into files."""
    meta = _WIRE[tool.name]["_meta"]
    assert meta["anthropic/searchHint"]
    assert tool.name in _WRITING or meta["anthropic/maxResultSizeChars"] > MOST_TOKENS * 5 - 1


@pytest.mark.parametrize(
    ("words", "tools"),
    [
        ("failed test cases", {"get_logs", "list_datapoints"}),
        ("regression", {"compare_runs"}),
        ("humanloop", set(_WIRE) - {"get_log", "list_datapoints"}),
        ("which prompt is better", {"list_runs", "compare_runs"}),
    ],
)
def test_what_people_ask_for_finds_tools(words: str, tools: set[str]) -> None:
    """In words that the names do not hold."""
    found = {name for name, tool in _WIRE.items() if words in tool["_meta"]["anthropic/searchHint"]}
    assert found == tools


def test_titles_cannot_be_confused() -> None:
    """No two share the words that tell them apart; a host asks a person about a tool by its title."""
    assert len({tool.title for tool in TOOLS}) == len(TOOLS)
    verbs = [tool.title.split()[0] for tool in TOOLS if "log" in tool.title]
    assert len(set(verbs)) == len(verbs)


@each_tool
def test_schemas_have_no_noise(tool: Tool) -> None:
    """Nothing in them that a model cannot use."""
    schema = _WIRE[tool.name]["inputSchema"]
    text = json.dumps(schema)
    for keyword in ('"title"', '"maxLength"', '"minLength"', '"anyOf"', '"default": ""', '"default": null'):
        assert keyword not in text


@each_tool
def test_every_number_has_its_default_and_its_unit_in_words(tool: Tool) -> None:
    """Hosts drop defaults from the schema."""
    units = ("tokens", "seconds", "dollars", "to show", "character")
    for name, part in _WIRE[tool.name]["inputSchema"]["properties"].items():
        if part["type"] in ("integer", "number"):
            assert "default " in part["description"], name
            assert any(unit in part["description"].lower() for unit in units), name


@pytest.mark.anyio
async def test_the_default_in_words_is_that_of_the_server() -> None:
    """Where a setting changes it, the description changes with it."""
    async with Client(build_server(EvalsClient(), max_tokens=1_500, read_only=False)) as host:
        for tool in (await host.list_tools()).tools:
            if tool.name in _WRITING - {"import_results"}:
                continue
            budget = tool.input_schema["properties"]["max_tokens"]
            assert budget["default"] == 1_500
            assert "300–20,000 tokens, default 1,500" in budget["description"]
            assert tool.name in _WRITING or "; hosts cut above 12,000." in budget["description"]


@each_tool
def test_schemas_are_as_they_were(tool: Tool) -> None:
    """A change of a tool's face is seen in review; UPDATE_SNAPSHOTS=1 writes it down."""
    path = _SNAPSHOTS / f"{tool.name}.json"
    text = json.dumps(_WIRE[tool.name], indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"no snapshot of {tool.name}: UPDATE_SNAPSHOTS=1 writes it"
    assert path.read_text(encoding="utf-8") == text


def test_there_is_no_snapshot_without_a_tool() -> None:
    """What was removed is gone."""
    assert {path.stem for path in _SNAPSHOTS.glob("*.json")} == set(_WIRE)

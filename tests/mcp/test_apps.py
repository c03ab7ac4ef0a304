"""MCP Apps: views and their documents for hosts that show them, and not a byte of them for any other."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.client import advertise
from mcp.types import CallToolResult, TextContent, TextResourceContents

from evals_mcp.config import Settings
from evals_mcp.mcp.server import build_server
from evals_mcp.mcp.skills import Skills
from evals_mcp.mcp.stdio import StdioServer
from evals_mcp.wiring import build_client
from mcp import Client, MCPError

pytestmark = pytest.mark.anyio

APPS = "io.modelcontextprotocol/ui"
KEY = "evals-mcp/view"
VIEWS = {"compare_runs": "comparison", "list_runs": "comparison", "next_to_review": "labelling"}
SAMPLE = "Which prompt answers tickets"


def _meta(value: Any) -> Any:
    """What a request says beside its arguments."""
    return {KEY: value}


_ASKING = _meta(True)


@asynccontextmanager
async def _hosts(database: Path, mode: Any) -> AsyncIterator[tuple[Client, Client]]:
    """A host without views and one that shows them, at servers over the same database, as on stdio."""
    shows = advertise(APPS, {"mimeTypes": ["text/html;profile=mcp-app"]})
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(build_client(Settings(database=str(database))))

        def load() -> Any:
            return build_server(client, max_tokens=4_000, read_only=False)

        plain = await stack.enter_async_context(Client(StdioServer(load), mode=mode))
        showing = await stack.enter_async_context(Client(StdioServer(load), mode=mode, extensions=[shows]))
        yield plain, showing


def _words(result: CallToolResult) -> str:
    """What a model reads of a result, but for the time until which a log is somebody's."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    assert result.structured_content is None
    return re.sub(r"Yours until [^.]*\.", "", content.text)


def _document(result: CallToolResult) -> dict[str, Any]:
    """The document in a result, but for that time."""
    document: dict[str, Any] = (result.meta or {})[KEY]
    if document.get("log"):
        document["log"].pop("leased_until", None)
    return document


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_only_hosts_with_apps_see_views(sample_copy: Path, mode: str) -> None:
    """They get the address of each view in the list of tools; other hosts get the list without any trace of them."""
    async with _hosts(sample_copy, mode) as (plain, showing):
        for host in (plain, showing):
            assert host.server_capabilities.extensions == {APPS: {}, Skills.identifier: {"directoryRead": True}}
        listed, with_views = (await plain.list_tools()).tools, (await showing.list_tools()).tools
        assert not any("ui" in (tool.meta or {}) for tool in listed)
        addresses = {tool.name: meta["ui"] for tool in with_views if "ui" in (meta := tool.meta or {})}
        assert addresses == {name: {"resourceUri": f"ui://evals/{view}"} for name, view in VIEWS.items()}
        for one, other in zip(listed, with_views, strict=True):
            rest = {key: value for key, value in (other.meta or {}).items() if key != "ui"}
            assert one == other.model_copy(update={"meta": rest})
        assert not [item for item in (await showing.list_resources()).resources if str(item.uri).startswith("ui:")]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_results_have_documents_where_a_view_draws_them(sample_copy: Path, mode: str) -> None:
    """What a model reads is the same with and without; only `_meta` differs."""
    calls: list[tuple[str, dict[str, Any]]] = [
        ("list_runs", {"evaluation": SAMPLE}),
        ("compare_runs", {"evaluation": SAMPLE}),
        ("compare_runs", {"evaluation": SAMPLE, "group_by": "latency"}),
        ("next_to_review", {"evaluation": SAMPLE, "reviewer": "ann"}),
        ("get_logs", {"evaluation": SAMPLE}),
    ]
    async with _hosts(sample_copy, mode) as (plain, showing):
        for tool, arguments in calls:
            bare = await plain.call_tool(tool, arguments)
            shown = await showing.call_tool(tool, arguments)
            asked = await plain.call_tool(tool, arguments, meta=_ASKING)
            assert KEY not in (bare.meta or {})
            assert _words(bare) == _words(shown) == _words(asked)
            if tool in VIEWS:
                assert _document(shown) == _document(asked)
                assert _document(shown)["evaluation"]["name"] == SAMPLE
            else:
                assert KEY not in (shown.meta or {})


async def test_a_request_asks_with_true_only(sample_copy: Path) -> None:
    """Other values of the key ask for nothing, and an error has no document."""
    async with _hosts(sample_copy, "auto") as (plain, showing):
        values: list[object] = [False, "yes", 1, {}, None]
        for value in values:
            result = await plain.call_tool("list_runs", {"evaluation": SAMPLE}, meta=_meta(value))
            assert KEY not in (result.meta or {})
        wrong = await showing.call_tool("compare_runs", {"evaluation": "unheard-of"})
        assert wrong.is_error
        assert KEY not in (wrong.meta or {})


async def test_a_view_is_one_html_document_of_its_kind(sample_copy: Path) -> None:
    """Its bridge is in it, it names no other file, and it is small. An unknown address says which there are."""
    async with _hosts(sample_copy, "auto") as (plain, _):
        for view in sorted(set(VIEWS.values())):
            (content,) = (await plain.read_resource(f"ui://evals/{view}")).contents
            assert isinstance(content, TextResourceContents)
            assert content.mime_type == "text/html;profile=mcp-app"
            assert content.text.startswith("<!doctype html>")
            assert "window.evals = " in content.text
            assert "<!-- bridge -->" not in content.text
            loads = content.text.replace("http://www.w3.org/2000/svg", "")  # a name, not an address
            assert len(content.text.encode()) <= 40_000
            for forbidden in ("src=", "href=", "innerHTML", "http://", "https://", "fetch(", "localStorage", "eval("):
                assert forbidden not in loads, forbidden
        with pytest.raises(MCPError, match="ui://evals/comparison, ui://evals/labelling"):
            await plain.read_resource("ui://evals/unheard-of")


async def test_a_blind_document_has_neither_judgments_nor_reason(sample_copy: Path) -> None:
    """A reviewer who labels blind cannot find them in what the view gets, either."""
    async with _hosts(sample_copy, "auto") as (_, showing):
        seen = await showing.call_tool("next_to_review", {"evaluation": SAMPLE, "reviewer": "ann"})
        open_log = _document(seen)["log"]
        assert open_log["why"]
        assert [side["label"] for side in open_log["sides"]] == ["baseline", "this log"]
        assert all(side["judgments"] and side["output"] for side in open_log["sides"])
        blind = await showing.call_tool("next_to_review", {"evaluation": SAMPLE, "reviewer": "ben", "blind": True})
        log = _document(blind)["log"]
        assert log["why"] == ""
        assert not any(side["judgments"] for side in log["sides"])


async def test_a_label_by_a_view_tells_its_writes_and_the_next_log_what_was_said(sample_copy: Path) -> None:
    """The handles undo it, and the document of the next log has the label and the progress."""
    async with _hosts(sample_copy, "auto") as (_, showing):
        asked = {"evaluation": SAMPLE, "reviewer": "ann"}
        runs_before = _document(await showing.call_tool("list_runs", {"evaluation": SAMPLE}))
        first = _document(await showing.call_tool("next_to_review", asked))
        label = {
            "evaluation": SAMPLE,
            "evaluator": "correct:boolean",
            "logs": [first["log"]["id"]],
            "judgment": "false",
            "note": "No refund.",
            "kind": "human",
            "author": "ann",
        }
        written = await showing.call_tool("label_logs", label, meta=_ASKING)
        document = _document(written)
        assert document["kind"] == "write"
        runs_after = _document(await showing.call_tool("list_runs", {"evaluation": SAMPLE}))
        assert len(runs_after["evaluators"]) == len(runs_before["evaluators"]) + 1
        assert document["writes"]
        second = _document(await showing.call_tool("next_to_review", asked))
        assert second["progress"]["labelled"] == first["progress"]["labelled"] + 1
        assert second["previous"]["log"] == first["log"]["id"]
        (mine,) = [item for item in second["previous"]["judgments"] if item["author"] == "ann"]
        assert mine["judgment"] is False
        assert mine["explanation"]["text"] == "No refund."
        assert len(second["people"]) == 1
        for write in document["writes"]:
            undone = await showing.call_tool("undo", {"write": write, "confirm": True})
            assert not undone.is_error, undone.content
        assert _document(await showing.call_tool("list_runs", {"evaluation": SAMPLE})) == runs_before
        third = _document(await showing.call_tool("next_to_review", asked))
        assert third["progress"]["labelled"] == first["progress"]["labelled"]


async def test_a_log_asked_for_comes_whole(sample_copy: Path) -> None:
    """However short the answer is, the document has all texts of the log."""
    async with _hosts(sample_copy, "auto") as (plain, _):
        found = (
            (await plain.call_tool("next_to_review", {"evaluation": SAMPLE, "reviewer": "ann"}, meta=_ASKING)).meta
            or {}
        )[KEY]
        log = found["log"]["id"]
        result = await plain.call_tool("get_log", {"log": log, "max_tokens": 500}, meta=_ASKING)
        parts = _document(result)["parts"]
        assert parts["output"] == found["log"]["sides"][-1]["output"][0]["text"]
        (content,) = result.content
        assert isinstance(content, TextContent)
        assert parts["judgments"]

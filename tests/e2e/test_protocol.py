"""The server over real stdio in both eras of the protocol: what hosts see, and that nothing ends it or its protocol."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.types import PromptReference, TextContent, TextResourceContents
from tests.e2e.in_process import connect
from tests.e2e.stdio import ERAS, MODERN, SAMPLE, Wire, database_text, message_of

from evals_mcp import __version__
from evals_mcp.mcp.prompts import PROMPTS
from evals_mcp.mcp.resources import JOURNAL, RESOURCES
from evals_mcp.tools import TOOLS
from mcp import Client

NOISY = """
import logging, os, subprocess, sys, warnings
from evals_mcp.mcp import server as mcp_server
from evals_mcp.cli.main import main
from evals_mcp.tools.tool import Tool

async def noisy(review) -> str:
    "Write wherever a library might."
    print("stray print")
    sys.stdout.write("stray text without an end")
    sys.stdout.flush()
    os.write(1, b"stray bytes")
    subprocess.run(["echo", "stray child"], check=True)
    warnings.warn("stray warning")
    logging.getLogger("library").error("stray log")
    return "done"

async def broken(review) -> str:
    "Fail in a way that nobody foresaw."
    raise ZeroDivisionError("innards")

mcp_server.TOOLS = tuple(Tool(function=function, title="t") for function in (noisy, broken))
main([])
"""


@pytest.fixture(scope="module", params=ERAS)
def wire(
    request: pytest.FixtureRequest, sample_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Wire]:
    """A server for all tests here, in each era: none of them ends it, breaks its protocol, or changes its database."""
    path = tmp_path_factory.mktemp("protocol") / "evals.db"
    shutil.copyfile(sample_database, path)
    before = database_text(path)
    with Wire({"EVALS_MCP_DATABASE": str(path)}, era=request.param) as wire:
        yield wire
        assert SAMPLE in wire.answer("list_evaluations")
        assert wire.wait() == 0
        assert "Traceback" not in wire.errors
    assert database_text(path) == before


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_a_client_uses_everything_the_server_offers(sample_database: Path, mode: str) -> None:
    """Tools, resources, prompts and completion, as an ordinary client of the protocol calls them."""
    async with connect({"EVALS_MCP_DATABASE": str(sample_database)}, mode) as assistant:
        await use_everything(assistant.host)


async def use_everything(client: Client) -> None:
    """Ask for what is listed, and use one of each kind."""
    listed = (await client.list_tools()).tools
    assert [tool.name for tool in listed] == [tool.name for tool in TOOLS]
    result = await client.call_tool("list_runs", {"evaluation": SAMPLE})
    (content,) = result.content
    assert isinstance(content, TextContent)
    assert not result.is_error
    assert result.structured_content is None
    assert "v2-concise | running | 40 | 61.5% true (unpaired -23.5 points) n=39" in content.text

    templates = (await client.list_resource_templates()).resource_templates
    assert [template.uri_template for template in templates] == [template.address for template in RESOURCES]
    for _ in range(20):  # a slow machine may take longer than hosts wait
        titles = [resource.title for resource in (await client.list_resources()).resources]
        if SAMPLE in titles:
            break
    assert titles == [SAMPLE, JOURNAL.title, "Review evaluations"]
    (report,) = (await client.read_resource("evals://evaluations/support%2Fanswer-ticket")).contents
    assert isinstance(report, TextResourceContents)
    assert "| v2-concise | `policy_correct` | 39 |" in report.text

    assert [prompt.name for prompt in (await client.list_prompts()).prompts] == [prompt.name for prompt in PROMPTS]
    filled = await client.get_prompt("triage_failures", {"run": "v2-concise"})
    assert isinstance(filled.messages[0].content, TextContent)
    assert 'runs=["v2-concise"]' in filled.messages[0].content.text
    reference = PromptReference(name="triage_failures")
    completed = await client.complete(reference, {"name": "run", "value": "v2"}, {"evaluation": SAMPLE})
    assert completed.completion.values == ["v2-concise"]


def test_the_first_answer_says_what_the_server_is_and_when_to_use_which_tool(wire: Wire) -> None:
    """Name, version, capabilities, and instructions that every host shows whole."""
    hello = wire.hello
    offered = dict(hello["capabilities"])
    assert set(offered) == {"tools", "resources", "prompts", "completions", "extensions"}
    views_and_skills = {"io.modelcontextprotocol/ui": {}, "io.modelcontextprotocol/skills": {"directoryRead": True}}
    assert offered.pop("extensions") == views_and_skills
    assert not any(value for content in offered.values() for value in content.values())
    if wire.era == MODERN:
        assert hello["supportedVersions"] == [MODERN]
        about = hello["_meta"]["io.modelcontextprotocol/serverInfo"]
    else:
        assert hello["protocolVersion"] == wire.era
        about = hello["serverInfo"]
    assert (about["name"], about["version"]) == ("evals-mcp", __version__)
    assert "icons" not in about
    assert len(hello["instructions"]) < 2_000
    for tool in TOOLS:
        assert tool.name in hello["instructions"]


def test_every_tool_is_annotated(wire: Wire) -> None:
    """Hosts learn of each tool whether it reads, destroys, may be repeated, and that it talks to nobody else."""
    listed = wire.request("tools/list")["result"]["tools"]
    for tool, shown in zip(TOOLS, listed, strict=True):
        hints = shown["annotations"]
        assert shown["title"] == tool.title
        assert hints["readOnlyHint"] is tool.read_only
        assert hints["destructiveHint"] is tool.destructive
        assert hints.get("idempotentHint") is (None if tool.read_only else tool.idempotent)
        assert hints["openWorldHint"] is False
        assert "outputSchema" not in shown


BAD_CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("list_runs", {}, "evaluation"),
    ("list_runs", {"evaluation": 7}, "evaluation"),
    ("list_runs", {"evaluation": ""}, "evaluation"),
    ("list_runs", {"evaluation": ["x"]}, "evaluation"),
    ("list_runs", {"evaluation": "x" * 1_000_000}, "evaluation"),
    ("list_runs", {"evaluation": "a\x00b"}, "evaluation"),
    ("list_runs", {"evaluation": "a\ud800b"}, "evaluation"),
    ("list_runs", {"evaluation": SAMPLE, "max_tokens": 299}, "max_tokens"),
    ("list_runs", {"evaluation": SAMPLE, "max_tokens": 1e400}, "max_tokens"),
    ("list_runs", {"evaluation": SAMPLE, "cursor": "x"}, "cursor"),
    ("list_runs", {"evaluation": SAMPLE, "evaluator": "tone"}, "evaluator"),
    ("list_runs", {"evaluaton": SAMPLE}, "did you mean evaluation"),
    ("list_rums", {"evaluation": SAMPLE}, "Did you mean list_runs"),
    ("get_logs", {"evaluation": SAMPLE, "limit": 0}, "limit"),
    ("get_logs", {"evaluation": SAMPLE, "limit": "many"}, "limit"),
    ("get_logs", {"evaluation": SAMPLE, "sort": "best"}, "sort"),
    ("get_logs", {"evaluation": SAMPLE, "runs": ["v9"]}, "v1-baseline"),
    ("get_logs", {"evaluation": SAMPLE, "evaluator": "tune"}, "tone"),
    ("get_logs", {"evaluation": SAMPLE, "where": ["judgment=perhaps"]}, "judgment"),
    ("compare_runs", {"evaluation": SAMPLE, "outcome": "nicer"}, "outcome"),
    ("compare_runs", {"evaluation": SAMPLE, "baseline": "v2", "candidates": ["v2"]}, "candidates"),
    ("get_log", {"log": "nothing"}, "log"),
    ("list_datapoints", {"evaluation": "Which prompts"}, SAMPLE),
    (
        "log_generation",
        {"evaluation": SAMPLE, "run": "v2", "datapoint": "nowhere", "output": "x"},
        "`nowhere` does not exist",
    ),
    ("log_generation", {"evaluation": SAMPLE, "run": "v2", "datapoint": "x"}, "output"),
    ("log_generation", {"evaluation": SAMPLE, "run": "v2", "datapoint": "x", "output": "a\ud800"}, "output"),
    ("add_logs_to_run", {"evaluation": SAMPLE, "run": "v2", "log_ids": ["nothing"]}, "nothing"),
    ("add_logs_to_run", {"evaluation": SAMPLE, "run": "v2", "log_ids": []}, "log_ids"),
    ("set_up_run", {"evaluation": "x", "datapoints": ["nothing"]}, "row 1"),
    ("update_run", {"evaluation": SAMPLE, "run": "v2", "change": "cancel"}, "confirm"),
]


def test_a_bad_call_is_a_short_error_that_names_what_is_wrong(wire: Wire) -> None:
    """The server lives on."""
    for tool, arguments, words in BAD_CALLS:
        said = wire.failure(tool, **arguments)
        assert words in said, (tool, str(arguments)[:100])
        assert len(said) < 1_000
    assert SAMPLE in wire.answer("list_evaluations")


def test_half_of_an_emoji_is_answered_wherever_it_stands(wire: Wire) -> None:
    """A host whose model broke an emoji apart does not wait for ever."""
    half = "half \ud83d"
    reference = {"type": "ref/prompt", "name": half}
    assert "half of a surrogate pair" in wire.failure("get_log", log=half)
    assert "unknown argument" in wire.failure("get_log", **{half: "x"})
    assert "There is no tool" in wire.failure(half)
    assert wire.request("prompts/get", {"name": "review_evaluation", "arguments": {"evaluation": half}})["result"]
    assert wire.request("prompts/get", {"name": half})["error"]["code"] == -32602
    assert wire.request("resources/read", {"uri": half})["error"]["code"] == -32602
    assert wire.request("resources/read", {"uri": f"evals://logs/{half}"})["error"]["code"] == -32602
    completed = wire.request("completion/complete", {"ref": reference, "argument": {"name": "run", "value": half}})
    assert completed["result"]["completion"]["values"] == []
    assert SAMPLE in wire.answer("list_evaluations")


@pytest.mark.parametrize("depth", [101, 500, 990, 20_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deeply_is_answered_with_an_error(
    wire: Wire, depth: int, opening: str, closing: str
) -> None:
    """At whatever depth a parser gives up, the host gets an answer, and an assistant one that says what is wrong."""
    deep = f"{opening * depth}1{closing * depth}"
    writing = {"evaluation": SAMPLE, "run": "v2", "datapoint": "x", "output": "y"}
    for tool, arguments, key in (
        ("log_generation", writing, "inputs"),
        ("list_runs", {}, "evaluation"),
        ("get_logs", {"evaluation": SAMPLE}, "runs"),
    ):
        answer = wire.request_text("tools/call", {"name": tool, "arguments": arguments | {key: "DEEP"}}, DEEP=deep)
        (content,) = answer["result"]["content"]
        assert content["text"] == f"Error: {key}: has more than 100 levels of nesting. Give it as text, or nest less."
    for method, params in (
        ("prompts/get", {"name": "review_evaluation", "arguments": {"evaluation": "DEEP"}}),
        ("resources/read", {"uri": "DEEP"}),
        ("tools/call", {"name": "DEEP"}),
        ("tools/list", {"cursor": "DEEP"}),
    ):
        assert "error" in wire.request_text(method, params, DEEP=deep)
    assert SAMPLE in wire.answer("list_evaluations")


def test_lines_that_are_no_requests_do_not_end_the_server(wire: Wire) -> None:
    """Garbage is answered with an error of the protocol or not at all."""
    for line in (
        b"garbage",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"",
        b'{"jsonrpc":"2.0","id":"x","method":"nope"}',
        b"null",
    ):
        wire.send(line)
    assert SAMPLE in wire.answer("list_evaluations")


def check_a_noisy_server(database: Path, era: str) -> None:
    """Nothing of what its tools write is on stdout; an error nobody foresaw is told without its innards."""
    with Wire({"EVALS_MCP_DATABASE": str(database)}, era=era, command=("-c", NOISY)) as wire:
        assert wire.answer("noisy") == "done"
        said = wire.failure("broken")
        assert "internal error" in said
        assert "innards" not in said
        assert wire.answer("noisy") == "done"
        wire.wait()
        for words in ("print", "text", "bytes", "child", "warning", "log"):
            assert f"stray {words}" in wire.errors
        assert "innards" in wire.errors
    assert all("stray" not in str(message_of(line)) for line in wire.lines)


def test_many_calls_at_once_are_each_answered(wire: Wire) -> None:
    """A host need not wait for one answer before the next call."""
    calls = [("list_runs", {"evaluation": SAMPLE}), ("get_logs", {"evaluation": SAMPLE}), ("list_evaluations", {})] * 8
    answers = wire.request_all([("tools/call", {"name": tool, "arguments": given}) for tool, given in calls])
    texts = [answer["result"]["content"][0]["text"] for answer in answers]
    assert texts[0] == texts[21]
    assert texts[1] == texts[22]
    assert all(SAMPLE in text for text in texts)

"""Settings of the stdio server: how wrong ones are told, which count as unset, and where the data then is."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant
from tests.e2e.in_process import connect

from evals_mcp.client.client import EvalsClient
from evals_mcp.mcp.stdio import StdioServer
from evals_mcp.wiring import load_mcp_server
from mcp import Client, MCPError

pytestmark = pytest.mark.anyio

WRITING = {"add_logs_to_run", "import_results", "log_generation", "set_up_run", "update_run"}


CALLS: dict[str, dict[str, Any]] = {
    "list_evaluations": {},
    "list_runs": {"evaluation": "x"},
    "compare_runs": {"evaluation": "x"},
    "get_logs": {"evaluation": "x"},
    "get_log": {"log": "x"},
    "list_datapoints": {"evaluation": "x"},
    "query": {"evaluation": "x", "sql": "SELECT 1"},
    "add_logs_to_run": {"evaluation": "x", "run": "x", "log_ids": ["x"]},
    "log_generation": {"evaluation": "x", "run": "x", "datapoint": "x", "output": "x"},
    "set_up_run": {"evaluation": "x"},
    "update_run": {"evaluation": "x", "run": "x", "change": "control"},
    "import_results": {"path": "sample"},
    "label_logs": {"evaluation": "x", "logs": ["x"], "note": "x"},
    "next_to_review": {"evaluation": "x", "reviewer": "x"},
    "undo": {},
}
WRONG = [
    (
        {"EVALS_MCP_MAX_TOKENS": "4000.0"},
        "EVALS_MCP_MAX_TOKENS must be a whole number from 300 to 20,000, not '4000.0'.",
    ),
    ({"EVALS_MCP_MAX_TOKENS": "299"}, "EVALS_MCP_MAX_TOKENS must be a whole number from 300 to 20,000, not '299'."),
    ({"EVALS_MCP_READ_ONLY": "perhaps"}, "EVALS_MCP_READ_ONLY must be true or false, not 'perhaps'."),
    ({"HUMANLOOP_BASE_URL": "htps:/host"}, "The base URL must look like https://host/v5, without a query."),
    (
        {"HUMANLOOP_BASE_URL": "http://127.0.0.1:9", "HUMANLOOP_API_KEY": "hl_\nx"},
        "The API key contains invalid characters. Copy it again.",
    ),
]
ADVICE = "Correct the environment variables of evals-mcp in the host's configuration, then restart it."


@pytest.mark.parametrize(("variables", "words"), WRONG)
async def test_every_tool_tells_of_a_wrong_setting(
    caplog: pytest.LogCaptureFixture, variables: dict[str, str], words: str
) -> None:
    """The host lists the tools as usual, so that a person learns in the chat what to correct; the log has it, too."""
    async with Client(StdioServer(lambda: load_mcp_server(variables))) as host:
        assert {tool.name for tool in (await host.list_tools()).tools} == set(CALLS)
        assistant = Assistant(host, EvalsClient())
        for tool, arguments in CALLS.items():
            assert await assistant.refuse(tool, **arguments) == f"Error: {words} {ADVICE}"
        with pytest.raises(MCPError, match=re.escape(words)):
            await host.read_resource("evals://evaluations/x")
        assert (await host.get_prompt("review_evaluation", {"evaluation": "x"})).messages
    assert [record.getMessage() for record in caplog.records] == [words]


async def test_placeholders_of_a_host_count_as_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that a person left empty arrive as `${user_config.…}`; the data is then in the user's data folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    variables = {
        "EVALS_MCP_DATABASE": "${user_config.database}",
        "HUMANLOOP_BASE_URL": "${user_config.base_url}",
        "HUMANLOOP_API_KEY": "${user_config.api_key}",
        "EVALS_MCP_MAX_TOKENS": "${user_config.max_tokens}",
        "EVALS_MCP_READ_ONLY": " ",
    }
    async with connect(variables) as assistant:
        assert (await assistant.ask("list_evaluations")).startswith("No evaluations.")
        await assistant.ask("import_results", path="sample")
        assert len(list(tmp_path.rglob("evals.db"))) == 1
    assert not list(tmp_path.rglob("*user_config*"))


async def test_a_home_that_cannot_be_written_is_told_when_data_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server starts and lists its tools all the same."""
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    async with connect({}) as assistant:
        assert (await assistant.host.list_tools()).tools
        said = await assistant.refuse("list_evaluations")
        assert re.fullmatch(
            r"Error: The folder `/dev/null/\S+` of the database cannot be created: Not a directory\. "
            r"Choose another database: set EVALS_MCP_DATABASE or `--database`\.",
            said,
        )
        assert await assistant.refuse("list_evaluations") == said


async def test_without_a_home_the_server_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host may start it with hardly any environment."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    async with connect({}) as assistant:
        assert (await assistant.ask("list_evaluations")).startswith("No evaluations.")
        await assistant.ask("import_results", path="sample")
    assert list(tmp_path.rglob("evals.db"))


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("mysql://user:hidden@host/name", "The database must be a file path, sqlite:///PATH or postgresql://"),
        ("sqlite://", "The database must be a file path, sqlite:///PATH or postgresql://"),
        (":memory:", "The database address is not valid."),
        ("postgresql://user:hidden@127.0.0.1:port/name", "The database address is not valid."),
        ("~nobody-of-this-name/evals.db", "The home folder (~) in the database path is unknown"),
        ("postgresql://user:hidden@127.0.0.1:9/name", "The database server cannot be reached or refused the request."),
        ("postgresql://user:hidden@127.0.0.1:9/name?ssl=yes", "has an option that is unknown or has a wrong value"),
        ("/dev/null/evals.db", "The folder `/dev/null` of the database cannot be created: File exists. Choose another"),
        ("/", 'The database "/" is a folder. Name a file: set EVALS_MCP_DATABASE or `--database`.'),
        ("/usr", "The database `/usr` is a folder."),
    ],
)
async def test_a_database_that_cannot_be_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], database: str, words: str
) -> None:
    """It says what to change, without a driver's words or a password; nothing is created meanwhile."""
    monkeypatch.chdir(tmp_path)
    async with connect({"EVALS_MCP_DATABASE": database}) as assistant:
        said = await assistant.refuse("list_evaluations")
    errors = capfd.readouterr().err
    assert words in said
    assert "hidden" not in said + errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


async def test_read_only_hides_the_tools_that_write(sample_database: Path) -> None:
    """They are neither listed nor answered, and the instructions do not name them."""
    variables = {"EVALS_MCP_DATABASE": str(sample_database), "EVALS_MCP_READ_ONLY": "true"}
    async with connect(variables) as assistant:
        names = {tool.name for tool in (await assistant.host.list_tools()).tools}
        assert names
        assert not names & WRITING
        assert not [tool for tool in WRITING if tool in str(assistant.host.instructions)]
        for tool in WRITING:
            assert f'There is no tool "{tool}".' in await assistant.refuse(tool)


async def test_what_to_do_next_fits_the_host(tmp_path: Path) -> None:
    """A person with the bundle has settings and no command; folders come as arguments, where several may stand."""
    variables = {"EVALS_MCP_DATABASE": str(tmp_path / "evals.db")}
    for folders, words in (
        ([], 'add the folder to "Folders to import from"'),
        ([str(tmp_path), "/data"], 'import_results(path="results.csv") reads below '),
    ):
        server = load_mcp_server(variables, import_folders=folders, in_bundle=True)
        async with Client(server) as host:
            answer = await Assistant(host, EvalsClient()).ask("list_evaluations")
        assert words in answer
        assert all(folder in answer for folder in folders)
        assert "evals-mcp import" not in answer
    options: dict[str, Any]
    for options, words in (
        ({}, "set EVALS_MCP_IMPORT_DIRS to"),
        ({"import_folders": []}, "after --import-dirs in the"),
    ):
        async with Client(load_mcp_server(variables, **options)) as host:
            assert words in await Assistant(host, EvalsClient()).refuse("import_results", path="results.csv")
    server = load_mcp_server(variables | {"EVALS_MCP_READ_ONLY": "true"}, in_bundle=True)
    async with Client(server) as host:
        assert 'read-only (Settings, Extensions, Evals, Configure, "Read only")' in await Assistant(
            host, EvalsClient()
        ).ask("list_evaluations")


async def test_the_budget_of_the_environment_is_the_default_of_every_reading_tool(sample_database: Path) -> None:
    """A call that says otherwise wins."""
    variables = {"EVALS_MCP_DATABASE": str(sample_database), "EVALS_MCP_MAX_TOKENS": "300"}
    async with connect(variables) as assistant:
        for tool in (await assistant.host.list_tools()).tools:
            if tool.annotations is not None and tool.annotations.read_only_hint:
                assert tool.input_schema["properties"]["max_tokens"]["default"] == 300
        short = await assistant.ask("get_logs", evaluation="Which")
        assert len(short) < len(await assistant.ask("get_logs", evaluation="Which", max_tokens=2_000))

"""A workspace that is named for a SQLite file is refused by all that would use the file: other data is meant."""

import json
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from tests.e2e.in_process import run
from tests.serving.administration import create_key

from evals_mcp.cli.main import build_parser
from evals_mcp.config import read_settings
from evals_mcp.doctor.configurations import check_hosts
from evals_mcp.doctor.findings import State
from evals_mcp.doctor.program import check_settings
from evals_mcp.errors import Invalid
from evals_mcp.handshake.settings import early_settings
from evals_mcp.hosts.machine import this_machine
from evals_mcp.serving.configuration import read_configuration
from evals_mcp.store.store import open_store

COMMANDS = {
    "import": ["import", "results.csv"],
    "export": ["export", "x", "--to", "out"],
    "report": ["report", "x", "--to", "out.html"],
    "call": ["call", "list_evaluations"],
    "call --json": ["call", "--json", "list_evaluations"],
    "check": ["check", "x", "--require", "ok > 0"],
    "journal": ["journal"],
    "journal undo": ["journal", "undo", "x"],
    "serve": ["serve", "--port", "0"],
    "serve --check": ["serve", "--check"],
    "keys create": ["keys", "create", "ann"],
    "keys list": ["keys", "list"],
    "keys rotate": ["keys", "rotate", "ann"],
    "keys revoke": ["keys", "revoke", "ann"],
    "workspaces list": ["workspaces", "list"],
    "workspaces limit": ["workspaces", "limit", "default"],
    "backup": ["backup", "backup.db"],
    "restore": ["restore", "backup.db"],
    "forget": ["forget", "ann"],
    "retention": ["retention", "--older-than", "90d"],
    "setup": ["setup", "cursor", "--print"],
}
OTHERS = {"demo", "doctor", "copy", "completion"}
OWN = ["keys create", "keys list", "keys rotate", "keys revoke", "backup", "restore", "forget", "retention"]
"""Those with a `--workspace` of their own."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files that the commands name."""
    monkeypatch.chdir(tmp_path)
    Path("results.csv").write_text("input,output\na,b\n", encoding="utf-8")
    return tmp_path


def _refusal(file: Path) -> str:
    return (
        f"Workspace `search` is named, but the database is the SQLite file {file}, which is one workspace by itself: "
        "set EVALS_MCP_DATABASE or `--database` to the PostgreSQL address, or name no workspace."
    )


def test_each_command_is_among_those_that_are_tried() -> None:
    """A new one, too."""
    (commands,) = (action for action in build_parser()._actions if action.dest == "==SUPPRESS==" and action.choices)
    assert {words[0] for words in COMMANDS.values()} | OTHERS == set(commands.choices or ())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("is_there", [False, True])
def test_a_command_refuses_a_workspace_of_a_file(command: str, here: Path, *, is_there: bool) -> None:
    """Named by option or variable, whether the file is there or not. Nothing is made or changed."""
    file = here / "evals.db"
    if is_there:
        with closing(open_store(str(file))):
            pass
    before = {path: path.read_bytes() for path in here.iterdir()}
    words = COMMANDS[command]
    ways: list[tuple[list[str], dict[str, str]]] = [
        (["--workspace", "search", *words], {"EVALS_MCP_DATABASE": "evals.db"}),
        (["--database", "evals.db", *words], {"EVALS_MCP_WORKSPACE": "search"}),
        (["--database", "evals.db?workspace=search", *words], {}),
        (["--database", f"sqlite:///{file}?workspace=search", *words], {}),
    ]
    if command in OWN:
        ways.append((["--database", "evals.db", *words, "--workspace", "search"], {}))
    if command == "setup":
        ways[:2] = [(["--database", "evals.db", "--workspace", "search", *words], {})]
        ways += [([*words, "--env", "EVALS_MCP_DATABASE=evals.db", "--env", "EVALS_MCP_WORKSPACE=search"], {})]
    for arguments, variables in ways:
        ended = run(arguments, HOME=str(here), **variables)
        assert _refusal(file) in ended.stderr, (arguments, variables)
        assert ended.stderr.count("\n") == 1
        assert (ended.status, ended.stdout) == (2 if command in ("call --json", "check") else 1, "")
    assert {path: path.read_bytes() for path in here.iterdir()} == before


def test_the_file_of_the_user_data_folder_is_named(here: Path) -> None:
    """As when somebody forgets the address."""
    with pytest.raises(Invalid, match=r"SQLite file /\S+/evals-mcp/evals\.db, which"):
        read_settings({"EVALS_MCP_WORKSPACE": "search", "HOME": str(here)})


def test_the_workspace_of_a_file_may_be_named(here: Path) -> None:
    """It is `default`."""
    file = str(here / "evals.db")
    environ = {"EVALS_MCP_DATABASE": file, "EVALS_MCP_WORKSPACE": "default"}
    assert read_settings(environ).database == file
    assert run(["keys", "create", "ann", "--workspace", "default"], **environ).status == 0
    assert run(["backup", "monday.db", "--workspace", "default"], EVALS_MCP_DATABASE=file).status == 0
    assert run(["serve", "--check"], **environ).status == 0
    with pytest.raises(Invalid, match=r"Workspace `default` is named, but .* or name no workspace"):
        read_settings({"EVALS_MCP_DATABASE": f"{file}?workspace=default"})


def test_a_server_refuses_a_workspace_of_a_file_wherever_it_is_named(here: Path) -> None:
    """With keys and without; what its configuration names, too."""
    create_key(str(here / "evals.db"), None, "ann")
    Path("serve.toml").write_text('workspace = "search"\n', encoding="utf-8")
    for arguments, environ, file in (
        ({"workspace": "search"}, {}, None),
        ({}, {"EVALS_MCP_WORKSPACE": "search"}, None),
        ({}, {}, "serve.toml"),
    ):
        with pytest.raises(Invalid) as raised:
            read_configuration({"database": "evals.db", **arguments}, environ, file)
        assert str(raised.value) == _refusal(here / "evals.db")


def test_doctor_says_what_is_wrong_here_and_at_a_remote_server(here: Path) -> None:
    """There the key opens its workspace, so the name is no fault, but decides nothing."""
    variables = {"EVALS_MCP_DATABASE": "evals.db", "EVALS_MCP_WORKSPACE": "search"}
    with pytest.raises(Invalid, match="Workspace `search` is named"):
        read_settings(variables)
    remote = {**variables, "HUMANLOOP_BASE_URL": "https://evals.internal"}
    first, note = check_settings(remote, read_settings(remote))
    assert (first.state, note.state) == (State.OK, State.NOTE)
    assert "EVALS_MCP_WORKSPACE is not used: HUMANLOOP_API_KEY opens the workspace." in note.message
    assert len(list(check_settings({}, read_settings({})))) == 1
    ended = run(["setup", "cursor", "--yes", "--env", "EVALS_MCP_DATABASE=evals.db"], HOME=str(here))
    assert ended.status == 0
    (configuration,) = here.rglob("mcp.json")
    written = configuration.read_text(encoding="utf-8")
    configuration.write_text(written.replace('evals.db"', 'evals.db?workspace=search"'), encoding="utf-8")
    (finding,) = anyio.run(check_hosts, this_machine({"HOME": str(here)}), None)
    assert (finding.state, finding.message.endswith(_refusal(here / "evals.db"))) == (State.WRONG, True)
    server = json.loads(written)["mcpServers"]["evals"]
    server["args"] = [*server.get("args", []), "--workspace", "search"]
    configuration.write_text(json.dumps({"mcpServers": {"evals": server}}), encoding="utf-8")
    (finding,) = anyio.run(check_hosts, this_machine({"HOME": str(here)}), None)
    assert (finding.state, finding.message.endswith(_refusal(here / "evals.db"))) == (State.WRONG, True)


def test_a_remote_server_does_not_open_the_file_of_a_command_on_files() -> None:
    """`keys` and others work on the database whatever HUMANLOOP_BASE_URL says, and refuse there, too."""
    variables = {"HUMANLOOP_BASE_URL": "https://evals.internal", "EVALS_MCP_WORKSPACE": "search"}
    assert "Workspace `search` is named" in run(["keys", "list"], EVALS_MCP_DATABASE="evals.db", **variables).stderr
    ended = run(["--workspace", "search", "keys", "list", "--server", "https://evals.internal"])
    assert "Omit --workspace: a server has the keys of your own key's workspace." in ended.stderr


def test_a_copy_takes_workspaces_from_its_addresses_only(here: Path) -> None:
    """The variable is of EVALS_MCP_DATABASE, which a copy does not read; an option would be of neither address."""
    with closing(open_store("from.db")):
        pass
    words = ["copy", "from.db", "to.db"]
    assert run(words, EVALS_MCP_WORKSPACE="search").status == 0
    for target in ("new.db", "postgresql://127.0.0.1:9/evals"):
        ended = run(["--workspace", "search", "copy", "from.db", target])
        assert (ended.status, ended.stdout) == (1, "")
        assert "Omit --workspace: each address of a copy names its own, as 'postgresql://" in ended.stderr
    ended = run(["copy", "from.db?workspace=search", "new.db"])
    assert (ended.status, _refusal(here / "from.db") in ended.stderr) == (1, True)
    ended = run(["copy", "from.db", "new.db?workspace=search"])
    assert (ended.status, _refusal(here / "new.db") in ended.stderr) == (1, True)
    assert not list(here.glob("new.db*"))


def test_an_import_into_a_workspace_is_whole_beside_a_wrong_environment(here: Path) -> None:
    """What this shell would look at is another question, asked when all is written."""
    ended = run(["import", "results.csv", "--into", "own.db"], EVALS_MCP_MAX_TOKENS="0")
    assert (ended.status, "an assistant with EVALS_MCP_DATABASE set to" in ended.stdout) == (0, True)
    assert ended.stderr == ""


def test_the_tools_are_those_of_a_wrong_setting() -> None:
    """Before the server is loaded, too."""
    wrong = early_settings(["--database", "evals.db", "--workspace", "search"], {})
    assert wrong is not None
    assert wrong.max_tokens is None
    for arguments, environ in (
        (["--workspace", "search"], {"EVALS_MCP_DATABASE": "postgresql://db/evals"}),
        (["--database", "postgresql://db/evals", "--workspace", "search"], {}),
        (["--workspace", "default"], {}),
        (["--workspace", ""], {}),
    ):
        right = early_settings(arguments, environ)
        if right is not None:
            assert right.max_tokens == 4_000

"""The commands, as a person types them: their output, and their exit status; tests/slow has the demo."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from tests.e2e.in_process import run

from evals_mcp import __version__
from evals_mcp.cli.main import main
from evals_mcp.config import VARIABLES
from evals_mcp.tools import TOOLS

SAMPLE = "Which prompt answers tickets"


def test_the_version_is_printed() -> None:
    """One line, to stdout."""
    ended = run(["--version"])
    assert (ended.status, ended.stdout, ended.stderr) == (0, f"evals-mcp {__version__}\n", "")


def test_help_tells_what_can_be_set_and_asked() -> None:
    """Every setting, and every tool with its arguments, without a look into the documentation."""
    help_of_all, help_of_call = (" ".join(run([*words, "--help"]).stdout.split()) for words in ([], ["call"]))
    for name, meaning in VARIABLES.items():
        assert f"{name} {meaning.replace('`', '')}" in help_of_all
    for tool in TOOLS:
        assert f"{tool.name} {tool.description} Arguments: {', '.join(tool.argument_names)}." in help_of_call


def test_call_prints_an_answer(sample_database: Path) -> None:
    """Arguments are name=value; a name that is repeated is a list."""
    arguments = [f"evaluation={SAMPLE}", "runs=v1", "runs=v2", "limit=2", "where=error=true"]
    ended = run(["--database", str(sample_database), "call", "get_logs", *arguments])
    assert (ended.status, ended.stderr) == (0, "")
    assert "1 log in v1-baseline, v2-concise with an error" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["call", "list_runs", "evaluation=nothing"], 1, "Error: evaluation: no evaluation is named"),
        (["call", "list_runs", "evaluation"], 1, "'evaluation' is not an argument. Write name=value."),
        (["call", "get_logs", f"evaluation={SAMPLE}", "limit=many"], 1, "Error: limit: "),
        (["call"], 2, "the following arguments are required: TOOL\n"),
        (["call", "sum_up"], 1, 'There is no tool "sum_up". The tools are list_evaluations, list_runs,'),
        (["demo", "--database", "sqlite:///new.db"], 1, "Give a file name, not a URL."),
        (["--database", "/", "demo"], 1, "/ already exists. Name a new file."),
        (["import", "x", "--database", "e.db"], 2, "Write it before the command: evals-mcp --database … COMMAND …\n"),
        (["perform"], 2, "invalid choice: 'perform'"),
        (["call", "list_evaluations"], 1, "The database file is damaged or not a SQLite database"),
    ],
)
def test_a_failure_has_a_status_and_words_on_stderr(
    sample_database: Path, tmp_path: Path, arguments: list[str], status: int, words: str
) -> None:
    """1 after an error, 2 for wrong usage; stdout stays empty, so that a script reads no error as an answer."""
    (tmp_path / "broken.db").write_bytes(b"no database, as one sees" * 100)
    broken = arguments == ["call", "list_evaluations"]
    ended = run(arguments, EVALS_MCP_DATABASE=str(tmp_path / "broken.db" if broken else sample_database))
    assert (ended.status, ended.stdout) == (status, "")
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_keys_are_made_listed_and_revoked(tmp_path: Path) -> None:
    """As the documentation has it: the secret is printed once and listed never; a list of none says what that means."""
    database = ["--database", str(tmp_path / "evals.db")]
    none = run(["keys", "list", *database])
    assert (none.status, none.stdout) == (0, "")
    assert "does not exist yet, so there are no keys" in none.stderr
    assert list(tmp_path.iterdir()) == []
    made = run(["keys", "create", "dashboard", "--read-only", *database])
    secret = made.stdout.strip()
    assert f"Created the database {database[1]}." in made.stderr
    assert f"Created key {secret.split('_')[1]} of dashboard for workspace default, role read." in made.stderr
    assert "It is the first key: restart running servers" in made.stderr
    second = run(["keys", "create", "ann", *database]).stderr
    assert "first key" not in second
    assert "Created the database" not in second
    taken = run(["keys", "create", "ann", *database])
    assert (taken.status, taken.stdout) == (1, "")
    assert (
        "To replace it by one of the same role and end, rotate it. For another role or end, revoke it first."
        in taken.stderr
    )
    assert run(["keys", "revoke", "ann", *database]).stdout.endswith(" of ann (workspace default, role write).\n")
    listed = run(["keys", "list", *database]).stdout
    assert listed.splitlines()[0].split("\t")[1:4] == ["dashboard", "default", "read"]
    assert secret not in listed
    assert run(["keys", "revoke", "dashboard", *database]).stdout.startswith("Revoked ")
    assert "2 keys are left out, revoked or expired." in run(["keys", "list", *database]).stderr
    assert "\trevoked " in run(["keys", "list", "--all", *database]).stdout


class _Terminal(StringIO):
    def isatty(self) -> bool:
        """It is one."""
        return True


def test_a_list_on_a_terminal_has_headers(tmp_path: Path) -> None:
    """And columns in line; names are no markup."""
    database = ["--database", str(tmp_path / "evals.db")]
    for name in ("a", "a long [bold]name"):
        run(["keys", "create", name, *database])
    with redirect_stdout(_Terminal()) as stdout, pytest.raises(SystemExit):
        main(["keys", "list", *database])
    header, *rows = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", stdout.getvalue()).splitlines()]
    assert header.split() == ["id", "name", "workspace", "role", "created", "expires", "last", "used", "state"]
    assert len(rows) == 2
    assert [row.index("write") for row in rows] == [header.index("role")] * 2
    assert "  a long [bold]name  " in rows[1]


def test_workspaces_are_made_and_listed(postgres_address: str) -> None:
    """As the documentation has it, with the address in the environment; a name is taken once."""
    none = run(["workspaces", "list"], EVALS_MCP_DATABASE=postgres_address)
    assert (none.status, none.stdout) == (0, "")
    assert "There are no workspaces" in none.stderr
    made = run(["workspaces", "create", "search"], EVALS_MCP_DATABASE=postgres_address)
    assert (made.status, made.stdout) == (0, "Created workspace search.\n")
    again = run(["workspaces", "create", "search"], EVALS_MCP_DATABASE=postgres_address)
    assert (again.status, again.stderr) == (1, "evals-mcp: Workspace `search` already exists.\n")
    assert run(["workspaces", "list"], EVALS_MCP_DATABASE=postgres_address).stdout.startswith("search\t")


def test_the_journal_is_listed_and_an_import_undone(tmp_path: Path) -> None:
    """An import is one line; undoing its rows needs --yes, happens once, and leaves an empty database."""
    database, table = tmp_path / "evals.db", tmp_path / "table.csv"
    table.write_text("question,output,score\nWhy?,So.,1\nHow?,Thus.,0\n")
    at = ["--from", str(database)]
    assert run(["--database", str(database), "import", str(table)], LOGNAME="ann").status == 0
    listed = run(["journal", *at])
    (line,) = listed.stdout.splitlines()
    assert line.split("\t")[1] == "ann"
    assert ("\tevals-mcp import\timport\t" in line, "\tcan be undone\t" in line, "log 2" in line) == (True, True, True)
    assert "Entries are kept for 90 days." in listed.stderr
    handle = line.split("\t")[-1]
    about = run(["journal", *at, "--evaluation", "table"])
    assert (about.status, about.stdout) == (0, listed.stdout), about.stderr
    assert "no evaluation is named" in run(["journal", *at, "--evaluation", "other"]).stderr
    refused = run(["journal", "undo", handle, *at])
    assert (refused.status, "Repeat it with --yes." in refused.stderr) == (1, True), refused.stderr
    undone = run(["journal", "undo", handle, "--yes", *at], LOGNAME="ann", EVALS_MCP_ACTOR="Zoë")
    assert undone.stdout == f"Undid {handle}.\n"
    assert run(["journal", "undo", handle, "--yes", *at]).status == 1
    lines = [line.split("\t") for line in run(["journal", *at, "--limit", "2"]).stdout.splitlines()]
    assert [(cells[1], cells[-2]) for cells in lines] == [("Zoë", "-"), ("ann", "undone")]

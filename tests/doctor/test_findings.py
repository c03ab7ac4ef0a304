"""What each check of `evals-mcp doctor` finds, without a start of the server; tests/slow has the whole command."""

import json
import shutil
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from tests.serving.served_here import served

from evals_mcp.config import Settings, read_settings
from evals_mcp.doctor.configurations import check_hosts
from evals_mcp.doctor.data import check_database, check_remote
from evals_mcp.doctor.findings import Finding, State
from evals_mcp.doctor.program import check_program, check_python, check_settings
from evals_mcp.hosts.machine import Machine
from evals_mcp.store.database import sqlite_file
from evals_mcp.store.teams.control import open_control


def found_in(database: Path | str, **options: bool) -> Finding:
    """What the check of a database finds; it leaves everything around it as it is."""
    folder = Path(database).parent
    before = sorted(folder.iterdir()) if folder.is_dir() else None
    finding = check_database(Settings(database=str(database), **options))  # type: ignore[arg-type]
    assert (sorted(folder.iterdir()) if folder.is_dir() else None) == before
    return finding


@pytest.fixture
def database(sample_database: Path, tmp_path: Path) -> Path:
    """A copy of the sample's database."""
    return Path(shutil.copy(sample_database, tmp_path / "evals.db"))


def test_a_sound_database_is_told_with_its_size_and_version(database: Path) -> None:
    """And how many evaluations are in it."""
    finding = found_in(database)
    assert finding.state is State.OK
    size = f"{database.stat().st_size / 1e6:,.1f} MB"
    assert finding.message.startswith(f"{database}: {size}, schema 00")
    assert finding.message.endswith(", 1 evaluation, intact")
    assert finding.seconds["check"] > 0


def test_a_database_that_is_not_there_yet_is_no_mistake(tmp_path: Path, database: Path) -> None:
    """The first write creates it; those beside it are named, as the name may be mistyped."""
    finding = found_in(tmp_path / "eval.db")
    assert finding.state is State.NOTE
    assert finding.message == f"{tmp_path / 'eval.db'} will be created by the first write. Beside it: evals.db."
    assert "evals-mcp import" in finding.advice
    (tmp_path / "file").write_text("")
    finding = found_in(tmp_path / "file" / "evals.db")
    assert (finding.state, "cannot be created" in finding.message) == (State.WRONG, True)


def test_damage_is_found(database: Path) -> None:
    """In the page of an index that few questions read."""
    with closing(sqlite3.connect(database)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'judgments'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    content = bytearray(database.read_bytes())
    content[(page - 1) * size + 100 : page * size] = bytes(size - 100)
    database.write_bytes(content)
    finding = found_in(database)
    assert finding.state is State.WRONG
    assert f"{database} is damaged: " in finding.message
    assert "Restore a backup" in finding.advice


def test_what_is_no_database_of_ours_is_told(tmp_path: Path, database: Path) -> None:
    """Text, a folder, another program's file, and a newer version's."""
    (tmp_path / "text.db").write_text("no database, as one sees" * 100)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE songs (title)")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for name, words in {
        "text.db": "not a SQLite database",
        "other.db": "It belongs to another program.",
        "evals.db": "A newer version of evals-mcp wrote it (schema 9999, here 00",
        ".": "is a folder",
    }.items():
        finding = check_database(Settings(database=str(tmp_path / name)))
        assert finding.state is State.WRONG
        assert words in finding.message
        assert "EVALS_MCP_DATABASE" in finding.advice
        assert ("Upgrade" in finding.advice) == (name == "evals.db")


def test_a_database_that_is_locked_is_not_to_be_replaced(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sound; who holds it has to let go."""
    monkeypatch.setattr(sqlite_file, "BUSY_MILLISECONDS", 50)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode = WAL", "CREATE TABLE more (a)", "PRAGMA locking_mode = EXCLUSIVE"):
            connection.execute(statement)
        connection.execute("BEGIN EXCLUSIVE")
        finding = check_database(Settings(database=str(database)))
    assert finding.state is State.WRONG
    assert "is busy" in finding.message
    assert finding.advice.startswith("Wait until the other program is done, or end it.")
    assert check_database(Settings(database=str(database))).state is State.OK


def test_an_older_schema_is_upgraded_later_not_now(database: Path) -> None:
    """The check changes nothing."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0004'")
        connection.commit()
    finding = found_in(database)
    assert finding.state is State.OK
    assert "schema 0004 of 00" in finding.message
    assert "upgraded when it is next opened" in finding.message
    assert found_in(database).message == finding.message


def test_a_postgresql_database_is_told_without_its_password(postgres_address: str) -> None:
    """With its version, size and workspaces; one that cannot be reached is wrong."""
    with closing(open_control(postgres_address)) as control:
        control.create_workspace("search")
    finding = check_database(Settings(database=f"{postgres_address}&workspace=search"))
    assert finding.state is State.OK
    assert ", PostgreSQL 1" in finding.message
    assert ", workspaces search, schema 00" in finding.message
    finding = check_database(Settings(database=postgres_address))
    assert finding.state is State.WRONG
    assert "Workspaces: `search`." in finding.message
    assert finding.advice.startswith("Set EVALS_MCP_WORKSPACE")
    finding = check_database(Settings(database="postgresql://me:s3cret@127.0.0.1:1/evals"))
    assert finding.state is State.WRONG
    assert finding.message.startswith("postgresql://me:***@127.0.0.1:1/evals: ")
    assert "s3cret" not in f"{finding}"


def test_a_remote_server_and_its_key_are_checked(tmp_path: Path) -> None:
    """It answers; it refuses a wrong key; it is not there."""
    with closing(open_control(str(tmp_path / "evals.db"))) as control:
        secret = control.create_key(None, "me").secret

    def check(**settings: str) -> Finding:
        return anyio.run(check_remote, read_settings(settings))

    with served(str(tmp_path / "evals.db")) as address:
        finding = check(HUMANLOOP_BASE_URL=address, HUMANLOOP_API_KEY=secret)
        wrong = check(HUMANLOOP_BASE_URL=address, HUMANLOOP_API_KEY="wrong")
    assert finding.state is State.OK
    assert finding.message == f"{address.removeprefix('http://')}: evals-mcp answers, the key is accepted"
    assert wrong.state is State.WRONG
    assert "Set HUMANLOOP_API_KEY to a key of this server." in wrong.advice
    assert (
        check(HUMANLOOP_BASE_URL="ftp://x").message == "The base URL must look like https://host/v5, without a query."
    )


def test_settings_that_do_nothing_are_told(tmp_path: Path) -> None:
    """A mistyped name, and a folder that does not exist."""
    environ = {"EVALS_MCP_DATABSE": "x", "EVALS_MCP_IMPORT_DIRS": f"{tmp_path}:{tmp_path}/gone", "HUMANLOOP_FILES": ""}
    findings = list(check_settings(environ, read_settings(environ)))
    assert [(finding.state, finding.message, finding.advice) for finding in findings] == [
        (State.OK, "EVALS_MCP_IMPORT_DIRS", ""),
        (State.WRONG, "EVALS_MCP_DATABSE is no setting.", "Call it EVALS_MCP_DATABASE."),
        (
            State.WRONG,
            f"The import folder {tmp_path}/gone does not exist.",
            "Create it, or change EVALS_MCP_IMPORT_DIRS.",
        ),
    ]


def test_the_program_and_python_are_told(tmp_path: Path) -> None:
    """Where they are."""
    assert check_program([sys.executable, "-m", "evals_mcp"]).message.endswith(f"{sys.executable} -m evals_mcp")
    assert check_program([str(tmp_path / "gone")]).state is State.WRONG
    assert check_python().message.endswith(sys.executable)


def hosts_of(home: Path, shell: Settings | None = None) -> dict[str, Finding]:
    """What is found in the hosts of a home folder."""
    return {finding.check: finding for finding in anyio.run(check_hosts, Machine(home, {}, "linux"), shell)}


def test_configurations_that_cannot_work_are_told(tmp_path: Path) -> None:
    """Each with what to do; no server has to be started to see it."""
    program = tmp_path / "evals-mcp"
    program.write_text("")
    texts = {
        ".gemini/settings.json": "{",
        ".cursor/mcp.json": json.dumps({"mcpServers": {"evals": {"command": f"{tmp_path}/gone/evals-mcp"}}}),
        ".codex/config.toml": f'[mcp_servers.evals]\ncommand = "{sys.executable}"\nargs = ["-m", "evals_mcp"]\n',
        ".codeium/windsurf/mcp_config.json": json.dumps({"mcpServers": {"evals": {"command": "npx"}}}),
        ".config/zed/settings.json": "{}",
        ".config/opencode/opencode.json": json.dumps(
            {"mcp": {"mine": {"command": [sys.executable, "-m", "evals_mcp"], "enabled": False}}}
        ),
        ".claude.json": json.dumps(
            {"mcpServers": {"evals": {"command": str(program), "env": {"EVALS_MCP_MAX_TOKENS": "1"}}}}
        ),
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    findings = hosts_of(tmp_path)
    program.chmod(0o755)
    with_program = hosts_of(tmp_path)
    told = {
        "Gemini CLI": (State.WRONG, "line 1, column 2", "Correct the file, then run `evals-mcp setup gemini`."),
        "Cursor": (State.WRONG, "gone/evals-mcp does not exist or cannot be run", "Run `evals-mcp setup cursor`."),
        "Codex": (State.WRONG, "`required = true` is missing", "Run `evals-mcp setup codex`."),
        "Windsurf": (State.NOTE, "evals is another server", "`evals-mcp setup windsurf --name evals-mcp`"),
        "Zed": (State.NOTE, "has no evals-mcp", "To add it: `evals-mcp setup zed`."),
        "opencode": (State.NOTE, "the server is switched off", "Switch it on in the host."),
        "Claude Code": (State.WRONG, "cannot be run", "Run `evals-mcp setup claude-code`."),
    }
    assert set(findings) == set(told)
    for host, (state, words, advice) in told.items():
        assert findings[host].state is state
        assert words in findings[host].message
        assert advice in findings[host].advice
    assert "EVALS_MCP_MAX_TOKENS must be a whole number" in with_program["Claude Code"].message
    assert stat.S_IMODE(program.stat().st_mode) == 0o755


def test_a_machine_without_hosts_is_told(tmp_path: Path) -> None:
    """With what to do."""
    assert hosts_of(tmp_path)["hosts"].message == f"No host was found in {tmp_path}."

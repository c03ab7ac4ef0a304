"""Workspaces and keys by the address of a database."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.e2e.in_process import run
from tests.serving.administration import create_key, create_workspace, list_keys, list_workspaces, revoke_key

from evals_mcp.errors import Invalid, NotFound, Unavailable
from evals_mcp.models.roles import Role
from evals_mcp.store.store import open_store


def test_keys_are_made_listed_and_revoked(tmp_path: Path) -> None:
    """Each call opens and closes the database, so the next one, in whatever process, sees what it did."""
    address = str(tmp_path / "evals.db")
    assert list_keys(address) == []
    made = create_key(address, None, "ci", read_only=True)
    assert list_keys(address) == [made.key]
    assert (made.key.workspace, made.key.role, made.key.revoked_at) == ("default", Role.READ, None)
    assert list_keys(address) != [revoke_key(address, "ci")]
    assert list_keys(address)[0].revoked_at is not None


def test_workspaces_are_made_and_listed(postgres_address: str) -> None:
    """A key names the workspace that it opens."""
    assert list_workspaces(postgres_address) == []
    made = create_workspace(postgres_address, "red")
    assert list_workspaces(postgres_address) == [made]
    assert create_key(postgres_address, "red", "ci").key.workspace == "red"
    with pytest.raises(NotFound):
        create_key(postgres_address, "blue", "ci")


def test_a_file_has_one_workspace(tmp_path: Path) -> None:
    """The sentence says how to have another."""
    address = str(tmp_path / "evals.db")
    assert [item.name for item in list_workspaces(address)] == ["default"]
    with pytest.raises(Invalid, match="another file"):
        create_workspace(address, "red")


def test_an_address_that_is_no_database_is_said() -> None:
    """As by the server."""
    with pytest.raises(Invalid, match="postgresql://"):
        list_keys("mysql://localhost/evals")
    with pytest.raises(Unavailable, match="cannot be reached"):
        list_keys("postgresql://127.0.0.1:1/nothing")


def _told(*arguments: str, **variables: str) -> str:
    """What a command writes to both of its outputs, on one line."""
    ended = run(arguments, **variables)
    return " ".join(f"{ended.stdout} {ended.stderr}".split())


def _tables_of_nobody(address: str) -> int:
    with psycopg.connect(address) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert row is not None
    return int(row[0])


def test_commands_for_keys_stay_in_the_workspace_that_is_named(postgres_address: str) -> None:
    """However it is named: a person of the same name in another workspace keeps the key."""
    for workspace in ("red", "blue"):
        create_workspace(postgres_address, workspace)
    lead = create_key(postgres_address, "blue", "lead").key
    ann = {workspace: create_key(postgres_address, workspace, "ann").key for workspace in ("red", "blue")}
    database = {"EVALS_MCP_DATABASE": postgres_address}
    for before, after in (((), ("--workspace", "red")), (("--workspace", "red"), ())):
        listed = run((*before, "keys", "list", *after), **database)
        assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == [ann["red"].id]
        for action in ("revoke", "rotate"):
            assert "`lead` does not exist" in _told(*before, "keys", action, "lead", *after, **database)
    assert "red" in _told("keys", "revoke", "ann", "--workspace", "red", **database)
    assert [key.id for key in list_keys(postgres_address) if key.revoked_at is None] == [lead.id, ann["blue"].id]
    for words in (("list",), ("revoke", "ann"), ("rotate", "ann")):
        assert "Workspaces: `blue`, `red`" in _told("keys", *words, "--workspace", "green", **database)


def test_an_address_names_its_workspace(postgres_address: str, tmp_path: Path) -> None:
    """In the address, a variable or an option. Every command refuses one that names none, and makes no tables."""
    (tmp_path / "results.csv").write_text("question,answer,correct\nq,a,true\n")
    imports = ("import", str(tmp_path / "results.csv"))
    create_key(str(tmp_path / "evals.db"), None, "some")
    assert "Workspaces: none yet. To create one: `evals-mcp workspaces create NAME`." in _told(
        *imports, EVALS_MCP_DATABASE=postgres_address
    )
    for name in ("search", "ads"):
        create_workspace(postgres_address, name)
    commands = (
        ("call", "list_evaluations"),
        imports,
        ("export", "results", "--to", str(tmp_path / "out.csv")),
        ("report", "results", "--to", "-"),
        ("journal",),
        ("copy", str(tmp_path / "evals.db"), postgres_address),
        ("copy", postgres_address, str(tmp_path / "copy.db")),
        ("setup", "cursor", "--env", f"EVALS_MCP_DATABASE={postgres_address}", "--print"),
    )
    for command in commands:
        told = _told(*command, EVALS_MCP_DATABASE=postgres_address, HOME=str(tmp_path))
        assert "Set EVALS_MCP_WORKSPACE, or add ?workspace=NAME to the address. Workspaces: `ads`, `search`." in told
    assert _tables_of_nobody(postgres_address) == 0
    named = f"{postgres_address}&workspace=search"
    assert "New in the database" in _told("--workspace", "search", *imports, EVALS_MCP_DATABASE=postgres_address)
    listed = ("call", "list_evaluations")
    for at, workspace in ((named, ""), (named, "ads"), (postgres_address, "search")):
        assert "1 evaluation," in _told(*listed, EVALS_MCP_DATABASE=at, EVALS_MCP_WORKSPACE=workspace)
    assert "no evaluations" in _told(*listed, EVALS_MCP_DATABASE=postgres_address, EVALS_MCP_WORKSPACE="ads")
    unknown = _told(*listed, EVALS_MCP_DATABASE=postgres_address, EVALS_MCP_WORKSPACE="add")
    assert "Workspace `add` does not exist. Workspaces: `ads`, `search`." in unknown
    assert _tables_of_nobody(postgres_address) == 0


def test_data_of_earlier_versions_goes_on_and_can_be_moved(postgres_address: str, tmp_path: Path) -> None:
    """It is reached by the address without a workspace, and `copy` brings it into one."""
    (tmp_path / "results.csv").write_text("question,answer,correct\nq,a,true\n")
    with closing(open_store(postgres_address)):
        tables = _tables_of_nobody(postgres_address)
    create_workspace(postgres_address, "search")
    told = _told("import", str(tmp_path / "results.csv"), "--into", postgres_address)
    assert "in the schema public, which an earlier version made, and in no workspace (search)" in told
    listed = ("call", "list_evaluations")
    assert "1 evaluation," in _told(*listed, EVALS_MCP_DATABASE=postgres_address)
    named = f"{postgres_address}&workspace=search"
    empty = _told(*listed, EVALS_MCP_DATABASE=named)
    assert "has no evaluations" in empty
    assert "workspaces have data of their own" not in empty
    assert "TO has all records." in _told("copy", postgres_address, named)
    assert "FROM and TO are the same" in _told("copy", named, named)
    assert "1 evaluation," in _told(*listed, EVALS_MCP_DATABASE=named)
    assert _tables_of_nobody(postgres_address) == tables

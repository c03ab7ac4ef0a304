"""Workspaces and keys by the address of a database."""

from pathlib import Path

import pytest
from tests.e2e.in_process import run
from tests.serving.administration import create_key, create_workspace, list_keys, list_workspaces, revoke_key

from evals_mcp.errors import Invalid, NotFound, Unavailable
from evals_mcp.models.roles import Role


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


def test_commands_tell_that_a_workspace_is_somewhere_else(postgres_address: str, tmp_path: Path) -> None:
    """What is imported by the address of the database is in no workspace, and they are not in it."""
    (tmp_path / "results.csv").write_text("question,answer,correct\nq,a,true\n")
    into = ["import", str(tmp_path / "results.csv"), "--into", postgres_address]
    assert "schema public" not in run([*into, "--dry-run"]).stdout
    for name in ("search", "ads"):
        create_workspace(postgres_address, name)
    empty = run(["call", "list_evaluations"], EVALS_MCP_DATABASE=postgres_address).stdout
    assert "Its workspaces have data of their own: ads, search." in empty
    assert "--into http://" in empty
    imported = run(into)
    copied = run(["copy", postgres_address, str(tmp_path / "copy.db")])
    back = run(["copy", str(tmp_path / "copy.db"), postgres_address])
    for told in (imported, back):
        assert told.status == 0
        assert "no server answers, and into no workspace (ads, search)" in " ".join(told.stdout.split())
        assert "set HUMANLOOP_API_KEY to a key of the workspace" in " ".join(told.stdout.split())
    assert "workspace" not in copied.stdout

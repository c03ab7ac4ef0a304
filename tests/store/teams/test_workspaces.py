"""Workspaces are renamed and removed, on PostgreSQL; what a file is told instead."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from evals_mcp.errors import Conflict, Invalid, NotFound, Unavailable
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import Store
from evals_mcp.store.teams.control import Control, open_control


@pytest.fixture
def control(postgres_address: str) -> Iterator[Control]:
    """A PostgreSQL database with the workspaces `blue` and `red`."""
    with closing(open_control(postgres_address)) as opened:
        for name in ("blue", "red"):
            opened.create_workspace(name)
        yield opened


def _write(store: Store, path: str) -> None:
    store.files.upsert("flow", None, path, {"attributes": {}}, FileChange())


def _schemas(control: Control) -> set[str]:
    with control.database.read() as connection:
        found = connection.execute(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'evals%'"))
        return set(found.scalars())


def _secret(control: Control, workspace: str) -> str:
    return control.create_key(workspace, "ci").secret


def test_a_renamed_workspace_keeps_data_and_keys(control: Control) -> None:
    """Its key opens it as before, under the new name, and an open store goes on."""
    store, secret = control.open(control.workspace("red")), _secret(control, "red")
    _write(store, "before")
    renamed = control.rename_workspace("red", "green")
    _write(store, "after")
    assert [item.name for item in control.workspaces()] == ["blue", "green"]
    recognised = control.recognise(secret)
    assert recognised is not None
    assert (recognised[0].workspace, recognised[1]) == ("green", renamed)
    assert control.open(renamed).files.page().total == 2
    for name, new, error in (("red", "x", NotFound), ("green", "blue", Conflict), ("green", "Green", Invalid)):
        with pytest.raises(error):
            control.rename_workspace(name, new)
    assert control.workspace("green") == renamed


def test_a_new_workspace_of_an_old_name_is_another(control: Control) -> None:
    """After a renaming and after a removal: what has the old one open never reaches the new one."""
    renamed, removed = (control.open(control.workspace(name)) for name in ("red", "blue"))
    control.rename_workspace("red", "green")
    assert control.remove_workspace("blue")
    for name, old in (("red", renamed), ("blue", removed)):
        new = control.open(control.create_workspace(name))
        _write(new, "new")
        assert new.files.page().total == 1
        assert new.database.schema != old.database.schema
    assert renamed.files.page().total == 0
    with pytest.raises(Unavailable, match="removed"):
        removed.files.page()
    assert control.remove_workspace("blue")
    assert control.open(control.create_workspace("blue")).files.page().total == 0


def test_a_removed_workspace_is_gone_with_its_keys(control: Control) -> None:
    """Nothing of it is left but that its schema was used; the others stay as they are."""
    secret, other = _secret(control, "red"), _secret(control, "blue")
    workspace = control.workspace("red")
    store = control.open(workspace)
    assert control.remove_workspace("red")
    assert control.recognise(secret) is None
    assert control.recognise(other) is not None
    left = control.keys()
    assert [key.workspace for key in left] == ["blue"]
    assert _schemas(control) == {"evals_mcp", "evals_mcp_blue"}
    with pytest.raises(NotFound, match="`blue`"):
        control.remove_workspace("red")
    for straggler in (lambda: _write(store, "late"), store.files.page):
        with pytest.raises(Unavailable, match="removed while it was in use"):
            straggler()
    with pytest.raises(NotFound, match="was removed"):
        control.open(workspace)
    assert _schemas(control) == {"evals_mcp", "evals_mcp_blue"}


def test_whoever_reads_it_holds_up_no_removal(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys end at once. The data goes as soon as nobody reads it, by the next call, which is not refused."""
    monkeypatch.setattr("evals_mcp.store.database.database._BUSY_MILLISECONDS", 500)
    secret, store = _secret(control, "red"), control.open(control.workspace("red"))
    with store.database.read() as connection:
        connection.execute(text('SELECT * FROM "evals_mcp_red".logs'))
        assert not control.remove_workspace("red")
        assert control.recognise(secret) is None
        assert control.left_over() == ["red"]
    assert control.remove_workspace("red")
    assert control.left_over() == []
    assert _schemas(control) == {"evals_mcp", "evals_mcp_blue"}


def test_a_removal_waits_for_the_write_in_the_workspace(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not end keeps the workspace, whole."""
    monkeypatch.setattr("evals_mcp.store.database.database._BUSY_MILLISECONDS", 500)
    store = control.open(control.workspace("red"))
    with store.database.write(), pytest.raises(Unavailable, match="busy"):
        control.remove_workspace("red")
    _write(store, "still there")
    assert control.open(control.workspace("red")).files.page().total == 1


def test_questions_in_sql_leave_no_login(control: Control) -> None:
    """The login that a workspace's questions have goes with it."""
    from evals_mcp.store.sql.postgresql_reading import QueryLogin

    login = QueryLogin(control.open(control.workspace("red")).database)
    login.read("SELECT 1 AS c1", [False], 1, 10)
    with control.database.read() as connection:
        roles = text("SELECT count(*) FROM pg_roles WHERE rolname = :role")
        assert connection.execute(roles, {"role": login.role}).scalar() == 1
    assert control.remove_workspace("red")
    with control.database.read() as connection:
        assert connection.execute(roles, {"role": login.role}).scalar() == 0


def test_what_a_workspace_has_is_counted(control: Control) -> None:
    """Keys that are revoked do not count."""
    for name in ("a", "b"):
        control.create_key("red", name)
    control.revoke_key("a")
    workspace = control.workspace("red")
    usage = control.usage(workspace)
    assert (usage.evaluations, usage.runs, usage.logs, control.keys_of(workspace)) == (0, 0, 0, 1)
    assert usage.bytes > 100_000


def test_the_workspace_of_a_file_stays(tmp_path: Path) -> None:
    """The sentence says what to do with the file."""
    with closing(open_control(str(tmp_path / "evals.db"))) as control:
        with pytest.raises(Invalid, match="rename the file"):
            control.rename_workspace("default", "red")
        with pytest.raises(Invalid, match="delete the file"):
            control.remove_workspace("default")
        assert control.usage(control.workspace(None)).logs == 0

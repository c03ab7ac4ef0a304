"""Workspaces of PostgreSQL are backed up while servers write, and restored whole, under their own name or another."""

import json
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.e2e.in_process import run
from tests.keeping.client_programs import client_programs
from tests.raw_rows import raw_rows
from tests.recount import check_counts
from tests.review_world import Clock, ReviewWorld
from tests.serving.administration import create_key, create_workspace, list_keys, list_workspaces, revoke_key

from evals_mcp.errors import Conflict, NotFound, Unavailable
from evals_mcp.keeping import control_rows, postgresql_backup, postgresql_programs
from evals_mcp.keeping.postgresql_backup import back_up_workspaces
from evals_mcp.keeping.postgresql_programs import connection_arguments, find_program
from evals_mcp.keeping.postgresql_restore import restore_workspaces
from evals_mcp.store.database.addresses import database_url
from evals_mcp.store.store import Store, open_store
from evals_mcp.store.teams.control import open_control

__all__ = ["client_programs"]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("client_programs")]
_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _store(address: str, name: str, clock: Callable[[], datetime] | None = None) -> Store:
    return open_store(address, f"evals_mcp_{name}", clock or (lambda: _NOW))


def _fill(address: str, name: str) -> None:
    create_workspace(address, name)
    clock = Clock()
    with closing(_store(address, name, clock)) as store:
        world = ReviewWorld(store, clock, [[True, False], [False, True]], name=f"of {name}; evals_mcp_{name}.logs")
        world.label(world.logs[0][0])


def test_all_workspaces_are_restored_with_their_keys(postgres_address: str, tmp_path: Path) -> None:
    """Rows, order and keys are as they were; a name that is taken is refused, and a new name has no keys."""
    for name in ("search", "support_2"):
        _fill(postgres_address, name)
    create_key(postgres_address, "search", "ann")
    gone = create_key(postgres_address, "search", "ben").key.id
    revoke_key(postgres_address, gone)
    keys = list_keys(postgres_address)
    with psycopg.connect(
        postgres_address, autocommit=True
    ) as connection:  # as of a workspace that has another name now
        connection.execute('ALTER SCHEMA evals_mcp_support_2 RENAME TO "evals_mcp_support-2"')
        connection.execute("UPDATE evals_mcp.workspaces SET schema = 'evals_mcp_support-2' WHERE name = 'support_2'")
    with closing(_store(postgres_address, "search")) as store:
        rows = raw_rows(store.database)
    backup = tmp_path / "backup"
    manifest = back_up_workspaces(postgres_address, backup, _NOW)
    assert [(item.name, item.counts["logs"]) for item in manifest.workspaces] == [("search", 9), ("support_2", 9)]
    assert sorted(path.name for path in backup.iterdir()) == ["manifest.json", "search.dump", "support_2.dump"]
    assert {path.stat().st_mode & 0o077 for path in [backup, *backup.iterdir()]} == {0}
    with pytest.raises(Conflict, match="Workspace `search` already exists in this database"):
        restore_workspaces(backup, postgres_address)
    (copied,) = restore_workspaces(backup, postgres_address, ["search"], "search_again")
    assert (copied.name, copied.keys) == ("search_again", [])
    with closing(_store(postgres_address, "search_again")) as store:
        assert raw_rows(store.database) == rows
        check_counts(store)
        world = ReviewWorld(
            store, Clock(), [[True], [True]], name="new"
        )  # numbers go on behind those that were restored
        assert len(world.every_log) == 2
    assert list_keys(postgres_address) == keys
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        for name in ("search", "support-2"):
            connection.execute(f'DROP SCHEMA "evals_mcp_{name}" CASCADE')
        connection.execute("DROP SCHEMA evals_mcp CASCADE")
        connection.execute("CREATE SCHEMA evals_mcp_support_2")  # left by something: no workspace's, and not touched
    restored = restore_workspaces(backup, postgres_address)
    assert [(item.name, item.keys) for item in restored] == [("search", ["ann"]), ("support_2", [])]
    assert list_keys(postgres_address) == keys
    search, support = list_workspaces(postgres_address)
    assert (search.name, search.schema, support.name) == ("search", "evals_mcp_search", "support_2")
    assert str(support.schema).startswith("evals_mcp_support_2_")
    again = tmp_path / "again"
    back_up_workspaces(postgres_address, again, _NOW, ["support_2"])
    (copied,) = restore_workspaces(again, postgres_address, as_name="support_3")
    assert copied.counts == restored[1].counts
    with closing(_store(postgres_address, "search")) as store:
        assert raw_rows(store.database) == rows


def test_what_is_damaged_newer_or_absent_is_not_restored(postgres_address: str, tmp_path: Path) -> None:
    """And nothing is left of it in the database."""
    _fill(postgres_address, "search")
    backup = tmp_path / "backup"
    back_up_workspaces(postgres_address, backup, _NOW)
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA evals_mcp_search CASCADE")
        connection.execute("DROP SCHEMA evals_mcp CASCADE")
    with pytest.raises(NotFound, match=r"The backup has no workspace `other`\. Workspaces: search"):
        restore_workspaces(backup, postgres_address, ["other"])
    with pytest.raises(Unavailable, match="There is no backup"):
        restore_workspaces(tmp_path / "nothing", postgres_address)
    manifest = backup / "manifest.json"
    content = manifest.read_text()
    manifest.write_text(content.replace('"control_revision": "', '"control_revision": "9'))
    with pytest.raises(Conflict, match=r"A newer version of evals-mcp \(evals-mcp .*\) made the backup"):
        restore_workspaces(backup, postgres_address)
    damaged = json.loads(content)
    damaged["workspaces"][0]["counts"]["logs"] += 1
    manifest.write_text(json.dumps(damaged))
    with pytest.raises(Unavailable, match=r"lacks rows\. Nothing was restored"):
        restore_workspaces(backup, postgres_address)
    manifest.write_text(content)
    dump = (backup / "search.dump").read_bytes()
    (backup / "search.dump").write_bytes(dump[:-100])
    with pytest.raises(Unavailable, match="is damaged"):
        restore_workspaces(backup, postgres_address)
    manifest.write_text("{}")
    with pytest.raises(Unavailable, match="is no backup"):
        restore_workspaces(backup, postgres_address)
    with psycopg.connect(postgres_address) as connection:
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'evals%'").fetchall()
        assert schemas == [("evals_mcp",)]
    assert list_workspaces(postgres_address) == []


def test_workspaces_may_be_renamed_and_removed_while_they_are_backed_up(postgres_address: str, tmp_path: Path) -> None:
    """A backup has them under the name that they had then, can be restored, and lacks only what is gone."""
    for name in ("ads", "gone", "search"):
        _fill(postgres_address, name)
    key = create_key(postgres_address, "ads", "ann").key.id

    def change(name: str) -> None:
        if name == "ads":
            with closing(open_control(postgres_address)) as control:
                control.rename_workspace("ads", "ranking")
                control.remove_workspace("gone")

    backup = tmp_path / "backup"
    manifest = back_up_workspaces(postgres_address, backup, _NOW, tell=change)
    assert [item.name for item in manifest.workspaces] == ["ranking", "search"]
    with closing(open_control(postgres_address)) as control:
        control.rename_workspace("ranking", "ads")
        control.remove_workspace("search")
    restored = restore_workspaces(backup, postgres_address)
    assert [(item.name, item.keys, item.other_keys) for item in restored] == [
        ("ranking", [], ["ann"]),
        ("search", [], []),
    ]
    assert [(found.id, found.workspace) for found in list_keys(postgres_address)] == [(key, "ads")]  # it goes on there
    with closing(open_control(postgres_address)) as control:
        control.remove_workspace("ads")
        control.remove_workspace("ranking")
    with pytest.raises(NotFound, match="does not exist"):
        back_up_workspaces(postgres_address, tmp_path / "other", _NOW, ["ads"])
    content = json.loads((backup / "manifest.json").read_text())
    broken: list[dict[str, Any]] = [
        {"workspaces": []},
        {"api_keys": [{"id": "x"}]},
        {"workspaces": [{"name": "x", "created_at": "y"}]},
    ]
    for changed in broken:
        damaged = {**content, "workspaces": [{**content["workspaces"][0]}]}
        damaged["workspaces"][0]["control"] = {**content["workspaces"][0]["control"], **changed}
        (backup / "manifest.json").write_text(json.dumps(damaged))
        with pytest.raises(Unavailable, match="manifest is damaged"):
            restore_workspaces(backup, postgres_address)
    (backup / "manifest.json").write_text(json.dumps(content))
    assert restore_workspaces(backup, postgres_address, ["ranking"])[0].keys == ["ann"]


def test_who_waits_for_a_table_ends_a_backup_and_is_not_waited_for_for_ever(
    postgres_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that is to change a table waits for the backup, which reads it, and `pg_dump` for that session."""
    _fill(postgres_address, "search")
    with psycopg.connect(postgres_address) as waiting, psycopg.connect(postgres_address, autocommit=True) as other:

        def lock() -> None:
            with suppress(psycopg.Error):
                waiting.execute("LOCK TABLE evals_mcp_search.logs IN ACCESS EXCLUSIVE MODE")
            waiting.rollback()

        changing = threading.Thread(target=lock)

        def read_rows(*given: Any) -> Any:
            changing.start()
            while not other.execute("SELECT FROM pg_locks WHERE pid = %s AND NOT granted", [pid]).fetchall():
                assert changing.is_alive()
            return control_rows.read_rows(*given)

        pid = waiting.info.backend_pid
        with monkeypatch.context() as changed:
            changed.setattr(postgresql_backup, "read_rows", read_rows)
            changed.setattr(postgresql_backup, "_LOCK_SECONDS", 1)
            with pytest.raises(Unavailable, match="session of the database keeps a table from being read"):
                back_up_workspaces(postgres_address, tmp_path / "backup", _NOW)
        changing.join()
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []
    assert back_up_workspaces(postgres_address, tmp_path / "backup", _NOW).workspaces[0].name == "search"


def test_programs_that_are_missing_or_too_old_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The nearest version is taken, and no password stands in the arguments."""
    monkeypatch.setattr(postgresql_programs, "_FOLDERS", str(tmp_path / "*" / "bin"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"pg_dump is not installed\. Install PostgreSQL's client programs"):
        find_program("pg_dump", 15)
    for version in (14, 16, 17):
        folder = tmp_path / str(version) / "bin"
        folder.mkdir(parents=True)
        (folder / "pg_dump").write_text(f'#!/bin/sh\necho "pg_dump (PostgreSQL) {version}.1"\n')
        (folder / "pg_dump").chmod(0o755)
    with pytest.raises(Unavailable, match="pg_dump 17 is too old for PostgreSQL 18"):
        find_program("pg_dump", 18)
    url = database_url("postgresql://ann:se%40cret@db.internal/evals?sslmode=require&workspace=x")
    assert connection_arguments(url) == ["--no-password", "--dbname=postgresql://ann@db.internal/evals?sslmode=require"]


def test_the_commands_say_what_they_do(postgres_address: str, tmp_path: Path) -> None:
    """As the documentation has it."""
    none = run(["backup", str(tmp_path / "b"), "--database", postgres_address])
    assert (none.status, "has no workspaces" in none.stderr) == (1, True)
    _fill(postgres_address, "search")
    create_key(postgres_address, "search", "ann")
    twice = ["--workspace", "search", "--workspace", "search"]
    done = run(["backup", str(tmp_path / "b"), *twice, "--database", postgres_address])
    assert (done.status, done.stdout) == (0, "search\t1 evaluations\t9 logs\n"), done.stderr
    again = run(["restore", str(tmp_path / "b"), "--as", "copy", "--database", postgres_address])
    assert (again.status, again.stdout) == (0, "copy\t1 evaluations\t9 logs\n"), again.stderr
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA evals_mcp_search CASCADE")
        connection.execute("DELETE FROM evals_mcp.api_keys")
        connection.execute("DELETE FROM evals_mcp.workspaces WHERE name = 'search'")
    back = run(["restore", str(tmp_path / "b"), *twice, "--database", postgres_address])
    assert back.status == 0, back.stderr
    assert "These keys open workspace search, as when the backup was made: ann." in back.stderr


def test_dated_backups_are_written_into_a_folder(postgres_address: str, tmp_path: Path) -> None:
    """Each night another, of which the newest stay; nothing in the folder is replaced, with --force neither."""
    _fill(postgres_address, "search")
    foreign = tmp_path / "letters.txt"
    foreign.write_text("mine")
    database = str(database_url(postgres_address).database)
    old = tmp_path / f"{database}-20250102T030405Z"
    back_up_workspaces(postgres_address, old, _NOW)
    done = run(["backup", str(tmp_path), "--keep", "1", "--force", "--database", postgres_address])
    assert (done.status, done.stdout) == (0, "search\t1 evaluations\t9 logs\n"), done.stderr
    assert f"Deleted {old.name}." in done.stderr
    (new,) = set(tmp_path.iterdir()) - {foreign}
    assert new.name.startswith(f"{database}-")
    assert f"Wrote {new}. Restore it with: evals-mcp restore {new}" in done.stderr
    back = run(["restore", str(new), "--workspace", "search", "--as", "monday", "--database", postgres_address])
    assert back.status == 0, back.stderr
    assert "No key opens it: `evals-mcp keys create NAME --workspace monday`." in back.stderr
    above = run(["restore", str(tmp_path), "--as", "tuesday", "--database", postgres_address])
    assert (above.status, f"name one, such as {new}." in above.stderr) == (1, True), above.stderr

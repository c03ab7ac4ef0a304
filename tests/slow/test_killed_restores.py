"""A restore is killed at random moments, or meets a running server: the database is the old or the new one, whole."""

import os
import random
import signal
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from shutil import copyfile

import psycopg
import pytest
from tests.e2e.in_process import run
from tests.keeping.client_programs import client_programs
from tests.raw_rows import raw_rows
from tests.review_world import Clock, ReviewWorld
from tests.serving.administration import create_key, create_workspace, list_workspaces
from tests.serving.served_here import served
from tests.slow.test_backup_under_load import post

from evals_mcp.errors import Conflict
from evals_mcp.keeping.postgresql_backup import back_up_workspaces
from evals_mcp.keeping.postgresql_restore import restore_workspaces
from evals_mcp.keeping.sqlite_backup import back_up_file, restore_file
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import open_control

__all__ = ["client_programs"]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_EXAMPLES = os.environ.get("EVALS_MCP_EXAMPLES")
_OF_SQLITE, _OF_POSTGRESQL = (16, 3) if _EXAMPLES is None else (int(_EXAMPLES), int(_EXAMPLES) // 4)
_SEED = 20260102 if _EXAMPLES is None else time.time_ns()


def _kill_within(seconds: float, do: Callable[[], object]) -> None:
    """Do something in a process that is killed after a time, if it has not ended before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test are none of the child's
        child = os.fork()
    if child == 0:
        try:
            do()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _moments(how_many: int, do: Callable[[], object]) -> Iterator[tuple[str, float]]:
    """Random times up to a little more than something takes, each with what repeats it."""
    started = time.monotonic()
    do()
    whole = (time.monotonic() - started) * 1.1
    drawn = random.Random(_SEED)
    for number in range(how_many):
        at = drawn.uniform(0, whole)
        yield f"seed {_SEED}, number {number}, after {at:.4f} of {whole:.4f} s", at


def _content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return list(connection.iterdump())


def test_a_killed_restore_of_a_file_leaves_the_old_or_the_new_one(sample_copy: Path, tmp_path: Path) -> None:
    """It can be repeated at once, whatever was left beside it, and the one before is kept."""
    backup, old, database = tmp_path / "backup.db", tmp_path / "old.db", tmp_path / "in use" / "evals.db"
    back_up_file(sample_copy, backup, _NOW)
    copyfile(sample_copy, old)
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("UPDATE evaluations SET name = 'changed since'")
    database.parent.mkdir()
    contents = {"old": _content(old), "new": _content(backup)}

    def restore(at: Callable[[], datetime]) -> Callable[[], object]:
        return lambda: restore_file(backup, database, at(), replace=True)

    copyfile(old, database)
    found = []
    for told, at in _moments(_OF_SQLITE, restore(lambda: _NOW)):
        for left in database.parent.iterdir():
            left.unlink()
        copyfile(old, database)
        _kill_within(at, restore(lambda: _NOW))
        found.append(next((name for name, content in contents.items() if content == _content(database)), told))
        kept = restore_file(backup, database, datetime.now(UTC), replace=True).kept
        assert kept is not None, told
        assert _content(database) == contents["new"], told
        assert _content(kept) == contents[found[-1]], told
    assert set(found) <= {"old", "new"}


@pytest.mark.usefixtures("client_programs")
def test_a_killed_restore_to_postgresql_leaves_all_or_nothing(postgres_address: str, tmp_path: Path) -> None:
    """It can be repeated at once, also while the server still ends what was killed."""
    create_workspace(postgres_address, "search")
    with closing(open_store(postgres_address, "evals_mcp_search", Clock())) as store:
        ReviewWorld(store, Clock(), [[True, False], [False, True]])
        rows = raw_rows(store.database)
    back_up_workspaces(postgres_address, tmp_path / "backup", _NOW)
    names = (f"copy_{number}" for number in count())

    def restore(name: str) -> Callable[[], object]:
        return lambda: restore_workspaces(tmp_path / "backup", postgres_address, as_name=name)

    for told, at in _moments(_OF_POSTGRESQL, restore(next(names))):
        name = next(names)
        _kill_within(at, restore(name))
        with suppress(Conflict):  # all of it is there
            restore(name)()
        schema = next(item.schema for item in list_workspaces(postgres_address) if item.name == name)
        with closing(open_store(postgres_address, schema)) as store:
            assert raw_rows(store.database) == rows, told
    with psycopg.connect(postgres_address) as connection:
        made = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'evals_mcp_%'").fetchall()
    assert {schema for (schema,) in made} == {item.schema for item in list_workspaces(postgres_address)}


def test_a_file_that_a_server_has_open_is_not_replaced(sample_copy: Path, tmp_path: Path) -> None:
    """The server loses nothing and goes on; once it has ended, the restore takes place."""
    backup = back_up_file(sample_copy, tmp_path / "backup.db", _NOW).path
    key = create_key(str(sample_copy), None, "ann").secret
    again = ["restore", str(backup), "--replace", "--database", str(sample_copy)]
    body = {"path": "load/prompt", "prompt": {"model": "m"}, "output": "x"}
    with served(str(sample_copy)) as url:
        post(url, "/v5/prompts/log", body, key)
        for _ in range(2):
            refused = run(again)
            assert refused.status == 1
            assert "is in use. It was not changed. Stop the servers and assistants that have it open" in refused.stderr
            post(url, "/v5/prompts/log", body, key)
    done = run(again)
    assert (done.status, "The database that was there is" in done.stderr) == (0, True), done.stderr
    assert _content(sample_copy) == _content(backup)


@pytest.mark.usefixtures("client_programs")
def test_a_running_server_takes_over_a_restored_workspace(postgres_address: str, tmp_path: Path) -> None:
    """Of a name that was removed: its keys open it at once. One that is there is refused, and goes on."""
    create_workspace(postgres_address, "search")
    key = create_key(postgres_address, "search", "ann").secret
    again = ["restore", str(tmp_path / "backup"), "--database", postgres_address]
    body = {"path": "load/prompt", "prompt": {"model": "m"}, "output": "x"}
    with served(postgres_address) as url:
        there = post(url, "/v5/prompts/log", body, key)["id"]
        back_up_workspaces(postgres_address, tmp_path / "backup", _NOW)
        since = post(url, "/v5/prompts/log", body, key)["id"]
        refused = run(again)
        assert (refused.status, "Workspace `search` already exists" in refused.stderr) == (1, True)
        post(url, "/v5/prompts/log", body, key)
        with closing(open_control(postgres_address)) as control:
            control.remove_workspace("search")
        restored = run(again)
        assert restored.status == 0, restored.stderr
        (workspace,) = list_workspaces(postgres_address)
        post(url, "/v5/prompts/log", body, key)
    with closing(open_store(postgres_address, workspace.schema)) as store:
        ids = "".join(raw_rows(store.database)["logs"])
        assert (there in ids, since in ids) == (True, False)

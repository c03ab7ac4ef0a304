"""A file that is deleted or replaced under an open store: nothing is answered that is not kept."""

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from evals_mcp.errors import Unavailable
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import Store, open_store
from evals_mcp.store.teams.control import open_control

_LOST = "was deleted or replaced while it was in use. Nothing was written"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "evals.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A store with a flow `before`."""
    with closing(open_store(str(path))) as opened:
        _add(opened, "before")
        yield opened


def _add(store: Store, name: str) -> None:
    store.files.upsert("flow", None, name, {"attributes": {}}, FileChange())


def _names(store: Store) -> set[str]:
    return {file.path for file in store.files.page().records}


def _names_in(path: Path) -> set[str]:
    with closing(open_store(str(path))) as store:
        return _names(store)


def _run_to_end(thread: threading.Thread) -> None:
    thread.start()
    thread.join()


def _other(path: Path, name: str) -> Path:
    """A closed file of ours with one flow."""
    with closing(open_store(str(path))) as store:
        _add(store, name)
    return path


@pytest.mark.parametrize("reads", [True, False])
def test_a_deleted_file_fails_one_transaction(store: Store, path: Path, reads: bool) -> None:
    """A read or a write notices it; the next one makes a new file, which keeps what it answers."""
    path.unlink()
    with pytest.raises(Unavailable, match=_LOST):
        _names(store) if reads else _add(store, "lost")
    _add(store, "after")
    assert _names(store) == _names_in(path) == {"after"}


def test_all_files_of_a_database_may_be_deleted(store: Store, path: Path) -> None:
    """The log and its index go with the file."""
    for item in path.parent.glob("evals.db*"):
        item.unlink()
    with pytest.raises(Unavailable, match=_LOST):
        _add(store, "lost")
    _add(store, "after")
    assert _names(store) == _names_in(path) == {"after"}


def test_a_deleted_log_loses_nothing(store: Store, path: Path) -> None:
    """What is only in the log goes into the file, although the log has no name any more."""
    path.with_name("evals.db-wal").unlink()
    with pytest.raises(Unavailable, match=_LOST):
        _add(store, "lost")
    _add(store, "after")
    assert _names(store) == {"before", "after"}
    store.close()
    assert _names_in(path) == {"before", "after"}


@pytest.mark.parametrize("how", ["rename", "delete first", "delete all first"])
def test_a_replaced_file_is_used_from_the_next_transaction_on(store: Store, path: Path, how: str) -> None:
    """The new file is as whole as before, with nothing of the old one's log in it."""
    other = _other(path.with_name("other.db"), "theirs")
    for item in path.parent.glob("evals.db*"):
        if how == "delete all first" or (how == "delete first" and item == path):
            item.unlink()
    other.rename(path)
    with pytest.raises(Unavailable, match=_LOST):
        _add(store, "lost")
    _add(store, "after")
    assert _names(store) == _names_in(path) == {"theirs", "after"}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("notices", [True, False])
def test_a_file_that_is_moved_away_keeps_what_was_written(store: Store, path: Path, notices: bool) -> None:
    """What was only in its log goes with it, when the store notices or at the latest when it is closed."""
    moved = path.with_name("moved.db")
    path.rename(moved)
    if notices:
        with pytest.raises(Unavailable, match=_LOST):
            _names(store)
        _add(store, "after")
        assert _names(store) == {"after"}
    store.close()
    assert _names_in(moved) == {"before"}


def test_a_write_that_is_under_way_is_not_answered(store: Store, path: Path) -> None:
    """The file goes after the write has begun, and another thread opens the next one before it ends."""
    with pytest.raises(Unavailable, match=_LOST), store.database.write():
        path.unlink()


def test_a_write_to_a_file_that_another_thread_gave_up_is_not_answered(store: Store, path: Path) -> None:
    """One thread notices and opens the next file before the write of another thread ends."""

    def notice_and_open() -> None:
        path.unlink()
        for _ in range(2):
            with suppress(Unavailable):
                _names(store)

    thread = threading.Thread(target=notice_and_open)
    with pytest.raises(Unavailable, match=_LOST), store.database.write():
        _run_to_end(thread)
    _add(store, "after")
    assert _names(store) == _names_in(path) == {"after"}


def test_another_programs_file_is_refused_until_ours_is_back(store: Store, path: Path) -> None:
    """Each transaction says so, the file stays as it is, and the store recovers."""
    ours = _other(path.with_name("ours.db"), "ours")
    path.unlink()
    with closing(sqlite3.connect(path.with_name("notes.db"))) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    path.with_name("notes.db").rename(path)
    content = path.read_bytes()
    with pytest.raises(Unavailable, match=_LOST):
        _add(store, "lost")
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"`evals\.db` belongs to another program"):
            _add(store, "lost")
    assert path.read_bytes() == content
    ours.rename(path)
    _add(store, "after")
    assert _names(store) == {"ours", "after"}


def test_a_deleted_folder_is_created_again(tmp_path: Path) -> None:
    """As when the store was first opened."""
    path = tmp_path / "folder" / "evals.db"
    with closing(open_store(str(path))) as store:
        shutil.rmtree(path.parent)
        with pytest.raises(Unavailable, match=_LOST):
            _add(store, "lost")
        _add(store, "after")
        assert _names_in(path) == {"after"}


def test_values_of_the_old_file_are_forgotten(sample_copy: Path) -> None:
    """A backup has the same runs at the same revisions, with other judgments."""
    backup = sample_copy.with_name("backup.db")
    shutil.copyfile(sample_copy, backup)
    with closing(open_store(str(backup))) as store:
        (evaluation,) = (row.id for row in store.overviews.list_evaluations(None, 1, 0).rows)
        right = store.stats.get(evaluation)
    with closing(sqlite3.connect(sample_copy)) as connection:
        connection.execute("UPDATE judgments SET number = 1 WHERE number = 0")
        connection.commit()
    with closing(open_store(str(sample_copy))) as store:
        assert store.stats.get(evaluation) != right
        version = store.database.data_version()
        backup.rename(sample_copy)
        assert store.database.data_version() is None
        with pytest.raises(Unavailable, match=_LOST):
            store.stats.get(evaluation)
        assert store.stats.get(evaluation) == right
        assert store.database.data_version() not in (None, version)


def test_keys_are_read_from_the_new_file(path: Path) -> None:
    """A key of the deleted file opens nothing in the next one, which has the tables of keys, too."""
    with closing(open_control(str(path))) as control:
        made = control.create_key(None, "ci")
        os.unlink(path)
        with pytest.raises(Unavailable, match=_LOST):
            control.recognise(made.secret)
        assert control.recognise(made.secret) is None
        assert control.create_key(None, "ci").key.workspace == "default"


def test_connections_come_and_go_without_an_alarm(store: Store) -> None:
    """The pool may close all its connections; other openings of the file may end first or last."""
    other = open_store(str(store.database.file.path))  # type: ignore[union-attr]
    store.database.engine.dispose()
    _add(store, "one")
    other.close()
    store.database.engine.dispose()
    _add(store, "two")
    assert _names(store) == {"before", "one", "two"}

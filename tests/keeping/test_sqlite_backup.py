"""A backup of a SQLite file is one state of it, and is restored only where nothing can be lost."""

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.in_process import run
from tests.serving.administration import create_key, revoke_key

from evals_mcp.errors import Conflict, EvalsError, Unavailable
from evals_mcp.keeping.sqlite_backup import back_up_file, restore_file
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import open_control

_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _rows(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(path)) as connection:
        yield from connection.iterdump()


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_is_restored_as_it_was(sample_copy: Path, tmp_path: Path) -> None:
    """All rows, and the keys that still open it; the backup is usable as a database by itself."""
    create_key(str(sample_copy), None, "ann")
    ends = datetime.now(UTC) + timedelta(hours=1)
    create_key(str(sample_copy), None, "cleo", expires_at=ends)
    revoke_key(str(sample_copy), create_key(str(sample_copy), None, "ben").key.id)
    backup, fresh = tmp_path / "backup.db", tmp_path / "new" / "evals.db"
    done = back_up_file(sample_copy, backup, _NOW)
    assert (done.path, done.checkup.evaluations, done.checkup.problems) == (backup, 1, ())
    restored = restore_file(backup, fresh, ends)
    assert (restored.kept, restored.keys) == (None, ["ann"])
    assert restore_file(backup, fresh, _NOW, replace=True).keys == ["ann", "cleo"]
    assert list(_rows(fresh)) == list(_rows(sample_copy))
    open_store(str(fresh)).close()
    assert [name for name in _names(tmp_path) if name.endswith(".part")] == []


def test_a_backup_has_what_was_committed_before_it_while_writers_go_on(sample_copy: Path, tmp_path: Path) -> None:
    """Each backup holds a whole number of transactions, and all of those that had ended."""
    with closing(open_store(str(sample_copy))):
        stop, written = threading.Event(), [0]

        def write() -> None:
            with closing(sqlite3.connect(sample_copy, timeout=30, isolation_level=None)) as connection:
                connection.execute("CREATE TABLE pairs (n INTEGER)")
                while not stop.is_set():
                    connection.execute("BEGIN IMMEDIATE")
                    connection.executemany("INSERT INTO pairs VALUES (?)", [(written[0],), (written[0],)])
                    connection.execute("COMMIT")
                    written[0] += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(3):
                while written[0] < (number + 1) * 20:
                    assert writer.is_alive()
                    stop.wait(0.001)
                before = written[0]
                done = back_up_file(sample_copy, tmp_path / f"{number}.db", _NOW)
                with closing(sqlite3.connect(done.path)) as copy:
                    counts = copy.execute("SELECT n, count(*) FROM pairs GROUP BY n").fetchall()
                assert len(counts) >= before
                assert {count for _, count in counts} == {2}
        finally:
            stop.set()
            writer.join()
        assert written[0] > 60


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_no_backup_is_put_where_sqlite_has_a_part_of_a_database(sample_copy: Path, tmp_path: Path, ending: str) -> None:
    """There it would replace what is not in the file yet, or be deleted when the database is opened."""
    path = sample_copy.with_name(sample_copy.name + ending)
    backup = tmp_path / "backup.db"
    back_up_file(sample_copy, backup, _NOW)
    before = _names(tmp_path)
    for force in (False, True):
        with pytest.raises(Conflict, match="SQLite's own"):
            back_up_file(sample_copy, path, _NOW, force=force)
    with pytest.raises(Conflict, match="SQLite's own"):
        restore_file(backup, path, _NOW, replace=True)
    assert _names(tmp_path) == before


def test_an_existing_backup_is_replaced_only_when_told(sample_copy: Path, tmp_path: Path) -> None:
    """And only by a whole one; the database is no backup of itself."""
    backup = tmp_path / "backup.db"
    backup.write_bytes(b"precious")
    with pytest.raises(Conflict, match=r"already exists\. Choose another name, or replace it with --force"):
        back_up_file(sample_copy, backup, _NOW)
    with pytest.raises(Conflict, match="is the database itself"):
        back_up_file(sample_copy, sample_copy, _NOW, force=True)
    damaged = tmp_path / "damaged.db"
    content = sample_copy.read_bytes()
    damaged.write_bytes(content[:40_000] + b"x" * (len(content) - 40_000))
    with pytest.raises(Unavailable, match="damaged"):
        back_up_file(damaged, backup, _NOW, force=True)
    assert backup.read_bytes() == b"precious"
    back_up_file(sample_copy, backup, _NOW, force=True)
    assert list(_rows(backup)) == list(_rows(sample_copy))
    with pytest.raises(Unavailable, match=r"The folder .*nowhere does not exist"):
        back_up_file(sample_copy, tmp_path / "nowhere" / "b.db", _NOW)


def test_a_folder_keeps_the_newest_backups(sample_copy: Path, tmp_path: Path) -> None:
    """Their names have the time; other files stay."""
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "notes.db").write_text("mine")
    for day in range(4):
        done = back_up_file(sample_copy, folder, _NOW + timedelta(days=day), keep=2)
    assert [path.name for path in done.removed] == ["copy-20260103T030405Z.db"]
    assert _names(folder) == ["copy-20260104T030405Z.db", "copy-20260105T030405Z.db", "notes.db"]


def test_backups_of_one_second_have_different_names(sample_copy: Path, tmp_path: Path) -> None:
    """The later one counts as newer, though its name sorts before; --force replaces none of them."""
    folder = tmp_path / "backups"
    folder.mkdir()
    made = [back_up_file(sample_copy, folder, _NOW, force=True).path.name for _ in range(3)]
    assert made == [f"copy-20260102T030405Z{ending}.db" for ending in ("", "-2", "-3")]
    assert [path.name for path in back_up_file(sample_copy, folder, _NOW, keep=2).removed] == made[:2]


def test_a_changed_byte_anywhere_is_told(sample_copy: Path, tmp_path: Path) -> None:
    """Of a text, too, where SQLite finds nothing. A backup that was used as a database since is one still."""
    backup, database = tmp_path / "backup.db", tmp_path / "evals.db"
    back_up_file(sample_copy, backup, _NOW)
    content = backup.read_bytes()
    in_a_text = content.index(b"Which prompt answers tickets")
    for at in (18, 25, 61, 93, in_a_text, len(content) // 2, len(content) - 1):
        backup.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(
            Unavailable, match=r"The backup .* is damaged\. Nothing was changed\. Restore another one\."
        ):
            restore_file(backup, database, _NOW)
        assert _names(tmp_path) == ["backup.db", "copy.db"]
    backup.write_bytes(content)
    store = open_store(str(backup))
    store.directories.create("since", None, None)
    store.close()
    restore_file(backup, database, _NOW)
    assert list(_rows(database)) == list(_rows(backup))
    again = back_up_file(database, tmp_path / "again.db", _NOW).path
    restore_file(again, tmp_path / "third.db", _NOW)
    assert list(_rows(again)) == list(_rows(database))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("absent", "There is no database"),
        ("text", r"The backup PATH is damaged or not a SQLite database\. Nothing was changed\. Restore another one\."),
        ("cut", r"The backup PATH is damaged\. Nothing was changed\. Restore another one\."),
        ("cut within a page", r"The backup PATH is damaged: .* Nothing was changed\."),
        ("foreign", "belongs to another program"),
        ("newer", "A newer version of evals-mcp wrote it"),
        ("newer keys", "A newer version of evals-mcp wrote its keys"),
        ("empty", "is empty"),
    ],
)
def test_what_is_no_backup_is_not_restored(sample_copy: Path, tmp_path: Path, kind: str, words: str) -> None:
    """A damaged, foreign or newer file is refused, and the database stays, even if it was to be replaced."""
    backup, database = tmp_path / "backup.db", tmp_path / "evals.db"
    back_up_file(sample_copy, database, _NOW)
    before = database.read_bytes()
    content = sample_copy.read_bytes()
    if kind == "newer":
        backup.write_bytes(content)
        with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
    elif kind == "newer keys":
        backup.write_bytes(content)
        open_control(str(backup)).close()
        with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
            connection.execute("UPDATE evals_mcp_control_version SET version_num = '9999'")
    elif kind == "foreign":
        with closing(sqlite3.connect(backup)) as connection:
            connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    elif kind != "absent":
        backup.write_bytes(
            {
                "text": b"no database " * 999,
                "cut": content[: len(content) // 2],
                "cut within a page": content[:-100],
                "empty": b"",
            }[kind]
        )
    with pytest.raises(EvalsError, match=words.replace("PATH", re.escape(str(backup)))):
        restore_file(backup, database, _NOW, replace=True)
    assert database.read_bytes() == before
    assert _names(tmp_path) == sorted(
        {"copy.db", "evals.db"} | ({"backup.db"} - ({"backup.db"} if kind == "absent" else set()))
    )


def test_a_backup_of_the_other_kind_of_database_is_told(sample_copy: Path, tmp_path: Path) -> None:
    """Mostly the database was not named, and the one of the settings is of the other kind."""
    to_file = run(["restore", str(tmp_path), "--as", "monday", "--database", str(tmp_path / "new.db")])
    assert (to_file.status, "is a folder, as a backup of PostgreSQL is" in to_file.stderr) == (1, True), to_file.stderr
    to_server = run(["restore", str(sample_copy), "--database", "postgresql://127.0.0.1:1/evals"])
    assert (to_server.status, "is a file, as a backup of SQLite is" in to_server.stderr) == (1, True), to_server.stderr


def test_a_database_with_data_is_replaced_only_when_told_and_kept(sample_copy: Path, tmp_path: Path) -> None:
    """What was there lies beside the restored one, whole, with what was only in its write-ahead log."""
    backup, database = tmp_path / "backup.db", tmp_path / "evals.db"
    back_up_file(sample_copy, backup, _NOW)
    restore_file(backup, database, _NOW)
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("UPDATE evaluations SET name = 'changed since'")
    with pytest.raises(Conflict, match=r"has data\. It was not changed\. Restore to another file, or add --replace"):
        restore_file(backup, database, _NOW)
    with pytest.raises(Conflict, match=r"is in use\. It was not changed\. Stop the servers"):
        restore_file(backup, database, _NOW, replace=True)
    assert writer.execute("SELECT name FROM evaluations").fetchall() == [("changed since",)]
    writer.close()
    done = restore_file(backup, database, _NOW, replace=True)
    assert done.kept == tmp_path / "evals.db.before-20260102T030405Z"
    assert list(_rows(database)) == list(_rows(sample_copy))
    with closing(sqlite3.connect(done.kept)) as connection:
        assert connection.execute("SELECT name FROM evaluations").fetchall() == [("changed since",)]


def test_a_damaged_database_gives_way_with_all_that_lies_beside_it(sample_copy: Path, tmp_path: Path) -> None:
    """SQLite would read a log that is left at the path into the restored file."""
    backup, database = tmp_path / "backup.db", tmp_path / "evals.db"
    back_up_file(sample_copy, backup, _NOW)
    database.write_bytes(b"broken" * 1_000)
    (tmp_path / "evals.db-wal").write_bytes(b"log")
    kept = restore_file(backup, database, _NOW, replace=True).kept
    assert kept is not None
    assert kept.read_bytes() == b"broken" * 1_000
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"log"
    assert list(_rows(database)) == list(_rows(sample_copy))


def test_a_new_database_without_data_gives_way(sample_copy: Path, tmp_path: Path) -> None:
    """A server that was started too early made it."""
    database = tmp_path / "evals.db"
    open_store(str(database)).close()
    backup = back_up_file(sample_copy, tmp_path / "backup.db", _NOW).path
    assert restore_file(backup, database, _NOW).kept is None
    assert _names(tmp_path) == ["backup.db", "copy.db", "evals.db"]


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
def test_links_lead_to_the_database_and_pipes_are_never_replaced(sample_copy: Path, tmp_path: Path) -> None:
    """A database behind a link is replaced where it is, so link and file stay one database."""
    backup = tmp_path / "backup.db"
    back_up_file(sample_copy, backup, _NOW)
    (tmp_path / "disk").mkdir()
    link, real = tmp_path / "evals.db", tmp_path / "disk" / "evals.db"
    link.symlink_to(real)
    assert restore_file(backup, link, _NOW).kept is None  # a link to what is not there yet
    kept = restore_file(backup, link, _NOW, replace=True).kept
    assert (link.is_symlink(), real.is_file(), kept and kept.parent) == (True, True, real.parent)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(Unavailable, match="is a device, a pipe or a socket"):
        back_up_file(sample_copy, pipe, _NOW, force=True)
    with pytest.raises(Unavailable, match="is a device, a pipe or a socket"):
        restore_file(backup, pipe, _NOW, replace=True)
    assert pipe.is_fifo()
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(Unavailable, match="links lead nowhere"):
        restore_file(backup, circle, _NOW)

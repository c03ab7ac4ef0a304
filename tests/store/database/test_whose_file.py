"""Whose a database is: ours is opened, and another program's is refused by name without a change to it."""

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from evals_mcp.errors import Conflict
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import open_control

_NOTES = "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('worth keeping');"
_ALEMBIC = "CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('%s');"

FOREIGN = {
    "tables": _NOTES,
    "a revision that we have, too": _NOTES + _ALEMBIC % "0001",
    "a revision that we do not have": _NOTES + _ALEMBIC % "1975ea83b712",
    "a revision table without a revision": _NOTES + "CREATE TABLE alembic_version (version_num VARCHAR(32));",
    "a revision table of its own": _NOTES + "CREATE TABLE alembic_version (id INTEGER);",
    "no tables but a revision": _ALEMBIC % "0001",
    "some tables like ours": "CREATE TABLE files (id INTEGER); CREATE TABLE logs (id INTEGER);" + _ALEMBIC % "0001",
    "a view": "CREATE VIEW now AS SELECT datetime('now');",
    "an application id": "PRAGMA application_id = 1196444487;",
    "names that are not text": "CREATE TABLE '\udcff' (id INTEGER);",
}


def _create(path: Path, script: str, mode: str = "DELETE") -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.executescript(script.replace("\udcff", "name"))
    if "\udcff" in script:
        path.write_bytes(path.read_bytes().replace(b"name", b"\xff\xfe\xff\xfe"))


def _digests(folder: Path, *, but: str = "") -> dict[str, str]:
    names = [path for path in folder.iterdir() if not but or not path.name.endswith(but)]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in names}


def _application_id(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[68:72])


def _add_flow(path: Path, name: str) -> None:
    with closing(open_store(str(path))) as store:
        store.files.upsert("flow", None, name, {"attributes": {}}, FileChange())


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
@pytest.mark.parametrize("content", FOREIGN)
def test_another_programs_file_is_refused_by_name(tmp_path: Path, content: str, mode: str) -> None:
    """Neither a byte of it nor its folder changes, however it is opened."""
    path = tmp_path / "notes.db"
    _create(path, FOREIGN[content], mode)
    before = _digests(tmp_path)
    for opening in (open_store, open_control):
        with pytest.raises(Conflict, match=r"`notes\.db` belongs to another program"):
            opening(str(path))
        assert _digests(tmp_path) == before


def test_a_file_that_another_program_is_writing_is_refused(tmp_path: Path) -> None:
    """What it has written is only in its write-ahead log yet, which counts, and stays as it is."""
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_NOTES)
        before = _digests(tmp_path, but="-shm")
        with pytest.raises(Conflict, match="another program"):
            open_store(str(path))
        assert _digests(tmp_path, but="-shm") == before
        assert connection.execute("SELECT * FROM notes").fetchall() == [("worth keeping",)]


@pytest.mark.parametrize("content", ["tables", "a revision that we have, too", "an application id"])
def test_a_file_whose_program_was_killed_is_refused(tmp_path: Path, content: str) -> None:
    """Its log stays beside it, for the program to recover."""
    live, killed = tmp_path / "live", tmp_path / "killed"
    live.mkdir()
    with closing(sqlite3.connect(live / "notes.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(FOREIGN[content])
        shutil.copytree(live, killed)  # what a process leaves that is killed now
    before = _digests(killed, but="-shm")
    assert (killed / "notes.db-wal").stat().st_size > 0
    with pytest.raises(Conflict, match="another program"):
        open_store(str(killed / "notes.db"))
    assert _digests(killed, but="-shm") == before


def test_a_new_file_says_whose_it_is(tmp_path: Path) -> None:
    """Its header has our application id, which other programs can recognise; an upgrade keeps it."""
    for name in ("one.db", "two.db"):
        _add_flow(tmp_path / name, "f")
    assert _application_id(tmp_path / "one.db") == _application_id(tmp_path / "two.db") != 0


def test_a_file_of_the_first_version_is_marked_when_it_is_opened(tmp_path: Path) -> None:
    """Version 0.1.0 set no application id. Its files are ours by their tables."""
    path = tmp_path / "evals.db"
    _add_flow(path, "f")
    marked = _application_id(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 0")
    with closing(open_store(str(path))) as store:
        assert store.files.page().total == 1
    assert _application_id(path) == marked


def test_a_file_that_is_only_in_its_log_is_ours(tmp_path: Path) -> None:
    """A process that was killed soon leaves a file without tables, and all that it wrote in the log beside it."""
    live, killed = tmp_path / "live", tmp_path / "killed"
    live.mkdir()
    with closing(open_store(str(live / "evals.db"))) as store:
        store.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
        with closing(sqlite3.connect(live / "evals.db")) as connection:
            connection.execute("PRAGMA application_id = 0")
            shutil.copytree(live, killed)  # what a process leaves that is killed now
    assert (killed / "evals.db").stat().st_size == 4096
    with closing(open_store(str(killed / "evals.db"))) as store:
        assert store.files.page().total == 1


def test_a_newer_file_of_ours_is_refused_as_such(tmp_path: Path) -> None:
    """It is named, nothing changes, and nothing is left beside it."""
    path = tmp_path / "evals.db"
    _add_flow(path, "f")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("CREATE TABLE something_new (id INTEGER)")
        connection.commit()
    before = _digests(tmp_path)
    with pytest.raises(Conflict, match=r"newer version of evals-mcp wrote the database `evals\.db`"):
        open_store(str(path))
    assert _digests(tmp_path) == before


@pytest.mark.parametrize("revision", ["0001", "1975ea83b712"])
def test_another_programs_schema_is_refused(postgres_address: str, revision: str) -> None:
    """Its revision is not ours, even if it has the same name. Its tables stay, and ours go into another schema."""
    with psycopg.connect(postgres_address, autocommit=True) as admin:
        admin.execute(_NOTES + _ALEMBIC % revision)
    with pytest.raises(Conflict, match="belongs to another program"):
        open_store(postgres_address)
    with psycopg.connect(postgres_address) as admin:
        tables = admin.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        assert {name for (name,) in tables} == {"alembic_version", "notes"}
    open_control(postgres_address).close()


def test_a_newer_schema_of_ours_is_refused_as_such(postgres_address: str) -> None:
    """Our tables tell that the revision is ours."""
    open_store(postgres_address).close()
    with psycopg.connect(postgres_address, autocommit=True) as admin:
        admin.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict, match="newer version"):
        open_store(postgres_address)

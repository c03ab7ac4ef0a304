"""Opening a workspace: tables made once, and other databases left as they are."""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text

from evals_mcp.errors import Conflict, Unavailable
from evals_mcp.store.database.opening import revisions
from evals_mcp.store.database.tables import metadata
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import open_store


def test_the_migrated_schema_is_the_declared_one(database_address: str) -> None:
    """No table, column, index or constraint is only on one side."""
    with closing(open_store(database_address)) as store, store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        ours = [item for item in compare_metadata(context, metadata) if "evals_mcp_control" not in str(item)]
        assert ours == []


def test_a_workspace_begins_with_two_environments(database_address: str) -> None:
    """They are the same in every workspace, so that ids can be told across them."""
    with closing(open_store(database_address)) as store:
        file = store.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
        found = store.environments.all("flow", file.id)
        assert [(item.name, item.tag) for item in found] == [("production", "default"), ("staging", "other")]


def test_opening_again_keeps_what_is_there(database_address: str) -> None:
    """Nothing is made twice."""
    with closing(open_store(database_address)) as store:
        store.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
    with closing(open_store(database_address)) as store:
        assert store.files.page().total == 1


def test_who_is_open_while_a_newer_version_upgrades_writes_nothing(database_address: str) -> None:
    """It would write rows without what the newer version keeps of them. Reads go on, and a restart tells, too."""
    with closing(open_store(database_address)) as store:
        store.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
        with store.database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(Unavailable, match=r"newer version .* meanwhile\. Nothing was written\."):
            store.files.upsert("flow", None, "g", {"attributes": {}}, FileChange())
        assert store.files.page().total == 1
    with pytest.raises(Conflict, match="newer version"):
        open_store(database_address)


def test_opening_waits_for_another_that_creates_the_file(tmp_path: Path) -> None:
    """Another process writes its first transaction before the file is in WAL mode: opening waits until it is done."""
    path = tmp_path / "evals.db"
    failures: list[BaseException] = []

    def open_and_close() -> None:
        try:
            open_store(str(path)).close()
        except BaseException as error:
            failures.append(error)

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=open_and_close)
        thread.start()
        thread.join(timeout=0.5)
        other.execute("ROLLBACK")
    thread.join()
    assert failures == []


@pytest.mark.parametrize("damage", ["text", "header", "middle", "short"])
def test_a_damaged_file_is_said_to_be_so(tmp_path: Path, damage: str) -> None:
    """And is left as it is."""
    path, healthy = tmp_path / "evals.db", tmp_path / "healthy.db"
    open_store(str(healthy)).close()
    content = bytearray(healthy.read_bytes())
    match damage:
        case "text":
            content = bytearray(b"this is no database, and long enough to be looked at closely\n" * 20)
        case "header":
            content[:100] = bytes(100)
        case "middle":
            content[4096:] = b"\xff" * (len(content) - 4096)
        case "short":
            del content[5000:]
    path.write_bytes(content)
    with pytest.raises((Unavailable, Conflict), match=r"damaged|not a SQLite database|other tables"):
        open_store(str(path)).files.page()
    assert path.read_bytes() == content


@pytest.mark.parametrize("place", ["/proc/evals-mcp/evals.db", "/proc/evals.db", "{tmp}/file/evals.db", "{tmp}/folder"])
def test_a_place_that_cannot_be_written_is_said_to_be_so(tmp_path: Path, place: str) -> None:
    """A folder that cannot be made or written, and a folder where the file should be."""
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unavailable):
        open_store(place.replace("{tmp}", str(tmp_path)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_is_read_only_is_said_to_be_so(tmp_path: Path) -> None:
    """When it is written to."""
    path = tmp_path / "evals.db"
    open_store(str(path)).close()
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(Unavailable, match="read-only"), closing(open_store(str(path))) as store:
            store.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """The write is refused whole, reading goes on, and with more space the same write passes."""
    path = tmp_path / "evals.db"
    with closing(open_store(str(path))) as store:
        file = store.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
        fields = {"output": "x" * 2_000_000, "log_id": "large"}
        place = LogTarget(file_id=file.id)
        limit = "PRAGMA max_page_count = 1"

        def fill(connection: sqlite3.Connection, record: object) -> None:
            connection.execute(limit).close()

        event.listen(store.database.engine, "connect", fill)
        store.database.engine.dispose()
        with pytest.raises(Unavailable, match="database disk is full"):
            store.logs.create("flow", place, fields)
        assert store.files.page().total == 1
        assert store.files.get("flow", file.id).version_logs_count == 0  # type: ignore[union-attr]
        limit = "PRAGMA max_page_count = 1000000"
        store.database.engine.dispose()
        assert store.logs.create("flow", place, fields).id == "large"


def test_a_copy_of_the_file_is_a_workspace_too(tmp_path: Path) -> None:
    """After closing, the file is all there is."""
    path = tmp_path / "evals.db"
    with closing(open_store(str(path))) as store:
        store.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
    assert os.listdir(tmp_path) == ["evals.db"]
    copyfile(path, tmp_path / "copy.db")
    with closing(open_store(str(tmp_path / "copy.db"))) as store:
        assert store.files.page().total == 1


def test_revisions_are_numbered_without_gaps() -> None:
    """So that the newest is known by its name."""
    assert revisions() == [f"{number:04}" for number in range(1, len(revisions()) + 1)]


def test_the_log_is_emptied_after_a_read_that_needed_it(tmp_path: Path) -> None:
    """While a long read holds it, it grows and writes go on. Afterwards it is emptied."""
    path = tmp_path / "evals.db"
    with closing(open_store(str(path))) as store, closing(open_store(str(path))) as other:
        file = store.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())

        def write(count: int) -> int:
            for _ in range(count):
                store.logs.create("flow", LogTarget(file_id=file.id), {"output": "x" * 2_000_000})
            return path.with_name("evals.db-wal").stat().st_size

        with other.database.read() as connection:
            connection.execute(text("SELECT count(*) FROM logs")).scalar()
            assert write(8) > 12 * 2**20
        assert write(2) < 8 * 2**20

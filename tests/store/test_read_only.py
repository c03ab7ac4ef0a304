"""Files that may not be written, or not be reached: reading goes on, and nothing is left beside them."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from tests.other_user import as_other_user, open_folder

from evals_mcp.errors import Unavailable
from evals_mcp.models.roles import Role
from evals_mcp.store.database.states import database_state
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import Store, open_store
from evals_mcp.store.teams.control import open_control

__all__ = ["open_folder"]

_READ_ONLY = "the file or its folder is read-only"


def _add(store: Store, name: str) -> None:
    store.files.upsert("flow", None, name, {"attributes": {}}, FileChange())


def _names(store: Store) -> list[str]:
    return sorted(file.path for file in store.files.page().records)


@pytest.fixture
def path(open_folder: Path) -> Path:
    """A closed file with one flow."""
    path = open_folder / "evals.db"
    with closing(open_store(str(path))) as store:
        _add(store, "a")
    path.chmod(0o644)
    return path


def _left_behind(path: Path, folder: Path, *endings: str) -> Path:
    """What a process that was killed leaves after it wrote `b`."""
    folder.mkdir()
    with closing(open_store(str(path))) as store:
        _add(store, "b")
        for ending in ("", *endings):
            shutil.copyfile(f"{path}{ending}", f"{folder / path.name}{ending}")
    return folder / path.name


def _close_file(path: Path) -> None:
    path.chmod(0o444)


def _close_folder(path: Path) -> None:
    path.parent.chmod(0o555)


def _close_both(path: Path) -> None:
    _close_file(path)
    _close_folder(path)


@pytest.mark.parametrize("close", [_close_file, _close_folder, _close_both])
def test_what_may_not_be_written_is_read(path: Path, close: Callable[[Path], None]) -> None:
    """A write says why it is refused, keys are none, and no file is created."""
    close(path)
    before = path.read_bytes()
    with as_other_user():
        with closing(open_store(str(path))) as store:
            assert _names(store) == ["a"]
            with pytest.raises(Unavailable, match=_READ_ONLY):
                _add(store, "b")
        with closing(open_control(str(path))) as control:
            assert not control.has_keys()
            assert control.keys() == []
            assert _names(control.open(control.workspace(None))) == ["a"]
            for refused in (lambda: control.create_key(None, "ci", role=Role.READ), lambda: control.revoke_key("ci")):
                with pytest.raises(Unavailable, match=_READ_ONLY):
                    refused()
    assert os.listdir(path.parent) == ["evals.db"]
    assert path.read_bytes() == before


def test_keys_in_a_file_that_may_not_be_written_are_required(path: Path) -> None:
    """Else whoever makes the file read-only would open it to everybody."""
    with closing(open_control(str(path))) as control:
        made = control.create_key(None, "ci")
    _close_both(path)
    with as_other_user(), closing(open_control(str(path))) as control:
        assert control.has_keys()
        assert control.recognise(made.secret) is not None


@pytest.mark.parametrize("endings", [("-wal",), ("-wal", "-shm")])
def test_a_log_beside_a_file_in_a_read_only_folder_is_read(path: Path, endings: tuple[str, ...]) -> None:
    """What is only in the write-ahead log of a process that was killed is there; the log stays as it is."""
    left = _left_behind(path, path.parent / "left", *endings)
    names = sorted(f"evals.db{ending}" for ending in ("", *endings))
    _close_both(left)
    with as_other_user():
        with closing(open_store(str(left))) as store:
            assert _names(store) == ["a", "b"]
            assert store.database.data_version() is not None
            with pytest.raises(Unavailable, match=_READ_ONLY):
                _add(store, "c")
        assert database_state(str(path), is_default=False).others == []
    assert sorted(os.listdir(left.parent)) == names


def test_a_log_is_read_without_an_index_in_the_folder(path: Path) -> None:
    """Also with `?mode=ro` where the folder could be written. Who may write may still come later, and is seen."""
    left = _left_behind(path, path.parent / "left", "-wal")
    with closing(open_store(f"sqlite:///{left}?mode=ro")) as reading:
        assert _names(reading) == ["a", "b"]
        assert sorted(os.listdir(left.parent)) == ["evals.db", "evals.db-wal"]
        with closing(open_store(str(left))) as writing:
            _add(writing, "c")
            assert reading.database.data_version() is None  # nothing that is remembered counts
            assert _names(reading) == ["a", "b", "c"]
            _add(writing, "d")
            assert _names(reading) == ["a", "b", "c", "d"]


def test_a_file_that_must_be_upgraded_says_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch, real_migrations: None
) -> None:
    """It is read after an upgrade elsewhere."""
    old = path.with_name("old.db")
    upgrade = command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, revision: upgrade(config, "0004"))
        open_store(str(old)).close()
    with pytest.raises(Unavailable, match=r"An older version of evals-mcp wrote .*copy it"):
        open_store(f"sqlite:///{old}?mode=ro")
    shutil.copyfile(old, path.with_name("copy.db"))
    with closing(open_store(str(path.with_name("copy.db")))) as store:
        assert _names(store) == []


@pytest.mark.parametrize("content", [None, b""])
def test_what_is_not_there_cannot_be_read_only(path: Path, content: bytes | None) -> None:
    """The sentence says so, and nothing is created."""
    other = path.with_name("other.db")
    if content is not None:
        other.write_bytes(content)
    with pytest.raises(Unavailable, match=r"does not exist|is empty"):
        open_store(f"sqlite:///{other}?mode=ro")
    assert other.exists() == (content is not None)


@pytest.mark.parametrize("column", ["name", "sql"])
@pytest.mark.parametrize(
    "text", [b"f\xffles", b"files_", b"CREATE TABLE files (id TEXT)", b"CREATE TABLE files (\xff)"]
)
def test_damaged_names_and_declarations_are_told(path: Path, column: str, text: bytes) -> None:
    """Bytes that are no text, and words that name something else: nothing but sentences, reading or writing."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(f"UPDATE sqlite_master SET {column} = CAST(? AS TEXT) WHERE name = 'files'", (text,))
        connection.commit()
    for use in (_names, lambda store: _add(store, "b")):
        with pytest.raises(Unavailable, match="damaged"), closing(open_store(str(path))) as store:
            use(store)
    with pytest.raises(Unavailable, match="damaged"), closing(open_control(str(path))) as control:
        _names(control.open(control.workspace(None)))

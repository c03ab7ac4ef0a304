"""Addresses of databases mean what they say, or are refused in a sentence."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.other_user import as_other_user, open_folder

from evals_mcp.errors import Conflict, Invalid, Unavailable
from evals_mcp.store.database.addresses import database_url, shown_address
from evals_mcp.store.database.states import creatable, is_missing
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import open_store

__all__ = ["open_folder"]


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which is also the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


_PLAIN = ["a%b.db", "a b.db", "~/x.db", "ä.db", "a&b=c.db", "'.db"]
_MARKED = ["a?b.db", "a#b.db", "a%20b.db"]


@pytest.mark.parametrize("address", [*_PLAIN, *_MARKED, "x.db?mode=ro", *(f"sqlite:///{name}" for name in _PLAIN)])
def test_a_file_has_the_name_that_the_address_says(home: Path, address: str) -> None:
    """A path is taken as it is written, except for a `~` at its beginning."""
    open_store(address).close()
    assert _files(home) == [address.removeprefix("sqlite:///").removeprefix("~/")]


@pytest.mark.parametrize("name", _MARKED)
def test_a_url_that_could_mean_something_else_is_refused(home: Path, name: str) -> None:
    """Nothing is created, and the sentence offers the plain path."""
    with pytest.raises(Invalid, match=r"[Ww]rite .*path"):
        open_store(f"sqlite:///{name}")
    assert _files(home) == []


@pytest.mark.parametrize(
    "address",
    [
        "file:/x.db",
        "file:///x.db",
        "file:x.db?mode=ro",
        "FILE:x.db",
        "",
        " ",
        "sqlite:x.db",
        "sqlite:/x.db",
        "sqlite://x.db",
        "sqlite:////x.db?mode=rw",
        "sqlite:////x.db?mode=ro&immutable=1",
        "sqlite:////x.db?",
        "sqlite:///:memory:",
        ":memory:",
        "postgres:x",
        "mysql://host/name",
        "a\0b.db",
        "SQLITE:///x.db?cache=shared",
    ],
)
def test_other_addresses_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The sentence says what is allowed, and nothing is created."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Invalid, match=r"[Dd]atabase|mode=ro"):
        open_store(address)
    assert _files(tmp_path) == []


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20))
def test_any_path_is_itself(name: str) -> None:
    """No character of a path is lost or means anything."""
    assert database_url(f"/folder/{name}").database == str(Path(f"/folder/{name}"))


_LONG = ["n" * 300 + ".db", "/".join(["n" * 200] * 30), "n" * 250, "new/" + "n" * 300, "n" * 300 + "/evals.db"]


@pytest.mark.usefixtures("real_migrations")
@pytest.mark.parametrize("name", _LONG)
def test_a_path_that_is_too_long_is_told(tmp_path: Path, name: str) -> None:
    """The system's limit is a sentence, and nothing is created. SQLite needs some letters more for its own files."""
    assert not creatable(str(tmp_path / name))
    with pytest.raises(Unavailable, match="too long"):
        open_store(str(tmp_path / name))
    assert _files(tmp_path) == []


@pytest.mark.usefixtures("real_migrations")
def test_a_path_that_is_too_long_for_sqlite_is_told(tmp_path: Path) -> None:
    """Its limit is lower than the system's."""
    with pytest.raises(Unavailable, match="at most 500 characters"):
        open_store(str(tmp_path / ("m/" * 300 + "evals.db")))


@pytest.mark.usefixtures("real_migrations")
def test_a_folder_that_may_not_be_read_is_told(open_folder: Path) -> None:
    """Whether the file exists cannot be told then, so it is neither missing nor created."""
    (open_folder / "closed").mkdir(mode=0)
    with as_other_user():
        for name in ("closed/evals.db", "closed/inner/evals.db"):
            address = str(open_folder / name)
            with pytest.raises(Unavailable, match="cannot be read"):
                open_store(address)
            assert not creatable(address)
            assert not is_missing(address)


@pytest.mark.parametrize("text", [b"CREATE TABLE \xff\xfe (", b"this is no SQL at all", b""])
def test_damaged_declarations_are_told(tmp_path: Path, text: bytes) -> None:
    """Tables whose declarations cannot be read are damage."""
    path = tmp_path / "evals.db"
    open_store(str(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = CAST(? AS TEXT) WHERE name = 'files'", (text,))
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="damaged"), closing(open_store(str(path))) as store:
        store.files.page()
    assert path.read_bytes() == before


def test_a_file_can_be_opened_to_read_only(tmp_path: Path) -> None:
    """With `?mode=ro`, reads see what other processes write, writes are refused, and nothing is created."""
    path = tmp_path / "evals.db"
    address = f"sqlite:///{path}?mode=ro"
    with pytest.raises(Unavailable):
        open_store(address)
    assert _files(tmp_path) == []
    open_store(str(path)).close()
    content = path.read_bytes()
    with closing(open_store(address)) as reading:
        assert reading.files.page().total == 0
        with pytest.raises(Unavailable, match="mode=ro"):
            reading.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
        assert _files(tmp_path) == ["evals.db"]
        assert path.read_bytes() == content
        with closing(open_store(str(path))) as writing:
            writing.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
            assert reading.files.page().total == 1
            writing.files.upsert("flow", None, "g", {"attributes": {}}, FileChange())
            assert reading.files.page().total == 2
            assert _files(tmp_path) == ["evals.db", "evals.db-shm", "evals.db-wal"]


@pytest.mark.parametrize("address", ["file:/x.db", "file:x.db?mode=ro"])
def test_a_file_url_is_refused_with_what_to_write(address: str) -> None:
    """SQLite's own form is not a path here."""
    with pytest.raises(Invalid, match=r"without `file:`.* sqlite:///PATH\?mode=ro"):
        database_url(address)


def test_an_older_file_is_not_upgraded_to_be_read(tmp_path: Path) -> None:
    """Another program's file is refused in this mode, too."""
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    with pytest.raises(Conflict, match="another program"):
        open_store(f"sqlite:///{path}?mode=ro")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("~/evals.db", "~/evals.db"),
        ("sqlite:///a b.db?mode=ro", "sqlite:///a b.db?mode=ro"),
        ("postgres://ann@db:5433/evals%2Fx", "postgres://ann@db:5433/evals%2Fx"),
        ("postgresql://ann:h0le@db/evals?workspace=red", "postgresql://ann:***@db/evals?workspace=red"),
        ("PostgreSQL+psycopg://ann:h0le/h0le@db/evals", "PostgreSQL+psycopg://ann:***@db/evals"),
        ("postgresql://ann:h0le@h0le@[::1]:1/evals", "postgresql://ann:***@[::1]:1/evals"),
        (
            "postgresql:///evals?host=%2Frun%2Fpg&user=ann&password=h0le&p%61ssword=h0le&application_name=a@b",
            "postgresql:///evals?host=%2Frun%2Fpg&user=ann&password=***&p%61ssword=***&application_name=a@b",
        ),
        (
            "postgresql://db/evals?sslmode=require&sslpassword=h0le",
            "postgresql://db/evals?sslmode=require&sslpassword=***",
        ),
    ],
)
def test_an_address_is_shown_as_it_was_written_without_its_password(address: str, shown: str) -> None:
    """Wherever the password stands."""
    assert shown_address(address) == shown

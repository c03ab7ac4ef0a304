"""Databases that cannot be opened, or only to read: every command, the stdio server and `serve` say the same."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import NamedTuple

import anyio
import httpx
import pytest
from tests.e2e.in_process import connect, run
from tests.e2e.stdio import SAMPLE
from tests.e2e.test_storage import CALLS
from tests.other_user import as_other_user, open_folder
from tests.serving.served_here import served

from evals_mcp.errors import EvalsError
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import Store, open_store

__all__ = ["open_folder"]
pytestmark = pytest.mark.usefixtures("real_migrations")

_READ_ONLY = "the file or its folder is read-only"
_DAMAGED = "The database file is damaged"


class Fault(NamedTuple):
    """What is wrong with the database at an address, and how it is told."""

    address: Callable[[Path], str]
    words: str


def _address(form: str) -> Callable[[Path], str]:
    return lambda path: form.format(path=path, folder=path.parent)


def _schema(column: str, text: bytes, table: str = "files") -> Callable[[Path], str]:
    def damage(path: Path) -> str:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(f"UPDATE sqlite_master SET {column} = CAST(? AS TEXT) WHERE name = ?", (text, table))
            connection.commit()
        return str(path)

    return damage


def _closed(path: Path) -> str:
    path.parent.chmod(0)
    return str(path)


FAULTS = {
    "file:": Fault(_address("file:{path}"), "without `file:`"),
    "setting": Fault(_address("sqlite:///{path}?mode=rw"), "is the only setting"),
    "escape": Fault(_address("sqlite:///{folder}/a%20b.db"), "Write the path itself"),
    "long": Fault(_address("{folder}/" + "n" * 300), "too long"),
    "long URL": Fault(_address("sqlite:///{folder}/" + "n" * 300), "too long"),
    "folder": Fault(_address("{folder}"), "is a folder"),
    "closed": Fault(_closed, "cannot be read: Permission denied"),
    "name": Fault(_schema("name", b"f\xffles"), _DAMAGED),
    "declaration": Fault(_schema("sql", b"CREATE TABLE \xff\xfe ("), _DAMAGED),
    "words": Fault(_schema("sql", b"this is no SQL"), _DAMAGED),
    "no words": Fault(_schema("sql", b"", "evaluations"), _DAMAGED),
    "other columns": Fault(_schema("sql", b"CREATE TABLE evaluations (id TEXT)", "evaluations"), _DAMAGED),
    "version": Fault(_schema("sql", b"CREATE TABLE alembic_version (\xff)", "alembic_version"), _DAMAGED),
}


def _reading(address: str, folder: Path) -> Iterator[list[str]]:
    """Every command that reads a database."""
    yield ["export", SAMPLE, "--to", str(folder / "exported.csv"), "--from", address]
    yield ["check", SAMPLE, "--require", "errors <= 1", "--from", address]
    yield ["journal", "--from", address]
    yield ["--database", address, "call", "list_evaluations"]
    yield ["--database", address, "call", "list_evaluations", "--json"]
    yield ["copy", address, str(folder / "copied.db")]
    yield ["keys", "list", "--database", address]
    yield ["workspaces", "list", "--database", address]


def _writing(address: str, folder: Path) -> Iterator[list[str]]:
    """Every command that writes into a database that may exist."""
    table = folder / "results.csv"
    table.write_text("question,answer,good\na,b,true\n")
    yield ["import", str(table), "--into", address]
    other = str(folder / "other.db")
    assert run(["import", str(table), "--into", other]).status == 0  # a copy of what is there already only reads
    yield ["copy", other, address]
    yield ["keys", "create", "ann", "--database", address]
    yield ["keys", "revoke", "ann", "--database", address]


@pytest.fixture
def path(sample_database: Path, open_folder: Path, tmp_path: Path) -> Path:
    """A copy of the sample in a folder of its own, which others may use; beside it there is room for results."""
    (open_folder / "own").mkdir(mode=0o777)
    (open_folder / "own").chmod(0o777)
    (open_folder / "results").mkdir()
    (open_folder / "results").chmod(0o777)
    shutil.copyfile(sample_database, open_folder / "results" / "other.db")
    (open_folder / "results" / "other.db").chmod(0o666)
    path = open_folder / "own" / "evals.db"
    shutil.copyfile(sample_database, path)
    path.chmod(0o666)
    return path


def _refused_by_tools(address: str, words: str) -> None:
    async def ask() -> None:
        async with connect({"EVALS_MCP_DATABASE": address}) as assistant:
            for tool, arguments in CALLS:
                assert words.replace("`", '"') in await assistant.refuse(tool, **arguments)

    anyio.run(ask)


@pytest.mark.parametrize("kind", FAULTS)
def test_every_command_and_server_says_what_is_wrong(path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    """In the same words, with a status, and without a trace of it in the folder or the file."""
    fault, results = FAULTS[kind], path.parent.with_name("results")
    address = fault.address(path)
    with as_other_user() if kind == "closed" else nullcontext():
        for arguments in (*_reading(address, results), *_writing(address, results)):
            if kind == "other columns" and arguments[0] in ("keys", "workspaces"):
                continue  # they do not ask for evaluations
            ended = run(arguments)
            assert ended.status in (1, 2), arguments
            assert fault.words in ended.stderr.replace('"file:"', "`file:`"), (arguments, ended)
            assert "Traceback" not in ended.stderr
        _refused_by_tools(address, fault.words)
        if kind != "other columns":
            with pytest.raises(EvalsError, match=fault.words), served(address):
                pass
    path.parent.chmod(0o777)
    assert os.listdir(path.parent) == ["evals.db"]
    assert "Traceback" not in capfd.readouterr().err


def test_a_read_only_database_is_read_by_every_command_and_server(path: Path) -> None:
    """Writes are refused in a sentence; nothing appears beside the file."""
    results = path.parent.with_name("results")
    path.chmod(0o444)
    path.parent.chmod(0o555)
    with as_other_user():
        for address in (str(path), f"sqlite:///{path}?mode=ro"):
            for arguments in _reading(address, results):
                ended = run(arguments)
                assert ended.status == 0, (arguments, ended)
                (results / "exported.csv").unlink(missing_ok=True)
            for arguments in _writing(address, results):
                ended = run(arguments)
                assert (ended.status, _READ_ONLY in ended.stderr) == (1, True), (arguments, ended)
            anyio.run(_read_by_tools, address)
            for read_only in (True, False):
                _read_over_http(address, read_only=read_only)
    assert os.listdir(path.parent) == ["evals.db"]


async def _read_by_tools(address: str) -> None:
    for more in ({}, {"EVALS_MCP_READ_ONLY": "true"}):
        async with connect({"EVALS_MCP_DATABASE": address, **more}) as assistant:
            for tool, arguments in CALLS[:2]:
                assert SAMPLE in await assistant.ask(tool, **arguments)
            sql = "SELECT count(*) FROM logs"
            assert "120" in await assistant.ask("query", evaluation=SAMPLE, sql=sql)


def _read_over_http(address: str, *, read_only: bool) -> None:
    with served(address, read_only=read_only) as url, httpx.Client(base_url=url, timeout=240) as client:
        assert client.get("/ready").status_code == 200
        assert client.get("/v5/prompts").json()["total"] == 1
        refused = client.post("/v5/flows", json={"path": "f", "attributes": {}})
        assert refused.status_code == (403 if read_only else 503), refused.text


_FLIPS = 150


def test_one_changed_letter_of_the_schema_is_a_sentence_or_nothing(path: Path, tmp_path: Path) -> None:
    """Wherever it is, and whatever then reads or writes: no exception of SQLite comes through."""
    chance = random.Random(13)
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE sql IS NOT NULL")]
    told = []
    for number in range(_FLIPS):
        copy = tmp_path / f"{number}.db"
        shutil.copyfile(path, copy)
        _change_letter(copy, chance.choice(sorted(names)), chance)
        for use in (_use, _write):
            try:
                with closing(open_store(str(copy))) as store:
                    use(store)
            except EvalsError as error:
                told.append(str(error))
        for left in tmp_path.glob(f"{number}.db*"):
            left.unlink()
    assert [words for words in told if "damaged" not in words and "belongs to another program" not in words] == []
    assert len(told) > _FLIPS // 4


def _change_letter(path: Path, name: str, chance: random.Random) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        column = chance.choice(("name", "tbl_name", "sql", "sql", "sql", "sql"))
        select = f"SELECT CAST({column} AS BLOB) FROM sqlite_master WHERE name = ?"
        (content,) = connection.execute(select, (name,)).fetchone()
        changed = bytearray(content)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        update = f"UPDATE sqlite_master SET {column} = CAST(? AS TEXT) WHERE name = ?"
        connection.execute(update, (bytes(changed), name))
        connection.commit()


def _use(store: Store) -> object:
    store.files.page()
    for row in store.overviews.list_evaluations(None, 10, 0).rows:
        store.overviews.get(row.id)
    return store.journal.page(1, 10)


def _write(store: Store) -> object:
    return store.files.upsert("flow", None, "new/flow", {"attributes": {}}, FileChange())

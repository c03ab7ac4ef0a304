"""The database under the server: what is damaged or foreign, and that nothing answered is ever lost."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from hashlib import sha256
from pathlib import Path

import pytest
from tests.e2e.in_process import connect
from tests.e2e.stdio import SAMPLE

pytestmark = pytest.mark.anyio

CALLS: list[tuple[str, dict[str, str]]] = [
    ("list_evaluations", {}),
    ("list_runs", {"evaluation": SAMPLE}),
    ("log_generation", {"evaluation": SAMPLE, "run": "v2", "datapoint": "x", "output": "y"}),
]


def digest(path: Path) -> str:
    """What tells whether a file has changed by a byte."""
    return sha256(path.read_bytes()).hexdigest()


@asynccontextmanager
async def refused(path: Path, words: str) -> AsyncIterator[None]:
    """Every call says these words, the server lives on, and the file is as it was."""
    before = digest(path)
    async with connect({"EVALS_MCP_DATABASE": str(path)}) as assistant:
        for tool, arguments in CALLS:
            assert (await assistant.refuse(tool, **arguments)).startswith(f"Error: {words}")
        yield
        for tool, arguments in CALLS:
            assert (await assistant.refuse(tool, **arguments)).startswith(f"Error: {words}")
    assert digest(path) == before


async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    """Somebody's notes are not overwritten."""
    path = tmp_path / "notes.txt"
    path.write_text("My notes, which are worth keeping.\n" * 200, encoding="utf-8")
    async with refused(path, "The database file is damaged or not a SQLite database. It was not changed."):
        pass


async def test_a_damaged_database_is_told_as_such(sample_copy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Half of its pages are overwritten; calls say so, and the server lives on."""
    content = bytearray(sample_copy.read_bytes())
    for start in range(2 * 4096, len(content), 2 * 4096):
        content[start : start + 200] = b"\xff" * 200
    sample_copy.write_bytes(content)
    async with connect({"EVALS_MCP_DATABASE": str(sample_copy)}) as assistant:
        for tool, arguments in CALLS * 2:
            assert (await assistant.refuse(tool, **arguments)).startswith("Error: The database file is damaged.")
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("mode", ["delete", "wal", "wal left behind"])
async def test_a_database_of_a_newer_version_is_not_touched(sample_copy: Path, tmp_path: Path, mode: str) -> None:
    """Not a byte of it, however the newer version left it."""
    newer = tmp_path / "newer.db"
    with closing(sqlite3.connect(sample_copy)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode.split()[0]}")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
        if "left" in mode:  # what is copied while it is open is what a process that was killed leaves
            shutil.copyfile(sample_copy, newer)
            shutil.copyfile(f"{sample_copy}-wal", f"{newer}-wal")
    if "left" not in mode:
        shutil.copyfile(sample_copy, newer)
    words = "A newer version of evals-mcp wrote the database `newer.db`. It was not changed"
    async with refused(newer, words):
        pass


async def test_a_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    """It gets no table of ours, and its journal stays of the kind it is."""
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    async with refused(path, "The database `other.db` belongs to another program. It was not changed"):
        pass


async def test_a_database_that_appears_later_is_found(sample_copy: Path, tmp_path: Path) -> None:
    """What could not be opened is tried again with the next call."""
    path = tmp_path / "later.db"
    path.write_bytes(b"not yet a database, as one sees" * 100)
    async with connect({"EVALS_MCP_DATABASE": str(path)}) as assistant:
        await assistant.refuse("list_evaluations")
        path.unlink()
        shutil.copyfile(sample_copy, path)
        assert SAMPLE in await assistant.ask("list_evaluations")


async def test_a_database_that_is_deleted_under_the_server_is_told_once(sample_copy: Path, tmp_path: Path) -> None:
    """A call that would have been lost says so, and the next one uses the file that is there now."""
    backup = tmp_path / "backup.db"
    shutil.copyfile(sample_copy, backup)
    async with connect({"EVALS_MCP_DATABASE": str(sample_copy)}) as assistant:
        assert SAMPLE in await assistant.ask("list_evaluations")
        sample_copy.unlink()
        for tool, arguments in CALLS[1:]:
            assert "deleted or replaced while it was in use" in await assistant.refuse(tool, **arguments)
            shutil.copyfile(backup, sample_copy)
            assert SAMPLE in await assistant.ask("list_evaluations")
            sample_copy.unlink()

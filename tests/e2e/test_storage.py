"""The database under the server: what is damaged, foreign, full or shared, and that nothing answered is ever lost."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from tests.e2e.stdio import Wire, database_text

SAMPLE = "Which prompt answers tickets"
CALLS: list[tuple[str, dict[str, str]]] = [
    ("list_evaluations", {}),
    ("list_runs", {"evaluation": SAMPLE}),
    ("log_generation", {"evaluation": SAMPLE, "run": "v2", "datapoint": "x", "output": "y"}),
]


def digest(path: Path) -> str:
    """What tells whether a file has changed by a byte."""
    return sha256(path.read_bytes()).hexdigest()


def log(wire: Wire, output: str) -> str:
    """Log an output for the first datapoint; the id of the log."""
    said = wire.answer(
        "log_generation", evaluation=SAMPLE, run="v2-concise", datapoint=datapoint_of(wire), output=output
    )
    return said.split(" ")[1]


def datapoint_of(wire: Wire) -> str:
    """The id of the first datapoint."""
    listed = wire.answer("list_datapoints", evaluation=SAMPLE, limit=1)
    return next(line.split(" ")[0] for line in listed.splitlines() if line.startswith("dp_"))


@contextmanager
def refused(path: Path, words: str) -> Iterator[None]:
    """Every call says these words, the server lives on, and the file is as it was."""
    before = digest(path)
    with Wire({"EVALS_MCP_DATABASE": str(path)}) as wire:
        for tool, arguments in CALLS:
            assert wire.failure(tool, **arguments).startswith(f"Error: {words}")
        yield
        for tool, arguments in CALLS:
            assert wire.failure(tool, **arguments).startswith(f"Error: {words}")
        assert wire.wait() == 0
        assert "Traceback" not in wire.errors
    assert digest(path) == before


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    """Somebody's notes are not overwritten."""
    path = tmp_path / "notes.txt"
    path.write_text("My notes, which are worth keeping.\n" * 200, encoding="utf-8")
    with refused(path, "The database file is damaged or not a SQLite database. It was not changed."):
        pass


def test_a_damaged_database_is_told_as_such(sample_copy: Path) -> None:
    """Half of its pages are overwritten; calls say so, and the server lives on."""
    content = bytearray(sample_copy.read_bytes())
    for start in range(2 * 4096, len(content), 2 * 4096):
        content[start : start + 200] = b"\xff" * 200
    sample_copy.write_bytes(content)
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire:
        for tool, arguments in CALLS * 2:
            assert wire.failure(tool, **arguments).startswith("Error: The database file is damaged.")
        assert wire.wait() == 0
        assert "Traceback" not in wire.errors


@pytest.mark.parametrize("mode", ["delete", "wal", "wal left behind"])
def test_a_database_of_a_newer_version_is_not_touched(sample_copy: Path, mode: str) -> None:
    """Not a byte of it, however the newer version left it."""
    code = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('PRAGMA journal_mode=' + sys.argv[2].split()[0])\n"
        "connection.execute(\"UPDATE alembic_version SET version_num = '9999'\")\n"
        "connection.commit()\n"
        "if 'left' in sys.argv[2]: os._exit(0)\n"
        "connection.close()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(sample_copy), mode], check=True)
    with refused(sample_copy, "A newer version of evals-mcp wrote this database. It was not changed"):
        pass


def test_a_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    """It gets no table of ours, and its journal stays of the kind it is."""
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    with refused(path, "This database belongs to another program. It was not changed"):
        pass


def test_a_database_that_appears_later_is_found(sample_copy: Path, tmp_path: Path) -> None:
    """What could not be opened is tried again with the next call."""
    path = tmp_path / "later.db"
    path.write_bytes(b"not yet a database, as one sees" * 100)
    with Wire({"EVALS_MCP_DATABASE": str(path)}) as wire:
        wire.failure("list_evaluations")
        path.unlink()
        shutil.copyfile(sample_copy, path)
        assert SAMPLE in wire.answer("list_evaluations")


def test_what_was_answered_survives_kill(sample_copy: Path) -> None:
    """Logs that were answered are there after the process was killed without warning, at once and whole."""
    ids = []
    for number in range(2):
        with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire:
            ids.append(log(wire, f"killed after answer {number}"))
            wire.process.kill()
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire:
        found = wire.answer("get_logs", evaluation=SAMPLE, text="killed after answer")
        assert all(log_id in found for log_id in ids)
        wire.wait()
    with closing(sqlite3.connect(sample_copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_server_that_ends_leaves_one_file(sample_copy: Path, tmp_path: Path) -> None:
    """All that was written is in the database file itself, which can be copied."""
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire:
        log_id = log(wire, "to be copied")
        assert wire.wait() == 0
    assert [path.name for path in sample_copy.parent.glob("copy.db*")] == ["copy.db"]
    moved = tmp_path / "moved.db"
    shutil.copyfile(sample_copy, moved)
    assert log_id in database_text(moved)


def test_two_servers_share_a_file(sample_copy: Path) -> None:
    """Each sees what the other writes, and nothing is lost when both write at once."""
    variables = {"EVALS_MCP_DATABASE": str(sample_copy)}
    with Wire(variables) as one, Wire(variables) as other, ThreadPoolExecutor(2) as threads:
        writing = [threads.submit(write_ten, wire, name) for wire, name in ((one, "one"), (other, "other"))]
        ids = [log_id for future in writing for log_id in future.result()]
        assert len(set(ids)) == 20
        for wire in (one, other):
            found = wire.answer("get_logs", evaluation=SAMPLE, text="written by", limit=100, max_tokens=20_000)
            assert all(log_id in found for log_id in ids)
            assert "| 60 for 40 datapoints |" in wire.answer("list_runs", evaluation=SAMPLE)


def write_ten(wire: Wire, name: str) -> list[str]:
    """Log ten outputs; their ids."""
    return [log(wire, f"written by {name}, {number}") for number in range(10)]


def test_a_disk_that_takes_no_more_is_told_and_loses_nothing(sample_copy: Path) -> None:
    """Writes fail in a sentence once the file may not grow, reads go on, and what was answered is kept."""
    most = sample_copy.stat().st_size + 400_000
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))"
    serve = "from evals_mcp.cli.main import main; main([])"
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}, command=("-c", f"{limit}; {serve}")) as wire:
        fill(wire, "Error: The database disk reports an error. Nothing was written.")


def test_a_full_disk_is_told_and_loses_nothing(sample_copy: Path, tmp_path: Path) -> None:
    """The same where the file system itself is full."""
    folder = tmp_path / "small"
    with mounted(folder, "size=4m", sample_copy) as wire:
        fill(wire, "Error: The database disk is full. Nothing was written.")


def test_a_read_only_folder_is_told(sample_copy: Path, tmp_path: Path) -> None:
    """Where nothing can be written, the sentence says so."""
    with mounted(tmp_path / "fixed", "size=8m", sample_copy, then="mount -o remount,ro") as wire:
        for tool, arguments in CALLS:
            said = wire.failure(tool, **arguments)
            assert "must exist and be writable" in said or "read-only" in said


def fill(wire: Wire, words: str) -> None:
    """Write until the disk is full; then reads must work, and what was answered must be there."""
    ids = []
    for number in range(40):
        said, is_error = wire.call(
            "log_generation", evaluation=SAMPLE, run="v2", datapoint=datapoint_of(wire), output=f"{number}" * 150_000
        )
        if is_error:
            break
        ids.append(said.split(" ")[1])
    assert said.startswith(words)
    assert ids
    found = wire.answer("get_logs", evaluation=SAMPLE, sort="length", limit=100)
    assert all(log_id in found for log_id in ids)
    assert "Traceback" not in wire.errors


@contextmanager
def mounted(folder: Path, options: str, database: Path, then: str = "true") -> Iterator[Wire]:
    """A server for which, and for which alone, the database is on a small file system; skips where that is denied."""
    folder.mkdir()
    mount = f"mount -t tmpfs -o {options} tmpfs {folder} && cp {database} {folder}/evals.db && {then} {folder}"
    apart = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*apart, mount], capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system is not permitted here")
    command = [*apart, f'{mount} && exec "$@"', "sh", sys.executable, "-m", "evals_mcp"]
    with Wire({"EVALS_MCP_DATABASE": f"{folder}/evals.db"}, program=command) as wire:
        yield wire

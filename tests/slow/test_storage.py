"""The database file under servers that end, share it, or find no room: each in a process of its own."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from benchmarks.write_ahead_log import MOST_MEBIBYTES, largest_log
from tests.e2e.stdio import SAMPLE, Wire, database_text, datapoint_of, log_output
from tests.e2e.test_storage import CALLS


def test_a_server_that_ends_leaves_one_file(sample_copy: Path, tmp_path: Path) -> None:
    """All that was written is in the database file itself, which can be copied."""
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire:
        log_id = log_output(wire, "to be copied")
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
            found = wire.answer("get_logs", evaluation=SAMPLE, where=["text~written by"], limit=100, max_tokens=20_000)
            assert all(log_id[:10] in found for log_id in ids)
            assert "| 60 for 40 datapoints |" in wire.answer("list_runs", evaluation=SAMPLE)


def write_ten(wire: Wire, name: str) -> list[str]:
    """Log ten outputs; their ids."""
    return [log_output(wire, f"written by {name}, {number}") for number in range(10)]


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


def test_a_database_in_a_read_only_folder_is_read(sample_copy: Path, tmp_path: Path) -> None:
    """Reads answer from the file as it is, and a write says why it is refused."""
    with mounted(tmp_path / "fixed", "size=8m", sample_copy, then="mount -o remount,ro") as wire:
        for tool, arguments in CALLS[:2]:
            assert SAMPLE in wire.answer(tool, **arguments)
        assert "the file or its folder is read-only" in wire.failure(
            "log_generation", evaluation=SAMPLE, run="v2", datapoint=datapoint_of(wire), output="y"
        )


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
    assert all(log_id[:10] in found for log_id in ids)
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


def test_the_log_beside_a_file_stays_small_while_eight_processes_write(tmp_path: Path) -> None:
    """SQLite alone empties it only when nobody uses it, which never happens then: it would reach 40 MiB here."""
    assert largest_log(tmp_path / "evals.db", 120) < MOST_MEBIBYTES * 2**20


def test_what_was_answered_survives_kill(sample_copy: Path) -> None:
    """Logs that were answered are there after the process was killed without warning, at once and whole."""
    ids = []
    for number in range(2):
        with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire:
            ids.append(log_output(wire, f"killed after answer {number}"))
            wire.process.kill()
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire:
        found = wire.answer("get_logs", evaluation=SAMPLE, where=["text~killed after answer"])
        assert all(re.search(rf"^{log_id[:10]}", found, re.MULTILINE) for log_id in ids)
        wire.wait()
    with closing(sqlite3.connect(sample_copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

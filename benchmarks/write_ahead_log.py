"""How large the log beside a SQLite file gets while eight processes write, with and without our checkpoints.

`python benchmarks/write_ahead_log.py [LOGS]` lets each process write LOGS (250) small logs, one in a transaction, and
read a page after each tenth. It prints the largest size of the log, the size of the database, and the time, first as
SQLite does it alone and then as a store does it.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

from evals_mcp.store.database.sqlite_file import SqliteFile
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import open_store

PROCESSES = 8
MOST_MEBIBYTES = 16


def write(path: str, logs: int) -> None:
    """Write logs, and read now and then."""
    with closing(open_store(path)) as store:
        flow = store.files.upsert("flow", None, "bot", {"attributes": {}}, FileChange()).id
        for number in range(logs):
            store.logs.create("flow", LogTarget(file_id=flow), {"output": f"answer {number}", "inputs": {"a": "b"}})
            if number % 10 == 0:
                store.files.page()


def largest_log(path: Path, logs: int, *options: str) -> int:
    """The largest size of the write-ahead log, in bytes, while the processes write."""
    open_store(str(path)).close()
    command = [sys.executable, __file__, "--write", str(path), str(logs), *options]
    processes = [subprocess.Popen(command) for _ in range(PROCESSES)]
    log, largest = path.with_name(f"{path.name}-wal"), 0
    try:
        while any(process.poll() is None for process in processes):
            with suppress(FileNotFoundError):
                largest = max(largest, log.stat().st_size)
            time.sleep(0.005)
    finally:
        for process in processes:
            process.kill()
    assert not any(process.returncode for process in processes)
    return largest


def main(logs: int) -> None:
    """Measure both and print."""
    with tempfile.TemporaryDirectory() as folder:
        for name, options in (("SQLite alone", ["--alone"]), ("a store", [])):
            path = Path(folder) / f"{len(options)}.db"
            started = time.perf_counter()
            largest = largest_log(path, logs, *options)
            taken = time.perf_counter() - started
            print(
                f"{name}: log at most {largest / 2**20:.1f} MiB (at most {MOST_MEBIBYTES} allowed for a store), "
                f"database {path.stat().st_size / 2**20:.1f} MiB, {PROCESSES * logs} logs in {taken:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        if "--alone" in sys.argv:
            SqliteFile.shorten_log = lambda self, connection: None  # type: ignore[method-assign]
        write(sys.argv[2], int(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 250)

"""A temporary database: nobody else can read it, and nothing of it is left, however its process ends."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import open_temporary_store

_FILLED = """
import asyncio
import sys

from evals_mcp.models.flows import FlowRequest
from evals_mcp.wiring import open_scratch


async def fill():
    client = open_scratch()
    for number in range(40):  # more than the cache of a connection holds
        await client.flows.upsert(FlowRequest(path=f"f{number}", attributes={"text": "x" * 1_000_000}))
    print("filled", flush=True)
    sys.stdin.read()


asyncio.run(fill())
"""


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are looked up in /proc")
def test_nothing_is_left_of_it_when_its_process_is_killed(tmp_path: Path) -> None:
    """While it is open it has no name, and no other user may read it; a killed process leaves no file behind."""
    environ = {**os.environ, "SQLITE_TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", _FILLED], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "filled\n"
        opened = [link for link in Path(f"/proc/{process.pid}/fd").iterdir() if str(tmp_path) in os.readlink(link)]
        assert opened
        assert [link.stat().st_size > 10**6 for link in opened].count(True) == 1
        assert {stat.S_IMODE(link.stat().st_mode) for link in opened} == {0o600}
        assert list(tmp_path.iterdir()) == []
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert list(tmp_path.iterdir()) == []


def test_two_of_them_are_apart() -> None:
    """Each opening begins with an empty workspace."""
    first, second = open_temporary_store(), open_temporary_store()
    first.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
    assert (first.files.page().total, second.files.page().total) == (1, 0)
    first.close()
    second.close()


def test_threads_take_turns() -> None:
    """What each thread writes is in the one database that all of them see."""
    store = open_temporary_store()

    def write(number: int) -> None:
        store.files.upsert("flow", None, f"f{number}", {"attributes": {}}, FileChange())

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.files.page().total == 8
    store.close()

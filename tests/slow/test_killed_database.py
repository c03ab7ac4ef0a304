"""A temporary database: nobody else can read it, and nothing of it is left when its process is killed."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

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
        process.kill()
        process.communicate()
    assert list(tmp_path.iterdir()) == []

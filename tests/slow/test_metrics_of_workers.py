"""Figures of a server with several processes are those of all, also after one was replaced."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.serving.server_process import Supervised

_FLOWS = 'evals_mcp_requests_total{code="200",method="GET",route="/v5/flows"}'
_LIMIT = "evals_mcp_database_connections_limit"


def _figures(url: str) -> dict[str, float]:
    page = httpx.get(f"{url}/metrics", timeout=240).text
    return {name: float(value) for name, value in re.findall(r"^([^#\s].*) (\S+)$", page, re.MULTILINE)}


@pytest.mark.skipif(sys.platform == "win32", reason="needs processes that share a socket")
def test_figures_are_those_of_all_workers(tmp_path: Path) -> None:
    """Whichever answers. What a killed worker has counted stays; what it has open does not."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environ = {**os.environ, "TMPDIR": str(temporary)}
    arguments = ("--port", "0", "--workers", "2", "--database", str(tmp_path / "evals.db"))
    with Supervised(*arguments, env=environ) as server:
        url = server.url
        httpx.get(f"{url}/v5/flows", timeout=60).raise_for_status()
        _until(url, **{_LIMIT: 2 * 40})  # the second one starts
        for _ in range(39):
            httpx.get(f"{url}/v5/flows", timeout=60).raise_for_status()
        _until(url, **{_FLOWS: 40})
        assert {_figures(url)[_FLOWS] for _ in range(6)} == {40}
        before = server.workers()
        os.kill(before[0], signal.SIGKILL)
        server.wait_for("ended by signal 9. Another one starts")
        server.wait_for_workers(2)
        assert before[0] not in server.workers()
        httpx.get(f"{url}/v5/flows", timeout=60).raise_for_status()
        _until(url, **{_FLOWS: 41})
        (folder,) = temporary.iterdir()
        assert len(list(folder.glob("*.db"))) <= 2 * 4  # the new worker goes on in the files of the old one
        _until(url, **{_FLOWS: 41, _LIMIT: 2 * 40})
        server.signal(signal.SIGTERM)
        assert server.ended() == 0


def _until(url: str, **expected: float) -> None:
    """Wait until these are the figures: a request is counted after its answer was sent."""
    give_up = time.monotonic() + 120
    while (found := {name: _figures(url)[name] for name in expected}) != expected:
        assert time.monotonic() < give_up, found
        time.sleep(0.1)

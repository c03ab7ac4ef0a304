"""Figures of a server with several processes are those of all, also after one was replaced."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

_SERVER = Path(__file__).parents[2] / "server"
_FLOWS = 'evals_mcp_requests_total{code="200",method="GET",route="/v5/flows"}'


def _figures(url: str) -> dict[str, float]:
    page = httpx.get(f"{url}/metrics", timeout=60).text
    return {name: float(value) for name, value in re.findall(r"^([^#\s].*) (\S+)$", page, re.MULTILINE)}


@pytest.mark.skipif(sys.platform == "win32", reason="needs processes that share a socket")
def test_figures_are_those_of_all_workers(tmp_path: Path) -> None:
    """Whichever answers. What a killed worker has counted stays; what it has open does not."""
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--workers", "2", "--database"]
    with subprocess.Popen(
        [*command, str(tmp_path / "evals.db")],
        env={**os.environ, "PYTHONPATH": str(_SERVER), "TMPDIR": str(tmp_path / "tmp")},
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        url = server.stderr.readline().removeprefix("evals-mcp serving on ").strip()
        threading.Thread(target=server.stderr.read, daemon=True).start()
        try:
            workers: set[str] = set()
            asked = 0
            while len(workers) < 2 or asked < 40:
                assert httpx.get(f"{url}/v5/flows", timeout=60).status_code == 200
                asked += 1
                workers = _workers(server.pid)
            while _figures(url)["evals_mcp_database_connections_limit"] != 2 * 40:
                time.sleep(0.1)  # the second one starts
            answers = [_figures(url) for _ in range(6)]
            assert {figures[_FLOWS] for figures in answers} == {asked}
            limit = answers[0]["evals_mcp_database_connections_limit"]
            assert limit == 2 * 40
            os.kill(int(min(workers)), signal.SIGKILL)
            while len(now := _workers(server.pid) - {min(workers)}) < 2:
                time.sleep(0.1)
            assert now != workers
            httpx.get(f"{url}/v5/flows", timeout=60).raise_for_status()
            figures = _figures(url)
            assert figures[_FLOWS] == asked + 1
            (folder,) = Path(tmp_path / "tmp").iterdir()
            assert len(list(folder.glob("*.db"))) <= 2 * 4  # the new worker goes on in the files of the old one
            while _figures(url)["evals_mcp_database_connections_limit"] != limit:
                time.sleep(0.1)
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0


def _workers(supervisor: int) -> set[str]:
    """The processes of workers: children but the one that tracks resources."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return {pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}

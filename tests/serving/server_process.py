"""Servers in processes of their own, for tests of signals and of many clients at once."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_SERVER = Path(__file__).parents[2] / "server"


class ServerProcess:
    """A server of a database, on a port that is free; `lines` is what it wrote to stderr."""

    def __init__(self, address: str, **options: Any) -> None:
        code = (
            "from evals_mcp.serving.options import ServeOptions; from evals_mcp.serving.serve import serve; "
            f"serve(ServeOptions({address!r}, port=0, **{options!r}))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(_SERVER)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        assert self.process.stderr is not None
        first = self.process.stderr.readline()
        self.url = first.removeprefix("evals-mcp serving on ").strip()
        assert self.url.startswith("http://"), first + self.process.stderr.read()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def ended(self) -> int:
        """The exit code of the server, once it has stopped."""
        code = self.process.wait(60)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@pytest.fixture
def start_server() -> Iterator[Callable[..., ServerProcess]]:
    """Starts servers as `ServerProcess`; what is left of them at the end of the test is killed."""
    started: list[ServerProcess] = []

    def start(address: str, **options: Any) -> ServerProcess:
        started.append(ServerProcess(address, **options))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.ended()

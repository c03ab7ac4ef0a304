"""Servers in processes of their own, for tests of signals and of many clients at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

_SERVER = Path(__file__).parents[2] / "server"


def serving_code(address: str, **options: Any) -> list[str]:
    """Arguments of Python that serve a database on a port that is free."""
    code = (
        "from evals_mcp.serving.options import ServeOptions; from evals_mcp.serving.serve import serve; "
        f"serve(ServeOptions({address!r}, port=0, **{options!r}))"
    )
    return ["-c", code]


class ServerProcess:
    """A server in a process; `lines` is what it wrote to stderr after its first line."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
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


class Supervised(ServerProcess):
    """`evals-mcp serve` with these arguments, and processes of its own that serve."""

    def __init__(self, *arguments: str, code: str = "") -> None:
        super().__init__(["-c", code] if code else ["-m", "evals_mcp", "serve", *arguments])

    def workers(self) -> list[int]:
        """The ids of the processes that serve, or are to."""
        pid = self.process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        except OSError:
            return []
        return [int(child) for child in children if b"spawn_main" in command_line(int(child))]

    def wait_for(self, words: str, count: int = 1) -> None:
        """Wait until so many lines have these words."""
        give_up = time.monotonic() + 120
        while sum(words in line for line in self.lines) < count:
            assert time.monotonic() < give_up, self.lines[-20:]
            assert self.process.poll() is None, self.lines[-20:]
            time.sleep(0.02)

    def wait_for_workers(self, count: int) -> None:
        """Wait until exactly so many are there."""
        give_up = time.monotonic() + 120
        while len(self.workers()) != count:
            assert time.monotonic() < give_up, self.lines[-20:]
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        """Send the supervisor a signal."""
        self.process.send_signal(number)


def command_line(pid: int) -> bytes:
    """The command line of a process on Linux; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def supervised() -> Iterator[Callable[..., Supervised]]:
    """Starts `evals-mcp serve` with arguments, or `code` that supervises; what is left of it at the end is killed."""
    started: list[Supervised] = []

    def start(*arguments: str, code: str = "") -> Supervised:
        started.append(Supervised(*arguments, code=code))
        return started[-1]

    yield start
    for server in started:
        left = server.workers()
        server.process.kill()
        for worker in left:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        server.ended()


@pytest.fixture
def start_server() -> Iterator[Callable[..., ServerProcess]]:
    """Starts servers as `ServerProcess`; what is left of them at the end of the test is killed."""
    started: list[ServerProcess] = []

    def start(address: str, **options: Any) -> ServerProcess:
        started.append(ServerProcess(serving_code(address, **options)))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.ended()

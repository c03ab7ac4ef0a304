"""Servers in processes of their own, for tests of signals and of many clients at once."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest

_SERVER = Path(__file__).parents[2] / "server"
_PATIENCE = 120


def serving_code(address: str, **options: Any) -> list[str]:
    """Arguments of Python that serve a database on a port that is free."""
    code = (
        "from evals_mcp.serving.options import ServeOptions; from evals_mcp.serving.serve import serve; "
        f"serve(ServeOptions({address!r}, port=0, **{options!r}))"
    )
    return ["-c", code]


class ServerProcess:
    """A server in a process, with what it writes to stderr in a file: nothing waits for who else has that open.

    As a context it is killed at the end, if it has not ended.
    """

    def __init__(self, arguments: Sequence[str], program: str = sys.executable, **options: Any) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the server)
        self._all = ""
        given = {"env": os.environ, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **options}
        given["env"] = {**given["env"], "PYTHONPATH": str(_SERVER)}
        self.process = subprocess.Popen([program, *arguments], stderr=self._log, **given)
        try:
            first = self._first_line()
            found = re.search(r"evals-mcp serving on (http://[^\s\"]+)", first)
            assert found is not None, self.errors
        except BaseException:
            self.kill()
            raise
        self.url = found[1]

    def _first_line(self) -> str:
        give_up = time.monotonic() + _PATIENCE
        while "\n" not in self.errors:
            assert self.process.poll() is None, self.errors
            assert time.monotonic() < give_up, self.errors
            time.sleep(0.01)
        return self.errors.partition("\n")[0]

    @property
    def errors(self) -> str:
        """What it has written to stderr so far."""
        if self._log.closed:
            return self._all
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    @property
    def lines(self) -> list[str]:
        """The lines that it wrote to stderr after its first, each whole."""
        return self.errors.split("\n")[1:-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        """The exit code of the server, once it has stopped."""
        code = self.process.wait(_PATIENCE)
        self._all = self.errors
        self._log.close()
        return code

    def wait_for(self, words: str, count: int = 1) -> None:
        """Wait until so many lines have these words."""
        give_up = time.monotonic() + _PATIENCE
        while sum(words in line for line in self.lines) < count:
            assert time.monotonic() < give_up, self.lines[-20:]
            assert self.process.poll() is None, self.lines[-20:]
            time.sleep(0.02)


class Supervised(ServerProcess):
    """`evals-mcp serve` with these arguments, and processes of its own that serve."""

    def __init__(self, *arguments: str, code: str = "", **options: Any) -> None:
        super().__init__(["-c", code] if code else ["-m", "evals_mcp", "serve", *arguments], **options)

    def kill(self) -> None:
        """End it and its workers at once."""
        left = self.workers()
        super().kill()
        for worker in left:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    def workers(self) -> list[int]:
        """The ids of the processes that serve, or are to."""
        return workers_of(self.process.pid)

    def wait_for_workers(self, count: int) -> None:
        """Wait until exactly so many are there."""
        give_up = time.monotonic() + _PATIENCE
        while len(self.workers()) != count:
            assert time.monotonic() < give_up, self.lines[-20:]
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        """Send the supervisor a signal."""
        self.process.send_signal(number)


def workers_of(pid: int) -> list[int]:
    """The processes that a supervisor has started, but the one that tracks resources."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [int(child) for child in children if b"spawn_main" in command_line(int(child))]


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
        server.kill()


@pytest.fixture
def start_server() -> Iterator[Callable[..., ServerProcess]]:
    """Starts servers as `ServerProcess`; what is left of them at the end of the test is killed."""
    started: list[ServerProcess] = []

    def start(address: str, **options: Any) -> ServerProcess:
        started.append(ServerProcess(serving_code(address, **options)))
        return started[-1]

    yield start
    for server in started:
        server.kill()

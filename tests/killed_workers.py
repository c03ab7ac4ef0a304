"""`serve --workers 2` of a database, whose workers and whose supervisor are killed while others write."""

import os
import random
import signal
import socket
import time
from contextlib import closing, suppress
from typing import Self

import httpx
from tests.killed_writers import SERVERS, free_port
from tests.serving.server_process import Supervised, command_line

_KILLS_OF_WORKERS = 1  # before one of the supervisor
_SECONDS = 240.0


class KilledWorkers:
    """One address that eight writers use."""

    def __init__(self, address: str, workspace: str = "") -> None:
        self._arguments = ["--database", address, "--workers", "2"]
        self._arguments += ["--workspace", workspace] if workspace else []
        self._choose = random.Random(2)
        self.ports = [free_port()] * SERVERS
        self._kills = 0
        self.killed_supervisors = 0

    def __enter__(self) -> Self:
        self._server = self._start()
        return self

    def __exit__(self, *_: object) -> None:
        workers = self._server.workers()
        self._server.process.kill()
        _wait_for_end(workers)
        self._server.ended()
        _require_free(self.ports[0])

    def restart(self, port: int) -> None:
        """Kill a worker, which the supervisor replaces; or the supervisor, whose workers then end by themselves."""
        workers = self._server.workers()
        self._kills += 1
        if self._kills % (_KILLS_OF_WORKERS + 1) == 0:
            self._server.process.kill()
            _wait_for_end(workers)
            self._server.ended()
            _require_free(port)
            self._server = self._start()
            self.killed_supervisors += 1
        elif workers:
            with suppress(ProcessLookupError):
                os.kill(self._choose.choice(workers), signal.SIGKILL)
        _wait_for_answer(port)

    def _start(self) -> Supervised:
        return Supervised(*self._arguments, "--port", str(self.ports[0]))


def _wait_for_end(workers: list[int]) -> None:
    """Wait until these processes are gone."""
    give_up = time.monotonic() + _SECONDS
    while left := [worker for worker in workers if command_line(worker)]:
        assert time.monotonic() < give_up, f"{left} go on without a supervisor"
        time.sleep(0.02)


def _require_free(port: int) -> None:
    with closing(socket.create_server(("127.0.0.1", port))):
        pass


def _wait_for_answer(port: int) -> None:
    give_up = time.monotonic() + _SECONDS
    while True:
        with suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=10).is_success:
                return
        assert time.monotonic() < give_up, "nothing serves the port"
        time.sleep(0.05)

"""Processes of `serve` end whatever keeps them: told while they start, without a supervisor, with threads that wait."""

import multiprocessing
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.serving.server_process import ServerProcess, workers_of

from evals_mcp.serving import worker
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.sockets import bound_socket
from evals_mcp.serving.worker import ALIVE, LEAVE, READY, Shared, run_worker

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has neither these signals nor such sockets")
_PATIENCE = 120
_processes = multiprocessing.get_context("spawn")


def _loads_late(go_on: Connection, *arguments: Any) -> None:
    """A worker that cannot load the server before it is told to."""

    class Late:
        def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
            if name == "evals_mcp.serving.serve":
                go_on.recv_bytes()

    sys.meta_path.insert(0, Late())
    run_worker(*arguments)


def _is_kept(_: Connection, *arguments: Any) -> None:
    """A worker with a thread that never ends."""
    threading.Thread(target=time.sleep, args=(3_000,)).start()
    worker.SECONDS_TO_END = 1.0
    run_worker(*arguments)


@contextmanager
def _started(target: Callable[..., None], folder: Path) -> Iterator[tuple[BaseProcess, Connection, Connection]]:
    """A worker, the line to it, and what lets it go on."""
    line, far = _processes.Pipe()
    go_on, waits = _processes.Pipe()
    with bound_socket("127.0.0.1", 0) as listener:
        shared = Shared(listener, b"secret", str(folder))
        options = ServeOptions(str(folder / "evals.db"), port=0)
        process = _processes.Process(target=target, args=(waits, options, shared, 0, None, far))
        process.start()
        far.close()
        waits.close()
        try:
            yield process, line, go_on
        finally:
            process.kill()
            process.join()


def _heard(line: Connection) -> bytes:
    assert line.poll(_PATIENCE)
    return line.recv_bytes()


def test_a_worker_that_is_replaced_before_it_serves_leaves(tmp_path: Path) -> None:
    """It says that it lives while it loads what takes long, and does what it was told meanwhile."""
    with _started(_loads_late, tmp_path) as (process, line, go_on):
        assert _heard(line) == ALIVE
        line.send_bytes(LEAVE)
        assert _heard(line) == ALIVE
        go_on.send_bytes(b"!")
        said = ALIVE
        while said == ALIVE:
            said = _heard(line)
        assert said == READY
        process.join(_PATIENCE)
        assert process.exitcode == 0


def test_a_worker_without_a_supervisor_ends_whatever_keeps_it(tmp_path: Path) -> None:
    """A thread may wait for a database that never answers any more."""
    with _started(_is_kept, tmp_path) as (process, line, _):
        while _heard(line) != READY:
            pass
        line.close()
        process.join(_PATIENCE)
        assert process.exitcode == 1


_SERVES = """
import fcntl, sys, threading, time
from evals_mcp.serving import serve, supervisor
from evals_mcp.serving.options import ServeOptions
assert serve.SECONDS_TO_FINISH + serve.SECONDS_TO_CLOSE <= supervisor._SECONDS_TO_STOP
serve.SECONDS_TO_FINISH = serve.SECONDS_TO_CLOSE = supervisor._SECONDS_TO_STOP = supervisor._SECONDS_TO_CLOSE = 1
options = ServeOptions(sys.argv[1], port=0)
"""
_WAITS = "threading.Thread(target=time.sleep, args=(3_000,)).start(); serve.serve(options)"
_IS_NOT_READ = "fcntl.fcntl(2, fcntl.F_SETPIPE_SZ, 4096); serve.serve(options)"
_WORKERS_ARE_NOT_READ = "fcntl.fcntl(2, fcntl.F_SETPIPE_SZ, 4096); supervisor.supervise(options, lambda: options, 5)"


@pytest.mark.parametrize("code", [_WAITS, _IS_NOT_READ, _WORKERS_ARE_NOT_READ])
def test_a_server_that_is_told_to_stop_ends_whatever_keeps_it(tmp_path: Path, code: str) -> None:
    """A thread waits for what never comes, or nobody reads what the server, or its supervisor, writes."""
    command = [sys.executable, "-c", f"{_SERVES}{code}", str(tmp_path / "evals.db")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, bufsize=0) as server:
        try:
            assert server.stderr is not None
            url = server.stderr.readline().decode().split()[-1]
            if code != _WAITS:
                _fill_log(url)
            if code == _WORKERS_ARE_NOT_READ:
                _until_alone(server.pid)
            server.terminate()
            assert server.wait(_PATIENCE) in (0, 128 + signal.SIGTERM)
        finally:
            server.kill()


@pytest.mark.parametrize("second", [False, True])
def test_requests_that_the_database_keeps_are_told_that_the_server_stops(tmp_path: Path, *, second: bool) -> None:
    """Once their time is over, or after a second Ctrl-C, which waits for no database; without a traceback."""
    database = tmp_path / "evals.db"
    longer = "serve.SECONDS_TO_FINISH = serve.SECONDS_TO_CLOSE = 3_000; " if second else ""
    server = ServerProcess(["-c", f"{_SERVES}{longer}serve.serve(options)", str(database)])
    flow = {"path": "bot", "attributes": {"a": 1}}
    with server, closing(sqlite3.connect(database)) as other, ThreadPoolExecutor(1) as pool:
        assert httpx.get(f"{server.url}/v5/flows", timeout=_PATIENCE).status_code == 200
        other.execute("BEGIN IMMEDIATE")
        kept = pool.submit(httpx.post, f"{server.url}/v5/flows", json=flow, timeout=_PATIENCE)
        _until_another_waits(server.url)
        server.process.send_signal(signal.SIGINT)
        if second:
            _until_closed(server.url)
            server.process.send_signal(signal.SIGINT)
        answer = kept.result()
        assert (answer.status_code, "stops" in answer.json()["detail"]) == (503, True)
        assert server.ended() in (0, 128 + signal.SIGINT)
        assert "Traceback" not in server.errors


def _until_another_waits(url: str) -> None:
    """Until the server has the connection of another request, which waits for the database."""
    give_up = time.monotonic() + _PATIENCE
    while "evals_mcp_connections 2" not in httpx.get(f"{url}/metrics", timeout=_PATIENCE).text:
        assert time.monotonic() < give_up


def _until_closed(url: str) -> None:
    """Until the server accepts no connection, as it has heard of the first signal."""
    give_up = time.monotonic() + _PATIENCE
    with suppress(httpx.TransportError):
        while True:
            httpx.get(f"{url}/health", timeout=_PATIENCE)
            assert time.monotonic() < give_up


def _until_alone(supervisor: int) -> None:
    """Until it has killed the silent worker, and starts no other: it wants to say so, and cannot."""
    give_up, alone = time.monotonic() + _PATIENCE, 0
    while alone < 20:
        alone = 0 if workers_of(supervisor) else alone + 1
        assert time.monotonic() < give_up
        time.sleep(0.05)


def _fill_log(url: str) -> None:
    """Ask until the server has no room left for the line of a request, and answers no more."""
    with suppress(httpx.TimeoutException):
        for _ in range(1_000):
            httpx.get(f"{url}/health", timeout=5)
        raise AssertionError("all lines have found room")

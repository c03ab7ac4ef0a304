"""Eight servers of one database that write while they, or the database, are killed; then all is counted again."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import httpx
import psycopg
from sqlalchemy import select
from tests.recount import check_counts

from evals_mcp.store.database.tables import logs
from evals_mcp.store.store import Store

SERVERS = 8
_RESTARTED_WITHIN = 240.0
_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
_NURSERY = """
import os, signal, sys, time
from evals_mcp.api.grants import OpenAccess
from evals_mcp.api.app import create_app
from evals_mcp.errors import Unavailable
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.serve import serve
create_app(OpenAccess.__new__(OpenAccess))  # all applications of a process share the routes
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        while True:
            try:
                serve(ServeOptions(sys.argv[1], port=int(line), workspace=sys.argv[2] or None))
            except Unavailable:  # a supervisor would start it again
                time.sleep(0.1)
    print(child, flush=True)
"""


class Nursery:
    """Starts servers of a database at once, because a process that has loaded everything forks them."""

    def __init__(self, address: str, workspace: str = "") -> None:
        environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "server")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _NURSERY, address, workspace],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._lock = threading.Lock()
        self.ports = free_ports(SERVERS)
        self._children: dict[int, int] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.push(self.__exit__)
            for port in self.ports:
                self._start(port)
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # with the servers
        self._process.communicate()

    def restart(self, port: int) -> None:
        """Kill the server of a port without a warning, and start another one there."""
        self._kill(port)
        self._start(port)

    def _start(self, port: int) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(f"{port}\n")
            self._process.stdin.flush()
            self._children[port] = int(self._process.stdout.readline())

    def _kill(self, port: int) -> None:
        if port in self._children:
            with suppress(ProcessLookupError):
                os.kill(self._children.pop(port), signal.SIGKILL)


@dataclass
class Outcome:
    """What the callers saw: the ids of acknowledged writes, answers with 500 or more, repeated requests, and kills."""

    acknowledged: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    repeats: int = 0
    kills: int = 0

    def __str__(self) -> str:
        return (
            f"{len(self.acknowledged)} writes acknowledged, {self.repeats} of them by a repeated request; "
            f"{self.kills} kills; {len(self.failures)} answers of 500 or more"
        )


class Writers:
    """Callers of the servers. Each sends a request again, with its id, until it is acknowledged."""

    def __init__(self, ports: list[int]) -> None:
        self._urls = [f"http://127.0.0.1:{port}/v5" for port in ports]
        self.outcome = Outcome()
        self._run_id = ""

    def set_up(self) -> None:
        """Create an evaluation with a run of a flow and an evaluator."""
        with httpx.Client(timeout=30) as client:
            self._send(client, self._urls[0], "/flows", {"path": "bot", "attributes": {"n": 1}}, None)
            self._send(client, self._urls[0], "/evaluators", {"path": "judge", "spec": _SPEC}, None)
            body: dict[str, Any] = {"file": {"path": "bot"}, "name": "killed", "evaluators": [{"path": "judge"}]}
            evaluation = self._send(client, self._urls[0], "/evaluations", body, "evaluation")
            body = {"version": {"path": "bot"}, "orchestrated": False}
            self._run_id = self._send(client, self._urls[0], f"/evaluations/{evaluation}/runs", body, "run")

    def write(self, number: int, ended: threading.Event) -> None:
        """Log and judge at one server until the end."""
        with httpx.Client(timeout=30) as client:
            turn = 0
            while not ended.is_set():
                turn += 1
                key, url = f"w{number}-{turn}", self._urls[number]
                log = {"path": "bot", "run_id": self._run_id, "output": key, "log_status": "complete"}
                log_id = self._send(client, url, "/flows/log", log, key)
                judgment = {"path": "judge", "parent_id": log_id, "judgment": turn % 3 == 0}
                judgment_id = self._send(client, url, "/evaluators/log", judgment, key + "-judged")
                self.outcome.acknowledged += [log_id, judgment_id]

    def _send(self, client: httpx.Client, url: str, path: str, body: dict[str, Any], key: str | None) -> str:
        """The id that a POST answers. It is repeated while its server is away; without an id only until it is there."""
        headers = {} if key is None else {"Idempotency-Key": key}
        deadline = time.monotonic() + _RESTARTED_WITHIN
        while True:
            try:
                answer = client.post(url + path, json=body, headers=headers)
            except httpx.TransportError:
                assert time.monotonic() < deadline, f"{path} was not answered"
                time.sleep(0.02)
                continue
            if answer.is_success:
                self.outcome.repeats += "idempotent-replayed" in answer.headers
                return str(answer.json()["id"])
            assert answer.status_code >= 500, answer.text
            self.outcome.failures.append(answer.text)
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.02)


class Servers(Protocol):
    """Servers of a database that are killed and started again."""

    ports: list[int]

    def restart(self, port: int) -> None:
        """Kill what serves a port without a warning, and see to it that something does again."""
        ...


def write_while_killed(
    address: str,
    seconds: float,
    workspace: str = "",
    disturb: Callable[[], None] | None = None,
    seed: int = 1,
    start: Callable[[str, str], AbstractContextManager[Servers]] = Nursery,
    least_kills: int = 0,
) -> Outcome:
    """Write at eight servers while one after another is killed and started again, and `disturb` is called.

    It goes on for so many seconds, and until there were so many kills.
    """
    choose = random.Random(seed)
    with start(address, workspace) as nursery:
        writers = Writers(nursery.ports)
        writers.set_up()
        until, ended = time.monotonic() + seconds, threading.Event()
        with ThreadPoolExecutor(SERVERS) as pool:
            writing = [pool.submit(writers.write, number, ended) for number in range(SERVERS)]
            try:
                while time.monotonic() < until or writers.outcome.kills < least_kills:
                    time.sleep(choose.uniform(0.2, 0.8))
                    nursery.restart(choose.choice(nursery.ports))
                    writers.outcome.kills += 1
                    if disturb is not None and choose.random() < 0.5:
                        disturb()
            finally:
                ended.set()
            for each in writing:
                each.result()
    return writers.outcome


def check_writes(store: Store, outcome: Outcome) -> None:
    """Every acknowledged write is there once, there is no other, and the counters equal a recount."""
    with store.database.read() as connection:
        there = sorted(connection.execute(select(logs.c.id)).scalars())
    assert there == sorted(outcome.acknowledged)
    check_counts(store)
    assert store.journal.page(1, 1).total == len(there) + 4  # flow, evaluator, evaluation and run


def terminate_backends(address: str) -> None:
    """End all other connections to a PostgreSQL database."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on."""
    with ExitStack() as held:
        found = [held.enter_context(closing(socket.socket())) for _ in range(count)]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in found]


def free_port() -> int:
    """A port that nobody listens on."""
    return free_ports(1)[0]

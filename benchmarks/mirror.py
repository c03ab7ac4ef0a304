"""What questions cost to a server without our routes, read through a mirror, to the embedded store with the same data.

`python benchmarks/mirror.py FILE [SECONDS]` asks about 12 runs x 400 logs, each judged by two evaluators (made in the
file by `big_database.py` if it is not there): in the store, and over a socket from a server in a process of its own
that has only the documented routes and takes `SECONDS` more for each answer (default 0). Prints for each question, in
milliseconds, the answer of the store, the first one through the mirror (which reads the logs that are not there yet),
the same again (the median of some), its ratio to the store's, and how many pages of logs were read; then the same
after one run has changed, and the largest memory of the process.
"""

import asyncio
import multiprocessing
import resource
import socket
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.big_database import EVALUATION, make_big_database
from tests.documented_only import DocumentedOnly

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.mirror.mirror import Mirror
from evals_mcp.models.log_requests import PromptLogRequest
from evals_mcp.tools.compare_runs import compare_runs
from evals_mcp.tools.get_logs import get_logs
from evals_mcp.tools.list_datapoints import list_datapoints
from evals_mcp.tools.list_runs import list_runs
from evals_mcp.wiring import build_client, open_embedded_app, open_scratch

RUNS, LOGS, ROUNDS = 12, 400, 7
QUESTIONS: dict[str, Callable[[Lookup], Awaitable[str]]] = {
    "list_runs": lambda lookup: list_runs(lookup, EVALUATION),
    "get_logs of a run": lambda lookup: get_logs(lookup, EVALUATION, runs=["v1"]),
    "compare_runs of all": lambda lookup: compare_runs(lookup, EVALUATION),
    "get_logs with a text": lambda lookup: get_logs(lookup, EVALUATION, where=["text~zanzibar"]),
    "list_datapoints": lambda lookup: list_datapoints(lookup, EVALUATION, show="all_fail"),
}


class SlowServer(DocumentedOnly):
    """The documented routes, each answer so many seconds later."""

    def __init__(self, database: str, seconds: float) -> None:
        super().__init__(open_embedded_app(database))
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self._seconds)
        await super().__call__(scope, receive, send)


def serve(database: str, seconds: float, listening: socket.socket) -> None:
    config = uvicorn.Config(SlowServer(database, seconds), log_level="critical", lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])


class Asked:
    """A way to the data; `pages` counts the pages of logs that were read."""

    def __init__(self, client: EvalsClient, mirror: Mirror | None) -> None:
        self._client = client
        self._mirror = mirror
        self.pages = 0

    async def ask(self, question: str) -> float:
        """Ask, and give the milliseconds that it took."""
        started = time.perf_counter()
        await QUESTIONS[question](Lookup(self._client, self._count, mirror=self._mirror))
        return (time.perf_counter() - started) * 1000

    async def ask_again(self, question: str) -> float:
        """The median of some calls, the first left out."""
        return statistics.median([await self.ask(question) for _ in range(ROUNDS + 1)][1:])

    async def _count(self, done: int, total: int | None, words: str) -> None:
        self.pages += 1


async def measure(store: Asked, mirrored: Asked) -> None:
    print(f"{'question':22} {'store':>8} {'first':>8} {'again':>8} {'ratio':>7} {'pages':>6}")
    for question in QUESTIONS:
        inside = await store.ask_again(question)
        mirrored.pages = 0
        first = await mirrored.ask(question)
        pages, again = mirrored.pages, await mirrored.ask_again(question)
        print(f"{question:22} {inside:8.1f} {first:8.1f} {again:8.1f} {again / inside:7.1f} {pages:6}")


async def change_a_run(client: EvalsClient) -> None:
    run = (await client.reviews.get_evaluation(EVALUATION)).runs[1]
    assert run.version_id is not None
    request = PromptLogRequest(path=run.file_path, run_id=run.id, output="One more.")
    await client.prompts.log(request, version_id=run.version_id)


async def main(database: Path, seconds: float) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(str(database), seconds, listening), daemon=True
    )
    server.start()
    client = build_client(Settings(database=str(database)))
    async with EvalsClient(f"http://127.0.0.1:{listening.getsockname()[1]}", connect_timeout=60) as remote:
        await remote.raw_pages.files(1, 1)
        store, mirrored = Asked(client, None), Asked(remote, Mirror(remote, open_scratch))
        await measure(store, mirrored)
        await change_a_run(client)
        mirrored.pages = 0
        print(
            f"\nafter one run has changed: {await mirrored.ask('compare_runs of all'):.1f} ms, {mirrored.pages} pages"
        )
    server.terminate()
    server.join()
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    make_big_database(Path(sys.argv[1]), LOGS, RUNS)
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0))

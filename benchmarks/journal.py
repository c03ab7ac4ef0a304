"""What the journal adds to a write, and what a repeated write costs, to the same write without it and to a read.

`python benchmarks/journal.py [CALLS]` sends requests to the API in process, on a new SQLite file: logs and judgments,
which have entries that can be undone, and feedback of v4, which has plain ones. Each kind is written in turns with the
journal and with neither entry nor its checks; a repeated log is compared with `GET /v5/logs/{id}`. Prints medians in
milliseconds of processor time, so that other programs disturb little, and their ratios.
"""

import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.store import Store, open_store

CALLS, TURNS = 40, 15
MOST_ADDED, MOST_REPEATED = 1.2, 1.0
_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}


class Requests:
    """Requests of each kind, to a run with an evaluator."""

    def __init__(self, client: httpx.AsyncClient, store: Store) -> None:
        self._client = client
        self._store = store
        self._run_id = ""
        self._log_id = ""

    async def set_up(self) -> None:
        """Create what the requests are about."""
        await self._post("/v5/flows", {"path": "bot", "attributes": {"n": 1}})
        await self._post("/v5/evaluators", {"path": "judge", "spec": _SPEC})
        body: dict[str, Any] = {"file": {"path": "bot"}, "name": "e", "evaluators": [{"path": "judge"}]}
        evaluation = await self._post("/v5/evaluations", body)
        body = {"version": {"path": "bot"}, "orchestrated": False}
        self._run_id = await self._post(f"/v5/evaluations/{evaluation}/runs", body)
        self._log_id = await self.log()

    async def log(self, **headers: str) -> str:
        """Log an output into the run."""
        body = {"path": "bot", "run_id": self._run_id, "output": "It is covered. " * 20, "inputs": {"q": "Is it?"}}
        return await self._post("/v5/flows/log", body, **headers)

    async def repeat(self) -> str:
        """Send a log again with its request id."""
        return await self.log(**{"Idempotency-Key": "the same"})

    async def judge(self) -> str:
        """Judge a log."""
        return await self._post("/v5/evaluators/log", {"path": "judge", "parent_id": self._log_id, "judgment": True})

    async def feed_back(self) -> None:
        """Give feedback on a log, which has a plain entry."""
        body = {"data_id": self._log_id, "type": "comment", "value": str(time.perf_counter_ns())}
        (await self._client.post("/v4/feedback", json=body)).raise_for_status()

    async def read(self) -> None:
        """Read a log."""
        (await self._client.get(f"/v5/logs/{self._log_id}")).raise_for_status()

    async def forget_feedback(self) -> None:
        """Begin with another log, because feedback makes one longer."""
        self._log_id = await self.log()

    @contextmanager
    def without_journal(self) -> Iterator[None]:
        """Write no entries, and look for none to write."""
        around = self._store.database._around_writes
        self._store.database.around_writes(lambda connection: nullcontext())
        try:
            with mock.patch("evals_mcp.store.logs.logs.record", return_value=None):
                yield
        finally:
            self._store.database.around_writes(around)

    async def _post(self, path: str, body: dict[str, Any], **headers: str) -> str:
        answer = await self._client.post(path, json=body, headers=headers)
        return str(answer.raise_for_status().json()["id"])


async def measure(store: Store, calls: int) -> None:
    """Measure in turns and print."""
    transport = httpx.ASGITransport(create_app(OpenAccess(store), is_embedded=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://embedded") as client:
        requests = Requests(client, store)
        await requests.set_up()
        await requests.repeat()
        gc.freeze()
        for kind in (requests.log, requests.judge, requests.feed_back):
            journaled, plain = [], []
            for _ in range(TURNS):
                await requests.forget_feedback()
                journaled.append(await _median(kind, calls))
                await requests.forget_feedback()
                with requests.without_journal():
                    plain.append(await _median(kind, calls))
            _tell(f"{kind.__name__}: with the journal", journaled, "without", plain, MOST_ADDED)
        await requests.forget_feedback()
        repeated, read = [], []
        for _ in range(TURNS):
            repeated.append(await _median(requests.repeat, calls))
            read.append(await _median(requests.read, calls))
        _tell("a repeated log", repeated, "a read log", read, MOST_REPEATED)


async def _median(send: Any, calls: int) -> float:
    times = []
    for _ in range(calls):
        started = time.process_time()
        await send()
        times.append(time.process_time() - started)
    return statistics.median(times) * 1000


def _tell(name: str, times: list[float], other: str, others: list[float], most: float) -> None:
    ratio = statistics.median(one / two for one, two in zip(times, others, strict=True))
    there, here = statistics.median(times), statistics.median(others)
    print(f"{name} {there:.2f} ms, {other} {here:.2f} ms: ratio {ratio:.2f} (at most {most:.1f})", flush=True)


def main(calls: int) -> None:
    """Measure on a new file."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(str(Path(folder) / "evals.db"))
        try:
            asyncio.run(measure(store, calls))
        finally:
            store.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS)

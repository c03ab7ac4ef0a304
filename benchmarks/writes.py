"""What writes cost through the API in process, as ratios to a no-op request to the same app in the same run.

`python benchmarks/writes.py [FOLDER]` measures with hardly any logs and again with a million, in databases that
`big_database` makes in the folder (a temporary one without it); making the large one takes a minute or more. Each
write is one log or one judgment, committed; judgments are of the logs written just before. Prints medians in
milliseconds, each with its ratio to `GET /health`, and how these ratios grow with the table.
"""

import asyncio
import gc
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from pydantic_core import to_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.big_database import BigDatabase, make_big_database

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.store import open_store

SIZES = {"hardly any logs": (100, 1), "a million logs": (12_000, 28)}
CALLS = 200
ROUNDS = 5
MOST = 5.0


class Ids(NamedTuple):
    """What the requests name."""

    evaluation: str
    run: str
    version: str
    datapoints: list[str]
    evaluator: str
    evaluator_version: str


class Write(NamedTuple):
    """A kind of write: where it goes, the body of the next one, and the ids of those written."""

    name: str
    path: str
    body: Callable[[], dict[str, Any]]
    written: list[str]


class Taken(NamedTuple):
    """What a write took: the median of milliseconds, and of its ratios to the no-op."""

    milliseconds: float
    ratio: float


async def measure(made: BigDatabase) -> dict[str, Taken]:
    """What each kind of write takes, by name."""
    store = open_store(str(made.path))
    app = create_app(OpenAccess(store), is_embedded=True)
    gc.freeze()
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://embedded") as client:
            found = {}
            for write in _writes(await _read_ids(client, made)):
                await _write_median(client, write, CALLS // 4)
                rounds = [await _round(client, write) for _ in range(ROUNDS)]
                found[write.name] = Taken(*(statistics.median(values) for values in zip(*rounds, strict=True)))
            return found
    finally:
        store.close()


async def _round(client: httpx.AsyncClient, write: Write) -> Taken:
    before = await _noop_median(client)
    taken = await _write_median(client, write, CALLS)
    return Taken(taken, taken / statistics.mean((before, await _noop_median(client))))


async def _noop_median(client: httpx.AsyncClient) -> float:
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        await client.get("/health")
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


async def _write_median(client: httpx.AsyncClient, write: Write, calls: int) -> float:
    times = []
    for _ in range(calls):
        content = to_json(write.body())
        started = time.perf_counter()
        response = await client.post(write.path, content=content, headers={"Content-Type": "application/json"})
        times.append(time.perf_counter() - started)
        assert response.is_success, response.text
        write.written.append(response.json()["id"])
    return statistics.median(times) * 1000


async def _read_ids(client: httpx.AsyncClient, made: BigDatabase) -> Ids:
    """Ids for the requests; the newest run is set to running, as v4 needs it."""
    evaluation, run = made.evaluation_id, made.run_ids[-1]
    status = f"/v4/evaluations/{evaluation}/status?evaluatee_id={run}"
    (await client.patch(status, json={"status": "running"})).raise_for_status()
    query: dict[str, str | int] = {"run_id": run, "size": 100}
    page = (await client.get(f"/v5/evaluations/{evaluation}/logs", params=query)).raise_for_status().json()
    logs = [record["log"] for record in page["records"]]
    evaluator = (await client.get(f"/v5/evaluators/{made.evaluator_ids[1]}")).raise_for_status().json()
    datapoints = [log["source_datapoint_id"] for log in logs]
    version = logs[0]["prompt"]["version_id"]
    return Ids(evaluation, run, version, datapoints, evaluator["id"], evaluator["version_id"])


def _writes(ids: Ids) -> list[Write]:
    """The kinds of writes; a judgment is of the newest log that has none yet."""
    datapoints = itertools.cycle(ids.datapoints)
    judgments = itertools.cycle((True, False))
    text = {"output": "Yes, that is covered in the network at no cost.", "inputs": {"question": "Is it covered?"}}
    measures = {"prompt_tokens": 512, "output_tokens": 48, "output_cost": 0.0012}
    unjudged: list[str] = []

    def flow_log() -> dict[str, Any]:
        return {"path": "bench/flow", "flow": {"attributes": {"chain": "bench"}}, **text}

    def log() -> dict[str, Any]:
        place = {"path": "bench/answers", "run_id": ids.run, "source_datapoint_id": next(datapoints)}
        return {**place, **text, **measures, "provider_latency": 1.25}

    def judgment() -> dict[str, Any]:
        said = {"judgment": next(judgments), "output": "The answer was read against the plan."}
        return {"id": ids.evaluator, "parent_id": unjudged.pop(), **said}

    def v4_log() -> dict[str, Any]:
        return {"datapoint_id": next(datapoints), "log": {**text, **measures, "duration": 1.25}}

    def v4_result() -> dict[str, Any]:
        return {"log_id": unjudged.pop(), "evaluator_id": ids.evaluator, "result": next(judgments)}

    v4 = f"/v4/evaluations/{ids.evaluation}"
    return [
        Write("v5 flow log", "/v5/flows/log", flow_log, []),
        Write("v5 log into a run", f"/v5/prompts/log?version_id={ids.version}", log, unjudged),
        Write("v5 judgment", f"/v5/evaluators/log?version_id={ids.evaluator_version}", judgment, []),
        Write("v4 log", f"{v4}/log?evaluatee_id={ids.run}", v4_log, unjudged),
        Write("v4 result", f"{v4}/result?evaluatee_id={ids.run}", v4_result, []),
    ]


def main(folder: Path) -> None:
    """Measure at both sizes and print."""
    small: dict[str, Taken] = {}
    for size, (datapoints, runs) in SIZES.items():
        found = asyncio.run(measure(make_big_database(folder / f"writes-{datapoints}.db", datapoints, runs)))
        for name, taken in found.items():
            line = f"{size}: {name}: {taken.milliseconds:.2f} ms, ratio {taken.ratio:.1f} (at most {MOST:.0f})"
            grown = f", {taken.ratio / small[name].ratio:.2f} × the ratio with hardly any" if small else ""
            print(line + grown, flush=True)
        small = small or found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))

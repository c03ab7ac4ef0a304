"""What one write, a page, list_runs and a comparison cost in a workspace of 10 million logs, against one of 10,000.

`python benchmarks/growth.py FOLDER [LOGS]` measures in the database `growth` of `team_database`, which it fills if it
is not there. Both workspaces have evaluations of the same size, and are asked in turns, in process and one at a time,
over the real API and tools. Prints medians in milliseconds, the ratio of the large workspace to the small one, and its
limit; then the processor time that PostgreSQL took for a call, with its ratio (if it runs on this machine).

- warm: the same question about the same evaluation again.
- anew: the same question of a server that was just started: nothing of ours is kept.
- another: of such a server, about another evaluation each time. The small workspace has only one, so what PostgreSQL
  reads from the disk counts in the large one alone.
- writes go into one run, or `spread` into runs all over the workspace.

The large workspace keeps what is written: three thousand logs a run.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.team_database import prepare

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.client.client import EvalsClient
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.store.store import Store, open_store
from evals_mcp.tools.compare_runs import compare_runs
from evals_mcp.tools.get_logs import get_logs
from evals_mcp.tools.list_runs import list_runs

NAMES = ("small", "large")
CALLS = {"write": 300, "read": 60}
WARM_UP, SECONDS, FEWEST = 5, 25, 15
MOST = {"write": 1.2, "read": 1.3}


class Evaluation(NamedTuple):
    """What calls name."""

    id: str
    file_id: str
    run_id: str
    version_id: str
    judge: tuple[str, str]
    datapoints: list[str]


class Workspace:
    """A workspace of the database, as a server that serves it alone has it."""

    def __init__(self, address: str, name: str) -> None:
        self._address = f"{address}{'&' if '?' in address else '?'}application_name=growth-{name}"
        self._schema = f"evals_mcp_{name}"
        self._random = random.Random(7)
        with psycopg.connect(address) as connection:
            connection.execute(f'SET search_path = "{self._schema}"')
            rows = connection.execute("SELECT id FROM evaluations ORDER BY number").fetchall()
            sample = self._random.sample(rows, min(len(rows), 200))
            self._evaluations = [_evaluation(connection, str(id)) for (id,) in sample]
            (self.logs,) = connection.execute("SELECT count(*) FROM logs").fetchone() or (0,)
        self.same = self._evaluations[0]
        self._others = itertools.cycle(self._evaluations)
        self._datapoints = itertools.cycle(self.same.datapoints)
        self._unjudged: list[str] = []
        self.restart()

    def restart(self) -> None:
        """Forget all that is kept in the process; connections stay."""
        if not hasattr(self, "store"):
            self.store = open_store(self._address, self._schema)
        else:
            self.store = Store(self.store.database)
        app = create_app(OpenAccess(self.store), is_embedded=True)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://embedded")
        self.lookup = Lookup(EvalsClient(open_app=lambda: app))

    def other(self) -> Evaluation:
        """Another evaluation than the last one, of up to 200."""
        return next(self._others)

    async def log(self, evaluation: Evaluation) -> None:
        """Write a log into a run."""
        body = {
            "id": evaluation.file_id,
            "run_id": evaluation.run_id,
            "source_datapoint_id": next(self._datapoints),
            "output": "Yes, that is covered in the network at no cost.",
            "inputs": {"question": "Is it covered?"},
            "prompt_tokens": 512,
            "output_tokens": 48,
            "output_cost": 0.0012,
            "provider_latency": 1.25,
        }
        answer = await self._post(f"/v5/prompts/log?version_id={evaluation.version_id}", body)
        self._unjudged.append(answer["id"])

    async def judge(self, evaluation: Evaluation) -> None:
        """Judge a log that was written before."""
        file_id, version_id = evaluation.judge
        body = {"id": file_id, "parent_id": self._unjudged.pop(), "judgment": True, "output": "As in the plan."}
        await self._post(f"/v5/evaluators/log?version_id={version_id}", body)

    async def page(self, evaluation: Evaluation) -> None:
        """Read a page of a run's logs."""
        query = {"run_id": evaluation.run_id, "size": "50"}
        (await self.http.get(f"/v5/evaluations/{evaluation.id}/logs", params=query)).raise_for_status()

    async def file_page(self, evaluation: Evaluation) -> None:
        """Read a page of a prompt's logs, of all its runs."""
        (await self.http.get("/v5/logs", params={"file_id": evaluation.file_id, "size": "50"})).raise_for_status()

    async def list_runs(self, evaluation: Evaluation) -> None:
        """Call the tool."""
        await list_runs(self.lookup, evaluation.id)

    async def compare(self, evaluation: Evaluation) -> None:
        """Call the tool."""
        await compare_runs(self.lookup, evaluation.id, candidates=["v1"])

    async def get_logs(self, evaluation: Evaluation) -> None:
        """Call the tool."""
        await get_logs(self.lookup, evaluation.id, where=["judgment=false"], sort="cost")

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = await self.http.post(path, json=body)
        assert response.is_success, response.text
        found: dict[str, Any] = response.json()
        return found


def _evaluation(connection: psycopg.Connection[Any], id: str) -> Evaluation:
    run = connection.execute(
        "SELECT r.id, v.file_id, r.version_id, r.dataset_version_id FROM evaluation_runs AS e JOIN runs AS r "
        "ON r.id = e.run_id JOIN versions AS v ON v.id = r.version_id WHERE e.evaluation_id = %s AND e.control",
        [id],
    ).fetchone()
    judge = connection.execute(
        "SELECT evaluator_id, evaluator_version_id FROM evaluation_evaluators WHERE evaluation_id = %s "
        "AND position = 1",
        [id],
    ).fetchone()
    assert run is not None
    assert judge is not None
    points = connection.execute(
        "SELECT datapoint_id FROM dataset_datapoints WHERE version_id = %s ORDER BY position LIMIT 100", [run[3]]
    ).fetchall()
    return Evaluation(id, run[1], run[0], run[2], judge, [point for (point,) in points])


class Call(NamedTuple):
    """What is measured: a kind, of the limit, and a call; `anew` forgets before, `another` takes another evaluation."""

    name: str
    kind: str
    call: Callable[[Workspace, Evaluation], Awaitable[None]]
    anew: bool = False
    another: bool = False


def calls() -> Iterator[Call]:
    """All that is measured."""
    yield Call("write of a log", "write", Workspace.log)
    yield Call("write of a judgment", "write", Workspace.judge)
    yield Call("write of a log, spread", "write", Workspace.log, another=True)
    for name, call in {
        "page of a run": Workspace.page,
        "page of a prompt": Workspace.file_page,
        "list_runs": Workspace.list_runs,
        "compare_runs": Workspace.compare,
        "get_logs": Workspace.get_logs,
    }.items():
        yield Call(f"{name}, warm", "read", call)
        yield Call(f"{name}, anew", "read", call, anew=True)
        yield Call(f"{name}, another", "read", call, anew=True, another=True)


async def measure(pair: list[Workspace], call: Call) -> list[list[float]]:
    """The milliseconds of a call in both workspaces, made in turns; the first ones do not count."""
    taken: list[list[float]] = [[] for _ in pair]
    began = time.perf_counter()
    for round_number in range(CALLS[call.kind] + WARM_UP):
        if call.kind == "read" and time.perf_counter() - began > SECONDS and len(taken[0]) >= FEWEST:
            break
        for at in (0, 1) if round_number % 2 else (1, 0):
            workspace = pair[at]
            if call.anew:
                workspace.restart()
            evaluation = workspace.other() if call.another else workspace.same
            started = time.perf_counter()
            await call.call(workspace, evaluation)
            if round_number >= WARM_UP:
                taken[at].append((time.perf_counter() - started) * 1000)
    return taken


def database_seconds(address: str) -> list[float]:
    """The processor time that the connections of both workspaces have taken; nothing if it cannot be told."""
    with psycopg.connect(address) as connection:
        rows = connection.execute(
            "SELECT application_name, pid FROM pg_stat_activity WHERE application_name LIKE 'growth-%'"
        ).fetchall()
    found = dict.fromkeys(NAMES, 0.0)
    for name, pid in rows:
        path = Path(f"/proc/{pid}/schedstat")
        found[str(name).removeprefix("growth-")] += int(path.read_text().split()[0]) / 1e6 if path.exists() else 0.0
    return list(found.values())


async def main(address: str) -> bool:
    """Measure and print; whether all stay under their limits."""
    pair = [Workspace(address, name) for name in NAMES]
    print(f"{' against '.join(f'{workspace.logs:,}' for workspace in reversed(pair))} logs")
    fine = True
    for call in calls():
        before = database_seconds(address)
        taken = await measure(pair, call)
        small, large = map(statistics.median, taken)
        after = database_seconds(address)
        ratio, most = large / small, MOST[call.kind]
        each = [(after[at] - before[at]) / (len(taken[at]) + WARM_UP) for at in (0, 1)]
        on_server = f"; in PostgreSQL {each[0]:.2f}, {each[1]:.2f} ms: {each[1] / each[0]:.2f}" if each[0] else ""
        print(f"{call.name:26} {small:7.2f} {large:7.2f} ms: {ratio:.2f} (at most {most}){on_server}", flush=True)
        fine = fine and ratio <= most
    for workspace in pair:
        workspace.store.close()
    return fine


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("logs", type=int, nargs="?", default=10_000_000)
    parsed = parser.parse_args()
    sys.exit(0 if asyncio.run(main(prepare(parsed.folder, parsed.logs, ("growth",))["growth"])) else 1)

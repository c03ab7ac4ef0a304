"""What one write, a page, list_runs and a comparison cost in a workspace of 10 million logs, against one of 10,000.

`python benchmarks/growth.py FOLDER [LOGS]` measures in the database `growth` of `team_database`, which it fills if it
is not there. Both workspaces have evaluations of the same size, and are asked over the real API and tools, in process
and one call at a time. Prints one table: the medians in milliseconds, the ratio of the large workspace to the small
one, its limit and whether it holds; then the processor time of a call in PostgreSQL (if it runs on this machine).
`--seconds` (240 by default) is how long it measures.

All calls are made in rounds, each in both workspaces one right after the other, and the ratio is the median of the
ratios of such pairs. So other work on the machine, which comes and goes, meets both.

- warm: the same question about the same run again.
- anew: of a server that was just started, so that nothing of ours is kept, about another run each time, whose rows are
  in PostgreSQL's memory.
- first: the same for a run that nobody has asked about for long. The small workspace is always in memory, so this
  compares what comes from the disk or the system's cache with what does not. It has no limit: a run of the same size
  means one that is as near, and how far away a run is depends on the machine's memory, not on how it is read.
- writes go into one run, or `spread` into runs all over the workspace. Those pass the limit while the pages of their
  runs are neither in PostgreSQL's memory nor written since the last checkpoint: the log takes such pages whole.

The large workspace keeps what is written: some hundred logs a run.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
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
SECONDS = 240.0
WRITES = 5
"""How often each write is made in a round; reads are made once."""
WRITE, READ = 1.2, 1.3
"""The limits of ratios."""


class Evaluation(NamedTuple):
    """What calls name. `read_run_id` and `read_version_id` are of a run that nothing is written into."""

    id: str
    file_id: str
    run_id: str
    version_id: str
    read_run_id: str
    read_version_id: str
    judge: tuple[str, str]
    datapoints: list[str]


class Workspace:
    """A workspace of the database, as a server that serves it alone has it."""

    def __init__(self, address: str, name: str) -> None:
        self._address = f"{address}{'&' if '?' in address else '?'}application_name=growth-{name}"
        self._schema = f"evals_mcp_{name}"
        with psycopg.connect(address) as connection:
            connection.execute(f'SET search_path = "{self._schema}"')
            rows = connection.execute("SELECT id FROM evaluations ORDER BY number").fetchall()
            sample = random.sample(rows, min(len(rows), 500))  # others each time: the last ones are in memory
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
        """Another evaluation than the last one, of up to 500."""
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
        query = {"run_id": evaluation.read_run_id, "size": "50"}
        (await self.http.get(f"/v5/evaluations/{evaluation.id}/logs", params=query)).raise_for_status()

    async def file_page(self, evaluation: Evaluation) -> None:
        """Read a page of an evaluator's logs, of all runs; those that were written are like the others."""
        (await self.http.get("/v5/logs", params={"file_id": evaluation.judge[0], "size": "50"})).raise_for_status()

    async def version_page(self, evaluation: Evaluation) -> None:
        """Read a page of the logs of a prompt's version."""
        query = {"file_id": evaluation.file_id, "version_id": evaluation.read_version_id, "size": "50"}
        (await self.http.get("/v5/logs", params=query)).raise_for_status()

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
    run, read = connection.execute(
        "SELECT r.id, v.file_id, r.version_id, r.dataset_version_id FROM evaluation_runs AS e JOIN runs AS r "
        "ON r.id = e.run_id JOIN versions AS v ON v.id = r.version_id WHERE e.evaluation_id = %s "
        "ORDER BY e.control DESC, r.number LIMIT 2",
        [id],
    ).fetchall()
    judge = connection.execute(
        "SELECT evaluator_id, evaluator_version_id FROM evaluation_evaluators WHERE evaluation_id = %s "
        "AND position = 1",
        [id],
    ).fetchone()
    assert judge is not None
    points = connection.execute(
        "SELECT datapoint_id FROM dataset_datapoints WHERE version_id = %s ORDER BY position LIMIT 100", [run[3]]
    ).fetchall()
    return Evaluation(id, run[1], run[0], run[2], read[0], read[2], judge, [point for (point,) in points])


Made = Callable[[Workspace, Evaluation], Awaitable[None]]
WRITTEN: dict[str, tuple[Made, bool]] = {
    "write of a log": (Workspace.log, False),
    "write of a judgment": (Workspace.judge, False),
    "write of a log, spread": (Workspace.log, True),
}
"""The writes, and whether each goes to another evaluation."""
ASKED: dict[str, Made] = {
    "page of a run": Workspace.page,
    "page of an evaluator": Workspace.file_page,
    "page of a version": Workspace.version_page,
    "list_runs": Workspace.list_runs,
    "compare_runs": Workspace.compare,
    "get_logs": Workspace.get_logs,
}


class Taken(NamedTuple):
    """What a call took: milliseconds, and those of PostgreSQL's processor."""

    time: float
    on_server: float


class Meter:
    """Makes calls in both workspaces in turns, and keeps what they took."""

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address, autocommit=True)
        self._pair = [Workspace(address, name) for name in NAMES]
        self._processes: list[list[Path]] = [[], []]
        self._turn = 0
        self.logs = [workspace.logs for workspace in self._pair]
        self.taken: dict[str, list[list[Taken]]] = {}

    async def round(self) -> None:
        """Make each call once, and each write some times."""
        for name, (call, is_spread) in WRITTEN.items():
            for _ in range(WRITES):
                await self._make(name, call, [item.other() if is_spread else item.same for item in self._pair])
        for name, call in ASKED.items():
            same, others = [item.same for item in self._pair], [item.other() for item in self._pair]
            await self._make("", call, same)
            await self._make(f"{name}, warm", call, same)
            for form in ("first", "anew"):
                for item in self._pair:
                    item.restart()
                await self._make(f"{name}, {form}", call, others)

    async def _make(self, name: str, call: Made, evaluations: list[Evaluation]) -> None:
        """Make a call in both workspaces; without a name it is not measured."""
        self._turn += 1
        found = {}
        for at in (0, 1) if self._turn % 2 else (1, 0):
            before, started = self._on_server(at), time.perf_counter()
            await call(self._pair[at], evaluations[at])
            found[at] = Taken((time.perf_counter() - started) * 1000, self._on_server(at) - before)
        if name:
            self.taken.setdefault(name, []).append([found[0], found[1]])

    def find_processes(self) -> None:
        """Look for the processes of the connections; they stay while the pools do."""
        rows = self._connection.execute(
            "SELECT application_name, pid FROM pg_stat_activity WHERE application_name LIKE 'growth-%'"
        ).fetchall()
        paths = [(str(name), Path(f"/proc/{pid}/schedstat")) for name, pid in rows]
        self._processes = [[path for of, path in paths if of == f"growth-{name}" and path.exists()] for name in NAMES]

    def _on_server(self, at: int) -> float:
        return sum(int(path.read_text().split()[0]) / 1e6 for path in self._processes[at])

    def close(self) -> None:
        """Close all connections."""
        self._connection.close()
        for workspace in self._pair:
            workspace.store.close()


def limit(name: str) -> float | None:
    """The limit of a call's ratio, by its name."""
    return None if name.endswith(", first") else WRITE if name in WRITTEN else READ


def show(taken: dict[str, list[list[Taken]]]) -> bool:
    """Print the table; whether all limits hold."""
    fine = True
    print(f"{'':28}{'small':>9}{'large':>9}{'ratio':>7}{'limit':>7}{'holds':>7}   in PostgreSQL")
    for name, pairs in taken.items():
        small, large = (statistics.median(pair[at].time for pair in pairs) for at in (0, 1))
        ratio, most = statistics.median(pair[1].time / pair[0].time for pair in pairs), limit(name)
        holds = most is None or ratio <= most
        fine = fine and holds
        at_most, word = ("", "") if most is None else (f"{most:.1f}", "yes" if holds else "NO")
        own, other = (statistics.median(pair[at].on_server for pair in pairs) for at in (0, 1))
        on_server = f"{own:7.2f} {other:7.2f}  {other / own:.2f}" if own else ""
        print(f"{name:28}{small:9.2f}{large:9.2f}{ratio:7.2f}{at_most:>7}{word:>7}   {on_server}")
    return fine


async def main(address: str, seconds: float) -> bool:
    """Measure and print; whether all stay under their limits."""
    meter = Meter(address)
    print(f"{' against '.join(f'{logs:,}' for logs in reversed(meter.logs))} logs", flush=True)
    await meter.round()
    meter.taken.clear()  # the first round opens connections and fills caches
    rounds, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        meter.find_processes()
        await meter.round()
        rounds += 1
    meter.close()
    print(f"{rounds} rounds; milliseconds")
    return show(meter.taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("logs", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parsed = parser.parse_args()
    database = prepare(parsed.folder, parsed.logs, ("growth",))["growth"]
    sys.exit(0 if asyncio.run(main(database, parsed.seconds)) else 1)

"""Fifty teams on one PostgreSQL server: what 64 clients get of a real `serve` with keys, all at once.

`python benchmarks/team.py FOLDER [LOGS]` loads the database `teams` of `team_database`, which it fills if it is not
there. Each client has the key of a team, of large teams more than of small ones, and sends one request after another:
two in three read (pages, overviews, comparisons, logs by judgment), the others write logs, judgments and batches of
ten. Prints requests a second, the median and the 99th percentile by kind, answers that were no success, of which there
must be none, and how many connections to PostgreSQL there were and worked. The clients take a part of the processors.

`--servers 2` starts several servers of the one database. `--pgbouncer` puts PgBouncer in transaction mode between, with
`--connections` to PostgreSQL. What is written stays.
"""

import argparse
import asyncio
import contextlib
import json
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.team_database import prepare
from tests.pooler import pooled

from evals_mcp.store.teams.control import open_control

Json = dict[str, Any]
_KNOWN = 40


class Evaluation(NamedTuple):
    """What requests name."""

    id: str
    run_ids: list[str]
    file_id: str
    version_id: str
    evaluators: list[tuple[str, str]]
    datapoints: list[str]


class Team(NamedTuple):
    """A team: its key, how many evaluations it has, and some of them."""

    key: str
    size: int
    evaluations: list[Evaluation]


class Request(NamedTuple):
    """A request; `body` is sent as JSON."""

    method: str
    path: str
    body: Json | None = None


def read_teams(address: str) -> list[Team]:
    """The teams of a database, each with a new key."""
    with contextlib.closing(open_control(address)) as control, psycopg.connect(address) as connection:
        spaces = [space for space in control.workspaces() if space.name.startswith("team")]
        found = []
        for space in spaces:
            connection.execute(f'SET search_path = "{space.schema}"')
            ids = [str(row[0]) for row in connection.execute("SELECT id FROM evaluations ORDER BY number").fetchall()]
            some = random.Random(space.name).sample(ids, min(len(ids), _KNOWN))
            key = control.create_key(space.name, f"load {secrets.token_hex(4)}").secret
            found.append(Team(key, len(ids), [_evaluation(connection, id) for id in some]))
    return found


def _evaluation(connection: psycopg.Connection[Any], id: str) -> Evaluation:
    runs = connection.execute(
        "SELECT r.id, v.file_id, r.version_id, r.dataset_version_id FROM evaluation_runs AS e JOIN runs AS r "
        "ON r.id = e.run_id JOIN versions AS v ON v.id = r.version_id WHERE e.evaluation_id = %s "
        "ORDER BY e.control DESC, r.number",
        [id],
    ).fetchall()
    evaluators = connection.execute(
        "SELECT evaluator_id, evaluator_version_id FROM evaluation_evaluators WHERE evaluation_id = %s "
        "ORDER BY position",
        [id],
    ).fetchall()
    points = connection.execute(
        "SELECT datapoint_id FROM dataset_datapoints WHERE version_id = %s ORDER BY position LIMIT 50", [runs[0][3]]
    ).fetchall()
    return Evaluation(id, [run[0] for run in runs], runs[0][1], runs[0][2], evaluators, [point for (point,) in points])


class Client:
    """Sends requests of one team over one connection, which it opens again if the server closes it."""

    def __init__(self, port: int, team: Team, seed: int) -> None:
        self._port = port
        self._team = team
        self._random = random.Random(seed)
        self._unjudged: list[tuple[str, Evaluation]] = []
        self._seen: list[str] = []
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.failures: list[str] = []

    async def run(self, until: float) -> None:
        """Send requests until a time."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while time.perf_counter() < until:
            (kind,) = self._random.choices(list(KINDS), [share for share, _ in KINDS.values()])
            evaluation = self._random.choice(self._team.evaluations)
            request = KINDS[kind][1](self, evaluation)
            if request is None:
                continue
            started = time.perf_counter()
            status, answer = await self._send(reader, writer, request)
            self.taken[kind].append((time.perf_counter() - started) * 1000)
            if status >= 400:
                self.failures.append(f"{kind}: {status} {answer[:200]!r}")
            elif kind == "log":
                self._unjudged.append((json.loads(answer)["id"], evaluation))
            elif kind == "page":
                self._seen = [record["log"]["id"] for record in json.loads(answer)["records"]]
        writer.close()

    async def _send(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request
    ) -> tuple[int, bytes]:
        body = b"" if request.body is None else json.dumps(request.body).encode()
        head = f"{request.method} {request.path} HTTP/1.1\r\nHost: load\r\nX-API-KEY: {self._team.key}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        return int(lines[0].split()[1]), await reader.readexactly(length)

    def page(self, evaluation: Evaluation) -> Request:
        """A page of a run's logs."""
        run = self._random.choice(evaluation.run_ids)
        return Request("GET", f"/v5/evaluations/{evaluation.id}/logs?size=20&run_id={run}")

    def overview(self, evaluation: Evaluation) -> Request:
        """What `list_runs` asks."""
        return Request("GET", f"/v5/review/evaluations/overview?word={evaluation.id}")

    def listed(self, evaluation: Evaluation) -> Request:
        """What `list_evaluations` asks."""
        return Request("GET", "/v5/review/evaluations?limit=20")

    def compared(self, evaluation: Evaluation) -> Request:
        """What `compare_runs` asks."""
        body = {
            "baseline_run_id": evaluation.run_ids[0],
            "candidate_run_ids": evaluation.run_ids[1:2],
            "evaluator_version_ids": [version_id for _, version_id in evaluation.evaluators],
        }
        return Request("POST", f"/v5/review/evaluations/{evaluation.id}/comparison", body)

    def found(self, evaluation: Evaluation) -> Request:
        """What `get_logs` asks for the logs that an evaluator calls wrong."""
        judgment = {"evaluator_version_id": evaluation.evaluators[1][1], "boolean": False}
        body = {"filter": {"judgment": judgment}, "sort": "cost", "limit": 10}
        return Request("POST", f"/v5/review/evaluations/{evaluation.id}/logs", body)

    def one_log(self, evaluation: Evaluation) -> Request | None:
        """One of the logs of the last page."""
        return Request("GET", f"/v5/logs/{self._random.choice(self._seen)}") if self._seen else None

    def log(self, evaluation: Evaluation) -> Request:
        """A log into a run."""
        body = {
            "id": evaluation.file_id,
            "run_id": evaluation.run_ids[0],
            "inputs": {"question": "Is it covered?"},
            "output": "Yes, at no cost.",
            "output_tokens": 48,
            "provider_latency": 1.25,
            "output_cost": 0.0012,
            "source_datapoint_id": self._random.choice(evaluation.datapoints),
        }
        return Request("POST", f"/v5/prompts/log?version_id={evaluation.version_id}", body)

    def judgment(self, evaluation: Evaluation) -> Request | None:
        """A judgment of a log that this client wrote."""
        if not self._unjudged:
            return None
        log_id, logged = self._unjudged.pop()
        file_id, version_id = logged.evaluators[1]
        body = {"id": file_id, "parent_id": log_id, "judgment": self._random.random() < 0.7}
        return Request("POST", f"/v5/evaluators/log?version_id={version_id}", body)

    def batch(self, evaluation: Evaluation) -> Request:
        """Ten logs at once."""
        outputs = [{"datapoint_id": id, "output": "No."} for id in self._random.sample(evaluation.datapoints, 10)]
        return Request(
            "POST", f"/v5/evaluations/{evaluation.id}/runs/{evaluation.run_ids[-1]}/outputs", {"outputs": outputs}
        )


KINDS: dict[str, tuple[int, Callable[[Client, Evaluation], Request | None]]] = {
    "page": (20, Client.page),
    "overview": (15, Client.overview),
    "evaluations": (5, Client.listed),
    "comparison": (8, Client.compared),
    "logs by judgment": (12, Client.found),
    "one log": (7, Client.one_log),
    "log": (18, Client.log),
    "judgment": (10, Client.judgment),
    "batch": (5, Client.batch),
}
"""The kinds of requests, with their shares."""


@contextlib.contextmanager
def serving(address: str, count: int) -> Iterator[list[int]]:
    """The ports of servers of a database."""
    command = [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--database", address]
    with tempfile.TemporaryFile() as log:
        processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(count)]
        drains = []
        ports = []
        for process in processes:
            assert process.stderr is not None
            first = process.stderr.readline()
            ports.append(int(first.rsplit(":", 1)[1]))
            drains.append(subprocess.Popen(["cat"], stdin=process.stderr, stdout=log))
        try:
            yield ports
        finally:
            for process, drain in zip(processes, drains, strict=True):
                process.terminate()
                process.wait()
                drain.wait()


async def load(ports: list[int], teams: list[Team], clients: int, seconds: float) -> list[Client]:
    """The clients after they have sent requests for so long; teams have clients by their size."""
    chosen = random.Random(1).choices(teams, [team.size for team in teams], k=clients)
    made = [Client(ports[number % len(ports)], team, number) for number, team in enumerate(chosen)]
    until = time.perf_counter() + seconds
    await asyncio.gather(*(client.run(until) for client in made))
    return made


async def watch(address: str, seconds: float) -> list[tuple[int, int]]:
    """How many connections the database had, and how many of them were in a transaction, several times a second."""
    found = []
    with psycopg.connect(address, autocommit=True) as connection:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            row = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
            assert row is not None
            found.append((int(row[0]), int(row[1])))
            await asyncio.sleep(0.2)
    return found


async def measure(direct: str, teams: list[Team], ports: list[int], clients: int, seconds: float) -> bool:
    """Load the servers and print; whether every answer was a success."""
    await load(ports, teams, clients, seconds / 10)  # stores are opened, and caches filled
    done, connections = await asyncio.gather(load(ports, teams, clients, seconds), watch(direct, seconds))
    taken: dict[str, list[float]] = defaultdict(list)
    for client in done:
        for kind, times in client.taken.items():
            taken[kind] += times
    total = sum(map(len, taken.values()))
    print(f"{clients} clients of {len(teams)} teams, {len(ports)} servers: {total / seconds:.0f} requests a second")
    for kind, times in taken.items():
        median, late = (sorted(times)[int(len(times) * part)] for part in (0.5, 0.99))
        print(f"  {kind:18} {len(times):6}  p50 {median:7.1f} ms  p99 {late:8.1f} ms  most {max(times):8.1f} ms")
    there, busy = zip(*connections, strict=True)
    print(
        f"connections to PostgreSQL: {max(there)} at most; in a transaction {statistics.mean(busy):.1f} on average, "
        f"{max(busy)} at most"
    )
    failures = [failure for client in done for failure in client.failures]
    print(f"{len(failures)} answers that were no success", *failures[:5], sep="\n  ")
    return not failures


def main(parsed: argparse.Namespace) -> bool:
    """Prepare, serve and measure."""
    direct = prepare(parsed.folder, parsed.logs, ("teams",))["teams"]
    teams = read_teams(direct)
    with contextlib.ExitStack() as stack:
        address = direct
        if parsed.pgbouncer:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            folder.chmod(0o755)
            address = stack.enter_context(pooled(direct, folder / "pooler", parsed.connections))
        ports = stack.enter_context(serving(address, parsed.servers))
        return asyncio.run(measure(direct, teams, ports, parsed.clients, parsed.seconds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("logs", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--pgbouncer", action="store_true")
    parser.add_argument("--connections", type=int, default=10)
    sys.exit(0 if main(parser.parse_args()) else 1)

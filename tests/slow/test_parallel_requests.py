"""Five hundred requests at the same moment, over as many sockets: none fails, none is lost or done twice."""

import os
from collections.abc import Callable
from contextlib import closing
from typing import Any

import anyio
import httpx
from sqlalchemy import func, select
from tests.recount import check_counts
from tests.serving.administration import create_workspace

from evals_mcp.store.database.tables import logs, run_logs
from evals_mcp.store.store import open_store

_REQUESTS = 500
_SECONDS = 60.0  # of a processor
_PATIENCE = 240.0
_POINTS = 40
_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}


class _World:
    """An evaluation with two runs, datapoints, and a judged log of each datapoint in the first run."""

    def __init__(self, client: httpx.Client) -> None:
        points = [{"inputs": {"question": f"{number}"}} for number in range(_POINTS)]
        self._client = client
        dataset = self._post("/datasets?include_datapoints=true", {"path": "data", "datapoints": points})
        self.points = [point["id"] for point in dataset["datapoints"]]
        self._post("/flows", {"path": "bot", "attributes": {"model": "a"}})
        self._post("/evaluators", {"path": "judge", "spec": _SPEC})
        body = {"file": {"path": "bot"}, "name": "at once", "evaluators": [{"path": "judge", "orchestrated": False}]}
        self.evaluation = self._post("/evaluations", body)["id"]
        run = {"dataset": {"path": "data"}, "version": {"path": "bot"}, "orchestrated": False}
        self.runs = [self._post(f"/evaluations/{self.evaluation}/runs", run)["id"] for _ in range(2)]
        self.logs = [self._post("/flows/log", self.log(0, number))["id"] for number in range(_POINTS)]

    def _post(self, path: str, body: Any) -> Any:
        return self._client.post(f"/v5{path}", json=body).raise_for_status().json()

    def log(self, run: int, number: int) -> dict[str, Any]:
        """The body of a log."""
        point = {"source_datapoint_id": self.points[number % _POINTS], "inputs": {"question": f"{number % _POINTS}"}}
        return {"path": "bot", "run_id": self.runs[run], "output": f"answer {number}", **point}

    def request(self, number: int) -> tuple[str, str, Any]:
        """One of the requests: logs, judgments, several labels, new versions, and questions."""
        judged = {"path": "judge", "parent_id": self.logs[number % _POINTS], "judgment": number % 3 == 0}
        label = {"log_id": self.logs[number % _POINTS], "judgment": True}
        labels = {"evaluator": {"name": "people"}, "labels": [label], "kind": "human", "author": f"ann {number % 7}"}
        of_evaluation = f"/v5/evaluations/{self.evaluation}"
        kinds: tuple[tuple[str, str, Any], ...] = (
            ("POST", "/v5/flows/log", self.log(1, number)),
            ("POST", "/v5/evaluators/log", judged),
            ("GET", f"{of_evaluation}/stats", None),
            ("POST", f"{of_evaluation}/labels", labels),
            ("POST", "/v5/flows/log", self.log(0, number)),
            ("GET", f"/v5/logs/{self.logs[number % _POINTS]}", None),
            ("POST", "/v5/flows", {"path": f"bots/{number % 11}", "attributes": {"model": f"{number % 13}"}}),
            ("GET", "/v5/review/evaluations", None),
        )
        return kinds[number % len(kinds)]


def test_five_hundred_requests_at_once(start_server: Callable[..., Any], database_address: str) -> None:
    """In less than a minute of the server's work; what was acknowledged is there once, and counters equal a recount."""
    workspace = "team" if "://" in database_address else None
    if workspace is not None:
        create_workspace(database_address, workspace)
    server = start_server(database_address, workspace=workspace)
    url = server.url
    with httpx.Client(base_url=url, timeout=_PATIENCE) as client:
        world = _World(client)
    requests = [world.request(number) for number in range(_REQUESTS)]
    before = _seconds_of_children()
    answers = anyio.run(_send_all, url, requests)
    server.process.terminate()
    assert server.ended() == 0
    assert _seconds_of_children() - before < _SECONDS
    failed = [
        (request, answer.text) for request, answer in zip(requests, answers, strict=True) if not answer.is_success
    ]
    assert failed == []
    made = [
        answer.json()["id"] for (_, path, _), answer in zip(requests, answers, strict=True) if path.endswith("/log")
    ]
    outputs = [body["output"] for _, path, body in requests if path == "/v5/flows/log"]
    assert len(set(made)) == len(made) > 150
    with closing(open_store(database_address, workspace and f"evals_mcp_{workspace}")) as store:
        check_counts(store)
        with store.database.read() as connection:
            kept = connection.execute(select(logs.c.id, logs.c.output)).all()
            placed = connection.execute(select(func.count()).select_from(run_logs)).scalar_one()
    assert set(made) <= {row.id for row in kept}
    assert sorted(row.output for row in kept if row.output is not None) == sorted(
        outputs + [f"answer {number}" for number in range(_POINTS)]
    )
    assert placed == len(outputs) + _POINTS


def _seconds_of_children() -> float:
    """How long processors have worked on processes that this one started, and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


async def _send_all(url: str, requests: list[tuple[str, str, Any]]) -> list[httpx.Response]:
    answers: dict[int, httpx.Response] = {}
    limits = httpx.Limits(max_connections=_REQUESTS, max_keepalive_connections=_REQUESTS)
    async with (
        httpx.AsyncClient(base_url=url, timeout=_PATIENCE, limits=limits) as client,
        anyio.create_task_group() as group,
    ):

        async def send(number: int) -> None:
            method, path, body = requests[number]
            answers[number] = await client.request(method, path, json=body)

        for number in range(len(requests)):
            group.start_soon(send, number)
    return [answers[number] for number in range(len(requests))]

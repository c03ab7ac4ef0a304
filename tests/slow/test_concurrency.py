"""Many clients at once, and a server that ends without a warning."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx
import pytest
from tests.serving.administration import create_key, create_workspace

Start = Callable[..., Any]

_CLIENTS = 20
_LOGS_EACH = 12
_ALLOWED_SECONDS = 240.0


class _Evaluation(NamedTuple):
    """An evaluation with one run, and the path of its evaluator."""

    id: str
    run_id: str


def _client(url: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=f"{url}/v5", headers={"X-API-KEY": key}, timeout=_ALLOWED_SECONDS, verify=False)


@pytest.fixture
def key(database_address: str) -> str:
    """A key of the only workspace of an empty database."""
    if "://" not in database_address:
        return create_key(database_address, None, "ci").secret
    create_workspace(database_address, "red")
    return create_key(database_address, "red", "ci").secret


def _create_evaluation(client: httpx.Client) -> _Evaluation:
    client.post("/flows", json={"path": "bot", "attributes": {"model": "a"}}).raise_for_status()
    spec = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
    client.post("/evaluators", json={"path": "judge", "spec": spec}).raise_for_status()
    body = {"file": {"path": "bot"}, "name": "all at once", "evaluators": [{"path": "judge", "orchestrated": False}]}
    evaluation = client.post("/evaluations", json=body).raise_for_status().json()["id"]
    run = client.post(f"/evaluations/{evaluation}/runs", json={"version": {"path": "bot"}, "orchestrated": False})
    return _Evaluation(evaluation, run.raise_for_status().json()["id"])


def _log(client: httpx.Client, run_id: str, text: str, **more: Any) -> str:
    body = {"path": "bot", "run_id": run_id, "output": text, "inputs": {"question": text * 20}, **more}
    return str(client.post("/flows/log", json=body).raise_for_status().json()["id"])


def _judge(client: httpx.Client, log_id: str, judgment: bool) -> str:
    body = {"path": "judge", "parent_id": log_id, "judgment": judgment}
    return str(client.post("/evaluators/log", json=body).raise_for_status().json()["id"])


def _stats(client: httpx.Client, evaluation_id: str) -> dict[str, Any]:
    (run,) = client.get(f"/evaluations/{evaluation_id}/stats").raise_for_status().json()["run_stats"]
    return {"logs": run["num_logs"], **run["evaluator_stats"][0]}


def test_twenty_clients_lose_nothing(start_server: Start, database_address: str, key: str) -> None:
    """Every request is answered in time and without an error, and the statistics count every write once."""
    url = start_server(database_address).url
    with _client(url, key) as client:
        evaluation = _create_evaluation(client)

    def work(number: int) -> None:
        with _client(url, key) as client:
            for turn in range(_LOGS_EACH):
                log_id = _log(client, evaluation.run_id, f"answer {number}/{turn}")
                _judge(client, log_id, turn % 3 == 0)
                if turn % 4 == 0:
                    stats = _stats(client, evaluation.id)
                    assert stats["total_logs"] <= stats["logs"]

    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(work, range(_CLIENTS)))
    with _client(url, key) as client:
        stats = _stats(client, evaluation.id)
        assert stats["logs"] == stats["total_logs"] == _CLIENTS * _LOGS_EACH
        assert stats["num_true"] == _CLIENTS * len(range(0, _LOGS_EACH, 3))
        page = client.get(f"/evaluations/{evaluation.id}/logs", params={"size": 1000}).json()
        assert Counter(len(item["evaluator_logs"]) for item in page["records"]) == {1: _CLIENTS * _LOGS_EACH}


def test_clients_that_do_the_same_do_it_once(start_server: Start, database_address: str, key: str) -> None:
    """A file, a version, a name and a datapoint that all of them write at the same moment are there once."""
    url = start_server(database_address).url
    together = threading.Barrier(8, timeout=_ALLOWED_SECONDS)
    datapoint = {"inputs": {"question": "?"}, "target": {"answer": "!"}}

    def work(number: int) -> tuple[int, set[str]]:
        with _client(url, key) as client:
            together.wait()
            flow = client.post("/flows", json={"path": "deep/down/bot", "attributes": {"model": "a"}})
            dataset = client.post("/datasets", json={"path": "deep/down/data", "datapoints": [datapoint]})
            named = client.post(
                "/evaluations", json={"name": "mine", "file": {"id": flow.json()["id"]}, "evaluators": []}
            )
            versions = {item.raise_for_status().json()["version_id"] for item in (flow, dataset)}
            return named.status_code, versions

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(8)))
    assert Counter(status for status, _ in answers) == {201: 1, 409: 7}
    assert len(set().union(*(versions for _, versions in answers))) == 2


def test_clients_that_judge_the_same_log_count_once(start_server: Start, database_address: str, key: str) -> None:
    """Of judgments of a log by an evaluator that come at the same moment, one is the newest."""
    url = start_server(database_address).url
    with _client(url, key) as client:
        evaluation = _create_evaluation(client)
        log_ids = [_log(client, evaluation.run_id, f"answer {number}") for number in range(5)]

    def work(number: int) -> None:
        with _client(url, key) as client:
            for log_id in log_ids:
                _judge(client, log_id, number % 2 == 0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    with _client(url, key) as client:
        stats = _stats(client, evaluation.id)
        assert stats["total_logs"] == stats["num_judgments"] == stats["num_true"] + stats["num_false"] == 5
        (run,) = client.get(f"/evaluations/{evaluation.id}/runs").json()["runs"]
        assert run["status"] == "completed"


def test_two_servers_share_a_database(start_server: Start, database_address: str, key: str) -> None:
    """What one wrote the other reads at once, and their writes do not get into each other's way."""
    urls = [start_server(database_address).url for _ in range(2)]
    with _client(urls[0], key) as client:
        evaluation = _create_evaluation(client)

    def work(number: int) -> None:
        with _client(urls[number % 2], key) as writing, _client(urls[1 - number % 2], key) as reading:
            for turn in range(5):
                log_id = _log(writing, evaluation.run_id, f"answer {number}/{turn}")
                assert reading.get(f"/logs/{log_id}").status_code == 200
                _judge(reading, log_id, True)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    for url in urls:
        with _client(url, key) as client:
            assert _stats(client, evaluation.id)["num_true"] == 30


def test_what_was_answered_survives_a_kill(start_server: Start, database_address: str, key: str) -> None:
    """After SIGKILL in the middle of writing, every log and judgment that was answered is there, and is counted."""
    server = start_server(database_address)
    with _client(server.url, key) as client:
        evaluation = _create_evaluation(client)
    answered: list[str] = []
    judged: list[str] = []

    def work(number: int) -> None:
        with _client(server.url, key) as client:
            for turn in range(1000):
                try:
                    answered.append(_log(client, evaluation.run_id, f"answer {number}/{turn}"))
                    judged.append(_judge(client, answered[-1], True))
                except httpx.TransportError:
                    return
                if len(judged) >= 60:
                    server.process.kill()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert server.ended() != 0
    with _client(start_server(database_address).url, key) as client:
        page = client.get(f"/evaluations/{evaluation.id}/logs", params={"size": 1000}).raise_for_status().json()
        kept = {item["log"]["id"]: {judgment["id"] for judgment in item["evaluator_logs"]} for item in page["records"]}
        assert set(answered) <= set(kept)
        assert set(judged) <= set().union(*kept.values())
        stats = _stats(client, evaluation.id)
        assert (stats["logs"], stats["total_logs"]) == (len(kept), sum(len(item) for item in kept.values()))

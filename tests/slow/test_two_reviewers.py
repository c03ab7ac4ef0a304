"""Reviewers on two servers of one database label one queue at the same time."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import Any

import httpx
from tests.recount import check_counts
from tests.serving.administration import create_key, create_workspace

from evals_mcp.store.store import open_store

_POINTS = 30
_PATIENCE = 120  # of a reviewer for the other: who fails before they meet must not keep the other waiting
_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}


def test_two_reviewers_label_every_log_once(start_server: Callable[..., Any], database_address: str) -> None:
    """No log twice, none left out; progress and all counters equal a recount. Each has a connection and a server."""
    workspace = "red" if "://" in database_address else None
    if workspace is not None:
        create_workspace(database_address, workspace)
    key = create_key(database_address, workspace, "ci").secret
    urls = [start_server(database_address).url for _ in range(2)]
    clients = [httpx.Client(base_url=f"{url}/v5", headers={"X-API-KEY": key}, timeout=240) for url in urls]
    with clients[0], clients[1], ThreadPoolExecutor(2) as pool:
        evaluation_id, log_ids = _queue(clients[0])
        together = Barrier(2, timeout=_PATIENCE)

        def review(number: int) -> list[str]:
            together.wait()
            return _review(clients[number], evaluation_id, f"reviewer {number}")

        labelled = list(pool.map(review, range(2)))
        assert Counter(labelled[0] + labelled[1]) == Counter(log_ids)
        assert all(labelled)
        progress = _next(clients[1], evaluation_id, "a third")["progress"]
    judgments = Counter(_judgment(log) for log in log_ids)
    assert (progress["logs"], progress["labelled"], progress["waiting"]) == (len(log_ids), len(log_ids), 0)
    most_first = sorted((-number, str(value).lower()) for value, number in judgments.items())
    assert [item["options"] for item in progress["options"]] == [[[word, -number] for number, word in most_first]]
    with closing(open_store(database_address, None if workspace is None else f"evals_mcp_{workspace}")) as store:
        check_counts(store)


def _queue(client: httpx.Client) -> tuple[str, list[str]]:
    """An evaluation with two runs over 30 datapoints; its id, and the ids of the logs."""
    points = [{"inputs": {"question": f"q{n}"}} for n in range(_POINTS)]
    evaluators = [{"name": "grounded", "spec": _SPEC}]
    log_ids: list[str] = []
    for model, given in (("small", {"datapoints": points, "evaluators": evaluators}), ("large", {})):
        made = _post(client, "/set-ups", {"evaluation": "Queue", "prompt": {"model": model}, **given})
        evaluation_id, run_id = made["evaluation"]["id"], made["run"]["id"]
        datapoints = client.get(f"/datasets/{made['dataset']['id']}/datapoints", params={"size": _POINTS}).json()
        outputs = [{"datapoint_id": point["id"], "output": model} for point in datapoints["records"]]
        path = f"/evaluations/{evaluation_id}/runs/{run_id}/outputs"
        log_ids += _post(client, path, {"outputs": outputs})["log_ids"]
    assert len(log_ids) == 2 * _POINTS
    return evaluation_id, log_ids


def _review(client: httpx.Client, evaluation_id: str, reviewer: str) -> list[str]:
    """Label logs until none is left; their ids."""
    labelled: list[str] = []
    while (item := _next(client, evaluation_id, reviewer)["item"]) is not None:
        log_id = item["log"]["id"]
        label = {"log_id": log_id, "judgment": _judgment(log_id)}
        body = {"evaluator": {"name": "grounded"}, "labels": [label], "kind": "human", "author": reviewer}
        stored = _post(client, f"/evaluations/{evaluation_id}/labels", body)
        assert [row.get("replaced") for row in stored["labels"]] == [None]
        labelled.append(log_id)
        assert len(labelled) <= 2 * _POINTS
    return labelled


def _next(client: httpx.Client, evaluation_id: str, reviewer: str) -> Any:
    return _post(client, f"/review/evaluations/{evaluation_id}/next", {"reviewer": reviewer})


def _judgment(log_id: str) -> bool:
    return ord(log_id[-1]) % 2 == 0


def _post(client: httpx.Client, path: str, body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()

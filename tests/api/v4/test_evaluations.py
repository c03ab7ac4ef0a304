"""v4 evaluations: their life cycle, their pages, and how v5 sees the same; logging by itself is in test_logging."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

Make = Callable[..., Awaitable[Any]]
UNKNOWN: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "", None),
    ("GET", "/datapoints", None),
    ("POST", "/log", {"datapoint_id": "dp_none", "log": {}}),
    ("POST", "/result", {"log_id": "log_none", "evaluator_id": "ev_none", "result": True}),
    ("PATCH", "/status", {"status": "running"}),
    ("PATCH", "/evaluators", {"evaluator_ids": []}),
]


def detail(response: httpx.Response, status: int) -> Any:
    """What an error says, whose status must be this one."""
    assert response.status_code == status, response.text
    return response.json()["detail"]


async def test_a_caller_runs_an_evaluation_from_pending_to_completed(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """It is created pending, started, logged to per datapoint, judged per evaluator, and completed."""
    evaluation = await evaluate(running=False)
    assert (evaluation["status"], evaluation["config"]["id"]) == ("pending", files.versions[0])
    assert [item["id"] for item in evaluation["evaluators"]] == [files.helpful, files.score]
    assert evaluation["dataset"]["datapoint_count"] == 5
    address = f"/v4/evaluations/{evaluation['id']}"
    assert (await make("PATCH", f"{address}/status", {"status": "running"}))["status"] == "running"
    for number, datapoint_id in enumerate(files.datapoints):
        body = {"datapoint_id": datapoint_id, "log": {"output": f"a{number}"}}
        response = await api.post(f"{address}/log", json=body)
        assert (response.status_code, response.json()["project_id"]) == (201, files.prompt)
        log_id = response.json()["id"]
        assert response.json() == {"id": log_id, "project_id": files.prompt}
        for evaluator_id, result in ((files.helpful, number > 0), (files.score, number)):
            body = {"log_id": log_id, "evaluator_id": evaluator_id, "result": result}
            response = await api.post(f"{address}/result", json=body)
            assert response.status_code == 201
            assert response.json()["value"] is result or response.json()["value"] == result
    assert (await make("GET", address))["status"] == "running"
    assert (await make("PATCH", f"{address}/status", {"status": "completed"}))["status"] == "completed"
    page = await make("GET", f"{address}/datapoints", page=2, size=2)
    assert (page["page"], page["size"], page["total"], len(page["records"])) == (2, 2, 5, 2)
    record = page["records"][0]
    assert (record["datapoint"]["id"], record["log"]["output"]) == (files.datapoints[2], "a2")
    assert [result["value"] for result in record["evaluation_results"]] == [True, 2]
    assert record["log"]["evaluation_results"] == record["evaluation_results"]


async def test_what_v4_writes_v5_reads(make: Make, files: SimpleNamespace, evaluate: Make) -> None:
    """A log and a result of v4 are a log, a judgment, a run and statistics of v5."""
    evaluation = await evaluate(name="by v4")
    address = f"/v4/evaluations/{evaluation['id']}"
    body = {"datapoint_id": files.datapoints[1], "log": {"output": "a", "duration": 1.5}}
    created = await make("POST", f"{address}/log", body)
    await make("POST", f"{address}/result", {"log_id": created["id"], "evaluator_id": files.helpful, "error": "broke"})
    v5 = f"/v5/evaluations/{evaluation['id']}"
    assert (await make("GET", v5))["name"] == "by v4"
    (run,) = (await make("GET", f"{v5}/runs"))["runs"]
    assert (run["status"], run["orchestrated"], run["version"]["version_id"]) == ("running", False, files.versions[0])
    (item,) = (await make("GET", f"{v5}/logs"))["records"]
    log = item["log"]
    assert (item["run_id"], item["datapoint"]["id"]) == (run["id"], files.datapoints[1])
    assert (log["id"], log["output"], log["provider_latency"]) == (created["id"], "a", 1.5)
    assert (log["source_datapoint_id"], log["prompt"]["id"]) == (files.datapoints[1], files.prompt)
    assert [judgment["error"] for judgment in item["evaluator_logs"]] == ["broke"]
    (stats,) = (await make("GET", f"{v5}/stats"))["run_stats"]
    assert [item["num_errors"] for item in stats["evaluator_stats"]] == [1, 0]


async def test_what_v5_writes_v4_reads(make: Make, files: SimpleNamespace) -> None:
    """Runs of v5 are evaluatees, by their id or their version's; without one it is the oldest."""
    body: dict[str, Any] = {"file": {"id": files.prompt}, "evaluators": [{"id": files.score}], "name": "by v5"}
    evaluation = await make("POST", "/v5/evaluations", body)
    runs = []
    for version_id in files.versions:
        body = {
            "dataset": {"version_id": files.dataset_version},
            "version": {"version_id": version_id},
            "orchestrated": False,
        }
        runs.append(await make("POST", f"/v5/evaluations/{evaluation['id']}/runs", body))
        body = {"id": files.prompt, "run_id": runs[-1]["id"], "source_datapoint_id": files.datapoints[0]}
        log = await make("POST", "/v5/prompts/log", body | {"output": version_id}, version_id=version_id)
        body = {"id": files.score, "parent_id": log["id"], "judgment": len(runs)}
        await make("POST", "/v5/evaluators/log", body)
    address = f"/v4/evaluations/{evaluation['id']}"
    for query, version_id in (
        ({}, files.versions[0]),
        ({"evaluatee_id": runs[0]["id"]}, files.versions[0]),
        ({"evaluatee_id": runs[1]["id"]}, files.versions[1]),
        ({"evaluatee_id": files.versions[1]}, files.versions[1]),
    ):
        seen = await make("GET", address, **query, evaluator_aggregates=True)
        number = files.versions.index(version_id) + 1
        assert (seen["config"]["id"], seen["status"]) == (version_id, "running")
        assert seen["evaluator_aggregates"] == [
            {
                "model_config_id": version_id,
                "evaluator_id": files.score,
                "evaluator_version_id": files.score_version,
                "aggregate_value": number,
            }
        ]
        record = (await make("GET", f"{address}/datapoints", **query))["records"][0]
        assert (record["log"]["output"], record["evaluation_results"][0]["value"]) == (version_id, number)


@pytest.mark.parametrize(
    ("before", "after", "status_code"),
    [
        ("pending", "pending", 200),
        ("pending", "running", 200),
        ("pending", "completed", 200),
        ("pending", "cancelled", 200),
        ("running", "pending", 409),
        ("running", "running", 200),
        ("running", "completed", 200),
        ("running", "cancelled", 200),
        ("completed", "pending", 409),
        ("completed", "running", 200),
        ("completed", "completed", 200),
        ("completed", "cancelled", 409),
        ("cancelled", "running", 409),
        ("cancelled", "completed", 409),
    ],
)
async def test_which_changes_of_status_are_allowed(
    api: httpx.AsyncClient, make: Make, evaluate: Make, before: str, after: str, status_code: int
) -> None:
    """A refused change leaves the status as it was, and v5 sees what v4 sees."""
    evaluation = await evaluate(running=False)
    address = f"/v4/evaluations/{evaluation['id']}"
    if before != "pending":
        await make("PATCH", f"{address}/status", {"status": before})
    response = await api.patch(f"{address}/status", json={"status": after})
    assert response.status_code == status_code
    expected = after if status_code == 200 else before
    assert (await make("GET", address))["status"] == expected
    (run,) = (await make("GET", f"/v5/evaluations/{evaluation['id']}/runs"))["runs"]
    assert run["status"] == expected


async def test_a_run_that_completed_by_itself_can_be_reopened(make: Make, files: SimpleNamespace) -> None:
    """A second run of v5 that has all its logs is completed; by its id v4 makes it running and logs to it."""
    evaluation = await make("POST", "/v5/evaluations", {"file": {"id": files.prompt}, "evaluators": []})
    body = {"dataset": {"id": files.dataset}, "version": {"version_id": files.versions[0]}, "orchestrated": False}
    runs = [await make("POST", f"/v5/evaluations/{evaluation['id']}/runs", body) for _ in range(2)]
    address = f"/v4/evaluations/{evaluation['id']}"
    query = {"evaluatee_id": runs[1]["id"]}
    for datapoint_id in files.datapoints:
        await make("POST", f"{address}/log", {"datapoint_id": datapoint_id, "log": {}}, **query)
    assert (await make("GET", address, **query))["status"] == "completed"
    assert (await make("GET", address))["status"] == "running"
    assert (await make("PATCH", f"{address}/status", {"status": "running"}, **query))["status"] == "running"
    await make("POST", f"{address}/log", {"datapoint_id": files.datapoints[0], "log": {}}, **query)


async def test_evaluators_are_added_by_file_or_version(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """One that is attached already stays once; an unknown one adds none of those beside it."""
    evaluation = await evaluate(evaluator_ids=[])
    address = f"/v4/evaluations/{evaluation['id']}/evaluators"
    body: dict[str, Any] = {"evaluator_ids": [files.helpful, "ev_none"]}
    assert "ev_none" in detail(await api.patch(address, json=body), 404)
    assert (await make("PATCH", address, {}))["evaluators"] == []
    body = {"evaluator_ids": [files.helpful, files.helpful], "evaluator_version_ids": [files.score_version]}
    for _ in range(2):
        added = await make("PATCH", address, body)
        assert [item["id"] for item in added["evaluators"]] == [files.helpful, files.score]
    attached = (await make("GET", f"/v5/evaluations/{evaluation['id']}"))["evaluators"]
    assert [item["version"]["version_id"] for item in attached] == [files.helpful_version, files.score_version]


@pytest.mark.parametrize(("method", "path", "body"), UNKNOWN)
async def test_an_unknown_evaluation_is_not_found(
    api: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """Every route says which id it does not know."""
    response = await api.request(method, f"/v4/evaluations/evr_none{path}", json=body)
    assert "evr_none" in detail(response, 404)


@pytest.mark.parametrize(("method", "path", "body"), UNKNOWN[:5])
async def test_an_unknown_evaluatee_is_not_found(
    api: httpx.AsyncClient, evaluate: Make, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """A run of another evaluation is as unknown as one that does not exist."""
    evaluation = await evaluate()
    response = await api.request(
        method, f"/v4/evaluations/{evaluation['id']}{path}", json=body, params={"evaluatee_id": "run_none"}
    )
    assert "run_none" in detail(response, 404)


async def test_an_evaluation_that_v4_cannot_show_says_why(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace
) -> None:
    """v4 needs a run, and of that a dataset and a version; datapoints and logs only need a dataset."""
    evaluation = await make("POST", "/v5/evaluations", {"file": {"id": files.prompt}, "evaluators": []})
    address = f"/v4/evaluations/{evaluation['id']}"
    assert "no run yet" in detail(await api.get(address), 404)
    bare = await make("POST", f"/v5/evaluations/{evaluation['id']}/runs", {})
    assert "no dataset" in detail(await api.get(address), 409)
    assert "no dataset" in detail(await api.get(f"{address}/datapoints"), 409)
    await api.delete(f"/v5/evaluations/{evaluation['id']}/runs/{bare['id']}")
    await make("POST", f"/v5/evaluations/{evaluation['id']}/runs", {"dataset": {"id": files.dataset}})
    assert "no version" in detail(await api.get(address), 409)
    assert (await make("GET", f"{address}/datapoints"))["total"] == 5
    assert (await make("GET", "/v4/evaluations", project_id=files.prompt))["total"] == 0
    await make("POST", f"{address}/log", {"datapoint_id": files.datapoints[0], "log": {}})
    assert (await make("GET", address))["config"]["id"] == files.versions[0]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v4/evaluations", None),
        ("GET", "/v4/evaluations?project_id=p&page=-1", None),
        ("GET", "/v4/evaluations?project_id=p&start_date=soon", None),
        ("GET", "/v4/evaluations/evr_x/datapoints?size=-1", None),
        ("GET", "/v4/evaluations/evr_x/datapoints?page=x", None),
        ("POST", "/v4/evaluations/evr_x/log", {"log": {}}),
        ("POST", "/v4/evaluations/evr_x/log", {"datapoint_id": "dp_x"}),
        ("POST", "/v4/evaluations/evr_x/log", {"datapoint_id": "dp_x", "log": {"duration": "long"}}),
        ("POST", "/v4/evaluations/evr_x/log", {"datapoint_id": "dp_x", "log": {"messages": [{"role": "x"}]}}),
        ("POST", "/v4/evaluations/evr_x/result", {"log_id": "log_x"}),
        ("PATCH", "/v4/evaluations/evr_x/status", {"status": "done"}),
        ("PATCH", "/v4/evaluations/evr_x/evaluators", {"evaluator_ids": "ev_x"}),
        ("POST", "/v4/projects/p/evaluations", {"config_id": "c", "dataset_id": "d"}),
    ],
)
async def test_wrong_shapes_are_refused(
    api: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """The answer is the list form of 422."""
    assert detail(await api.request(method, path, json=body), 422)[0]["loc"]


async def test_pages_of_datapoints_partition_them(make: Make, files: SimpleNamespace, evaluate: Make) -> None:
    """Page 0 is page 1, a page past the end is empty, and no datapoint is missing or twice."""
    address = f"/v4/evaluations/{(await evaluate())['id']}/datapoints"
    pages = [await make("GET", address, page=page, size=2) for page in range(5)]
    ids = [[record["datapoint"]["id"] for record in page["records"]] for page in pages]
    assert ids[0] == ids[1]
    assert [len(page) for page in ids[1:]] == [2, 2, 1, 0]
    assert [item for page in ids[1:] for item in page] == files.datapoints
    assert {page["total"] for page in pages} == {5}
    assert (await make("GET", address, size=0))["records"] == []
    defaults = await make("GET", address)
    assert (defaults["page"], defaults["size"]) == (1, 10)

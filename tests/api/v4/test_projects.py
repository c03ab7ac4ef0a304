"""v4 evaluations of a project, which is a file: creating and listing them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

Make = Callable[..., Awaitable[Any]]


def ids(page: dict[str, Any]) -> list[str]:
    """The ids of the records of a page."""
    return [record["id"] for record in page["records"]]


@pytest.mark.parametrize("project", ["prompt", "path"])
async def test_a_file_is_a_project_by_id_or_path(
    make: Make, files: SimpleNamespace, evaluate: Make, project: str
) -> None:
    """Creating and both lists take either; a path may be escaped in the address."""
    name = files.prompt if project == "prompt" else "bots%2Fsupport"
    body = {"config_id": files.versions[0], "dataset_id": files.dataset, "evaluator_ids": []}
    created = await make("POST", f"/v4/projects/{name}/evaluations", body)
    listed = await make("GET", f"/v4/projects/{name}/evaluations")
    assert [item["id"] for item in listed] == [created["id"]]
    assert ids(await make("GET", f"/v4/evaluations?project_id={name}")) == [created["id"]]


async def test_native_ids_are_taken_and_given(make: Make, files: SimpleNamespace, evaluate: Make) -> None:
    """A dataset or an evaluator may be named by its file or by a version."""
    created = await evaluate(dataset_id=files.dataset_version, evaluator_ids=[files.score_version, files.helpful])
    assert (created["dataset"]["id"], created["dataset_version_id"]) == (files.dataset, files.dataset_version)
    assert created["dataset"]["project_id"] == files.prompt
    assert [item["id"] for item in created["evaluators"]] == [files.score, files.helpful]
    assert created["config"] | {"id": files.versions[0], "type": "model", "temperature": 0.1} == created["config"]


async def test_the_server_generates_unless_told_otherwise(make: Make, files: SimpleNamespace, evaluate: Make) -> None:
    """`hl_generated` absent or null makes an orchestrated run, false one that waits for the caller."""
    cases: list[tuple[dict[str, Any], bool]] = [
        ({}, True),
        ({"hl_generated": None}, True),
        ({"hl_generated": False}, False),
    ]
    for given, orchestrated in cases:
        body = {"config_id": files.versions[0], "dataset_id": files.dataset, "evaluator_ids": [files.helpful]}
        body["provider_api_keys"] = {"openai": "sk-secret"}
        created = await make("POST", f"/v4/projects/{files.prompt}/evaluations", body | given)
        (run,) = (await make("GET", f"/v5/evaluations/{created['id']}/runs"))["runs"]
        assert run["orchestrated"] is orchestrated
        assert (created["status"] == "pending") is not orchestrated
        assert "sk-secret" not in str(created)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config_id": "prv_none"}, "prv_none"),
        ({"config_id": "HELPFUL"}, "HELPFUL"),
        ({"dataset_id": "ds_none"}, "ds_none"),
        ({"dataset_id": "PROMPT"}, "PROMPT"),
        ({"evaluator_ids": ["HELPFUL_FILE", "ev_none"]}, "ev_none"),
        ({"evaluator_ids": ["DATASET"]}, "DATASET"),
    ],
)
async def test_nothing_is_created_out_of_unknown_parts(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace, change: dict[str, Any], named: str
) -> None:
    """An unknown id, or an id of another kind, is not found by its name, and no evaluation or run is left."""
    kinds = {
        "HELPFUL": files.helpful_version,
        "HELPFUL_FILE": files.helpful,
        "PROMPT": files.prompt,
        "DATASET": files.dataset,
    }
    known = {
        name: [kinds.get(item, item) for item in value] if isinstance(value, list) else kinds.get(value, value)
        for name, value in change.items()
    }
    body = {"config_id": files.versions[0], "dataset_id": files.dataset, "evaluator_ids": []} | known
    response = await api.post(f"/v4/projects/{files.prompt}/evaluations", json=body)
    assert response.status_code == 404
    assert kinds.get(named, named) in response.json()["detail"]
    assert (await make("GET", f"/v5/evaluations?file_id={files.prompt}"))["total"] == 0


async def test_an_unknown_project_is_not_found(api: httpx.AsyncClient, files: SimpleNamespace) -> None:
    """Nor is a file that cannot be evaluated."""
    for project in ("pr_none", files.dataset):
        body = {"config_id": files.versions[0], "dataset_id": files.dataset, "evaluator_ids": []}
        for response in (
            await api.post(f"/v4/projects/{project}/evaluations", json=body),
            await api.get(f"/v4/projects/{project}/evaluations"),
            await api.get("/v4/evaluations", params={"project_id": project}),
        ):
            assert response.status_code == 404
            assert project in response.json()["detail"]


async def test_a_name_is_taken_once(api: httpx.AsyncClient, make: Make, files: SimpleNamespace, evaluate: Make) -> None:
    """As in v5, two evaluations of a file cannot have one name."""
    await evaluate(name="nightly")
    body = {"config_id": files.versions[0], "dataset_id": files.dataset, "evaluator_ids": [], "name": "nightly"}
    response = await api.post(f"/v4/projects/{files.prompt}/evaluations", json=body)
    assert response.status_code == 409
    assert (await make("GET", f"/v5/evaluations?file_id={files.prompt}"))["total"] == 1


async def test_evaluations_are_listed_newest_first_by_pages(make: Make, files: SimpleNamespace, evaluate: Make) -> None:
    """Pages 0 and 1 are both the first, one past the end is empty, and the total is right on each."""
    created = [(await evaluate(running=False))["id"] for _ in range(3)]
    query = {"project_id": files.prompt, "size": 2}
    pages = [await make("GET", "/v4/evaluations", **query, page=page) for page in range(4)]
    assert [ids(page) for page in pages] == [created[:0:-1], created[:0:-1], created[:1], []]
    assert [(page["page"], page["size"], page["total"]) for page in pages] == [(n, 2, 3) for n in range(4)]
    defaults = await make("GET", "/v4/evaluations", project_id=files.prompt)
    assert (defaults["page"], defaults["size"], ids(defaults)) == (0, 50, created[::-1])


async def test_evaluations_are_filtered_by_id_time_and_run(make: Make, files: SimpleNamespace, evaluate: Make) -> None:
    """A day counts whole, and evaluations without the named run are left out."""
    first = await evaluate()
    second = await evaluate(config_id=files.versions[1])
    project = {"project_id": files.prompt}
    created = datetime.fromisoformat(first["created_at"])
    day = timedelta(days=1)
    both = [second["id"], first["id"]]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"id": [first["id"]]}, [first["id"]]),
        ({"id": [first["id"], second["id"], "evr_none"]}, both),
        ({"start_date": (created - day).date().isoformat(), "end_date": second["created_at"]}, both),
        ({"end_date": first["created_at"]}, [first["id"]]),
        ({"start_date": second["created_at"]}, [second["id"]]),
        ({"start_date": (created + 2 * day).date().isoformat()}, []),
        ({"end_date": (created - day).date().isoformat()}, []),
        ({"end_date": "9999-12-31"}, both),
        ({"evaluatee_id": files.versions[1]}, [second["id"]]),
        ({"evaluatee_id": "run_none"}, []),
    ]
    for query, expected in cases:
        page = await make("GET", "/v4/evaluations", **project, **query)
        assert (ids(page), page["total"]) == (expected, len(expected)), query


async def test_all_evaluations_come_with_aggregates_if_asked(
    make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """The mean is over judgments alone: failed ones are not in it, and without any there is none."""
    evaluation = await evaluate()
    results: list[dict[str, Any]] = [{"result": True}, {"result": False}, {"result": True}, {"error": "broke"}]
    for number, given in enumerate(results):
        address = f"/v4/evaluations/{evaluation['id']}"
        log = await make("POST", f"{address}/log", {"datapoint_id": files.datapoints[number], "log": {}})
        await make("POST", f"{address}/result", {"log_id": log["id"], "evaluator_id": files.helpful, **given})
    address = f"/v4/projects/{files.prompt}/evaluations"
    (plain,) = await make("GET", address)
    assert "evaluator_aggregates" not in plain
    (listed,) = await make("GET", address, evaluator_aggregates=True)
    helpful, score = listed["evaluator_aggregates"]
    assert helpful["aggregate_value"] == pytest.approx(2 / 3)
    assert "aggregate_value" not in score

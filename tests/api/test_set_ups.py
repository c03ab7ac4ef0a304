"""A run is set up in one request: what it needs is found or created, all of it or nothing."""

from typing import Any

import pytest
from tests.api.v5_calls import V5, Json

from evals_mcp.store.bulk.reading import BulkReading
from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio

_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
_WHOLE: Json = {
    "evaluation": "Refunds",
    "datapoints": [{"inputs": {"question": f"q{n}"}, "target": {"answer": "yes"}} for n in range(3)],
    "prompt": {"model": "small", "template": "{{question}}"},
    "evaluators": [{"name": "correct", "spec": _SPEC}],
}


async def _set_up(v5: V5, **changes: Any) -> Json:
    found: Json = await v5.ok("POST", "/set-ups", {**_WHOLE, **changes})
    return found


def _new(made: Json) -> list[str]:
    parts = [*((key, made[key]) for key in ("evaluation", "dataset", "version", "run")), ("e", made["evaluators"][0])]
    return [key for key, part in parts if part and part["is_new"]]


async def test_a_run_is_made_from_nothing_and_found_again(v5: V5, store: Store) -> None:
    """A second request makes nothing, and another model shares the dataset of the first run."""
    made = await _set_up(v5)
    assert _new(made) == ["evaluation", "dataset", "version", "run", "e"]
    assert (made["datapoints_count"], made["added_datapoints_count"], made["logged_datapoints_count"]) == (3, 3, 0)
    assert (made["dataset"]["name"], made["version"]["name"]) == ("Refunds/datapoints", "Refunds/prompt")
    counts = BulkReading(store.database).counts()
    again = await _set_up(v5)
    assert _new(again) == []
    assert again["run"]["id"] == made["run"]["id"]
    assert BulkReading(store.database).counts() == counts
    other = await v5.ok("POST", "/set-ups", {"evaluation": made["evaluation"]["id"], "prompt": {"model": "large"}})
    assert other["dataset"] == {**made["dataset"], "is_new": False}
    assert other["version"]["is_new"]
    assert other["version"]["id"] == made["version"]["id"]
    runs = (await v5.ok("GET", f"/evaluations/{made['evaluation']['id']}/runs"))["runs"]
    assert [run["id"] for run in runs] == [other["run"]["id"], made["run"]["id"]]
    assert [run["orchestrated"] for run in runs] == [False, False]


async def test_further_requests_add_datapoints(v5: V5) -> None:
    """To the newest version, each once; the run comes with the last of them."""
    own = [{"evaluation": "Own", "datapoints": [{"inputs": {"n": n}}]} for n in range(3)]
    sizes = [(await v5.ok("POST", "/set-ups", body))["datapoints_count"] for body in own[:2]]
    run = await v5.ok("POST", "/set-ups", {"evaluation": "Own", "prompt": {"model": "small"}})
    extended = await v5.ok("POST", "/set-ups", own[2])
    assert [*sizes, run["datapoints_count"], extended["datapoints_count"]] == [1, 2, 2, 3]
    assert extended["dataset"]["id"] == run["dataset"]["id"]
    first = await v5.ok(
        "POST", "/set-ups", {"evaluation": "Many", "dataset": "many", "datapoints": [{"inputs": {"n": 1}}]}
    )
    assert first["run"] is None
    more = {"evaluation": "Many", "dataset": "many", "datapoints": [{"inputs": {"n": 1}}, {"inputs": {"n": 2}}]}
    second = await v5.ok("POST", "/set-ups", more)
    assert (second["datapoints_count"], second["added_datapoints_count"]) == (2, 1)
    last = {"evaluation": "Many", "dataset": "many", "flow": {"attributes": {"code": "v1"}}}
    third = await v5.ok("POST", "/set-ups", last)
    assert third["dataset"]["version_id"] == second["dataset"]["version_id"]
    assert third["run"]["is_new"]


async def test_a_dry_run_says_the_same_and_stores_nothing(v5: V5, store: Store) -> None:
    """Not even what would be found by the next request."""
    before = BulkReading(store.database).counts()
    tried = await _set_up(v5, dry_run=True)
    assert BulkReading(store.database).counts() == before
    assert _new(tried) == _new(await _set_up(v5))


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"evaluation": "evr_unknown"}, 404, "`evr_unknown` does not exist"),
        ({"version": "pr_unknown", "prompt": None}, 404, "version: nothing has the id or path"),
        ({"dataset": "questoins", "datapoints": []}, 404, "Nearest: `questions`"),
        ({"evaluators": [{"name": "unknown"}]}, 404, "evaluators: nothing has the id or path `unknown`"),
        ({"evaluators": [{"name": "small/right", "spec": {**_SPEC, "return_type": "text"}}]}, 409, "(boolean)"),
        ({"version": "questions"}, 409, "has the type dataset"),
        ({"flow": {"attributes": {}}}, 422, "only one of"),
        ({"datapoints": [{"inputs": {"q": "a\0b"}}]}, 422, "NUL"),
        ({"datapoints": [{"input": {}}]}, 422, "a datapoint has no `input`"),
        ({"datapoints": [{"inputs": {"n": n}} for n in range(101)]}, 422, "at most 100"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_wrong_part_leaves_nothing(v5: V5, store: Store, wrong: Json, status: int, words: str) -> None:
    """The parts before it are not stored either."""
    await v5.ok("POST", "/datasets", {"path": "questions", "datapoints": [{"inputs": {"n": 1}}]})
    await v5.ok("POST", "/evaluators", {"path": "small/right", "spec": _SPEC})
    before = BulkReading(store.database).counts()
    response = await v5.send("POST", "/set-ups", {**_WHOLE, **wrong})
    assert (response.status_code, words in response.text) == (status, True), response.text
    assert BulkReading(store.database).counts() == before

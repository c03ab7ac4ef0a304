"""Evaluations: created, listed, given evaluators, deleted."""

import pytest
from tests.api.v5_calls import V5, evaluated

pytestmark = pytest.mark.anyio


async def test_an_evaluation_is_created_and_read(v5: V5) -> None:
    """201 with every key; file and evaluators are named by id or path, versions as they are deployed now."""
    prompt, evaluator = await v5.prompt(), await v5.evaluator()
    newer = await v5.evaluator(attributes={"n": 2})
    evaluators = [
        {"path": "judges/score"},
        {"version_id": newer["version_id"], "orchestrated": False},
        {"id": evaluator["id"], "environment": "production", "orchestrated": None},
    ]
    body = {"file": {"id": prompt["id"]}, "name": "first", "evaluators": evaluators}
    response = await v5.send("POST", "/evaluations", body)
    assert response.status_code == 201
    made = response.json()
    assert made["id"].startswith("evr_")
    assert (made["name"], made["file_id"], made["runs_count"]) == ("first", prompt["id"], 0)
    attached = [(item["version"]["version_id"], item["orchestrated"]) for item in made["evaluators"]]
    assert attached == [(evaluator["version_id"], True), (newer["version_id"], False)]
    assert await v5.ok("GET", f"/evaluations/{made['id']}") == made
    assert made["evaluators"][0]["version"]["spec"]["evaluator_type"] == "external"


async def test_names_are_unique_in_a_file(v5: V5) -> None:
    """A clash is 409, which the SDK relies on; null never clashes, nor does the name in another file."""
    await v5.prompt()
    await v5.prompt("other")
    first = await v5.evaluation(name="same")
    assert "`same`" in await v5.refused(
        409, "POST", "/evaluations", {"file": {"path": "bots/support"}, "name": "same", "evaluators": []}
    )
    await v5.evaluation(name="same", path="other")
    assert (await v5.evaluation())["id"] != (await v5.evaluation())["id"]
    await v5.ok("DELETE", f"/evaluations/{first['id']}")
    await v5.evaluation(name="same")


async def test_evaluations_of_a_file_are_listed_newest_first(v5: V5) -> None:
    """In pages; past the end they are empty with the right total."""
    prompt = await v5.prompt()
    await v5.prompt("other")
    await v5.evaluation(name="elsewhere", path="other")
    made = [(await v5.evaluation(name=str(number)))["id"] for number in range(5)]
    pages = [await v5.ok("GET", "/evaluations", file_id=prompt["id"], page=page, size=2) for page in (1, 2, 3, 4)]
    assert [item["id"] for page in pages for item in page["records"]] == made[::-1]
    assert {page["total"] for page in pages} == {5}
    assert (await v5.ok("GET", "/evaluations", file_id=prompt["id"], size=0))["records"] == []
    assert (await v5.ok("GET", "/evaluations", file_id=prompt["id"]))["size"] == 10
    await v5.refused(422, "GET", "/evaluations")
    await v5.refused(404, "GET", "/evaluations", file_id="nothing")


async def test_evaluators_are_attached_once_and_detached(v5: V5) -> None:
    """An attached version stays the one it was, whatever is deployed later."""
    made = await evaluated(v5)
    newer = await v5.evaluator(attributes={"n": 2})
    place = f"/evaluations/{made.evaluation['id']}/evaluators"
    both = {"evaluators": [{"path": "judges/score"}, {"version_id": newer["version_id"], "orchestrated": False}]}
    for _ in range(2):
        shown = await v5.ok("POST", place, both)
        attached = [(item["version"]["version_id"], item["orchestrated"]) for item in shown["evaluators"]]
        assert attached == [(made.evaluator["version_id"], True), (newer["version_id"], False)]
    response = await v5.send("DELETE", f"{place}/{made.evaluator['version_id']}")
    assert response.status_code == 200
    assert [item["version"]["version_id"] for item in response.json()["evaluators"]] == [newer["version_id"]]
    await v5.refused(404, "DELETE", f"{place}/{made.evaluator['version_id']}")
    await v5.refused(404, "DELETE", f"/evaluations/nothing/evaluators/{newer['version_id']}")


async def test_a_deleted_evaluation_leaves_runs_and_evaluators(v5: V5) -> None:
    """Its logs stay, and another evaluation that has the run still shows it."""
    made = await evaluated(v5)
    log_id = await v5.log(made.run, made.dataset["datapoints"][0])
    other = await v5.evaluation("judges/score", name="other")
    await v5.ok("POST", f"/evaluations/{other['id']}/runs/{made.run['id']}")
    assert (await v5.send("DELETE", f"/evaluations/{made.evaluation['id']}")).status_code == 204
    await v5.refused(404, "GET", f"/evaluations/{made.evaluation['id']}")
    await v5.refused(404, "DELETE", f"/evaluations/{made.evaluation['id']}")
    runs = (await v5.ok("GET", f"/evaluations/{other['id']}/runs"))["runs"]
    assert [run["id"] for run in runs] == [made.run["id"]]
    assert (await v5.ok("GET", f"/logs/{log_id}"))["id"] == log_id
    await v5.ok("GET", f"/evaluators/{made.evaluator['id']}")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (422, {}),
        (422, {"evaluators": None}),
        (422, {"evaluators": [1]}),
        (422, {"evaluators": [], "name": 7}),
        (422, {"evaluators": [{"path": "judges/score", "orchestrated": "perhaps"}]}),
        (400, {"evaluators": [{}]}),
        (400, {"evaluators": [{"path": "judges/score", "id": "ev_x"}]}),
        (400, {"evaluators": [], "file": {}}),
        (400, {"evaluators": [], "file": {"id": "x", "path": "y"}}),
        (404, {"evaluators": [], "file": {"path": "nothing"}}),
        (404, {"evaluators": [{"path": "nothing"}]}),
        (404, {"evaluators": [{"path": "bots/support"}]}),
        (404, {"evaluators": [{"version_id": "evv_nothing"}]}),
        (404, {"evaluators": [{"path": "judges/score", "environment": "nowhere"}]}),
        (404, {"evaluators": [{"path": "judges/score", "environment": "staging"}]}),
    ],
)
async def test_bad_evaluations_are_refused(v5: V5, status: int, body: dict[str, object]) -> None:
    """With nothing half-written; the same references are refused when they are attached later."""
    prompt = await v5.prompt()
    await v5.evaluator()
    await v5.refused(status, "POST", "/evaluations", {"file": {"path": "bots/support"}, **body})
    assert (await v5.ok("GET", "/evaluations", file_id=prompt["id"]))["total"] == 0
    if "file" not in body and "name" not in body:
        evaluation = await v5.evaluation()
        await v5.refused(status, "POST", f"/evaluations/{evaluation['id']}/evaluators", body)
        assert (await v5.ok("GET", f"/evaluations/{evaluation['id']}"))["evaluators"] == []


async def test_what_does_not_exist_is_404(v5: V5) -> None:
    """Whatever is asked of it; ids of another kind are unknown too."""
    prompt = await v5.prompt()
    for evaluation_id in ("nothing", prompt["id"]):
        for path in ("", "/runs", "/stats", "/logs"):
            await v5.refused(404, "GET", f"/evaluations/{evaluation_id}{path}")
        await v5.refused(404, "POST", f"/evaluations/{evaluation_id}/evaluators", {"evaluators": []})
        await v5.refused(404, "POST", f"/evaluations/{evaluation_id}/runs", {})

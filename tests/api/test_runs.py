"""Runs: created, filled, completed, and what the server has to do for them."""

from typing import Any

import pytest
from sqlalchemy import event
from tests.api.application import emptied_store
from tests.api.v5_calls import V5, Json, evaluated

from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio
__all__ = ["emptied_store"]


async def _run(v5: V5, evaluation: Json, run: Json) -> Json:
    runs = (await v5.ok("GET", f"/evaluations/{evaluation['id']}/runs"))["runs"]
    return next(item for item in runs if item["id"] == run["id"])


async def test_a_run_shows_its_dataset_and_version_whole(v5: V5) -> None:
    """201; versions are found by their ids, or by a file and an environment."""
    made = await evaluated(v5)
    assert made.run["dataset"]["version_id"] == made.dataset["version_id"]
    assert made.run["dataset"]["datapoints"] is None
    assert (made.run["version"]["version_id"], made.run["version"]["type"]) == (made.prompt["version_id"], "prompt")
    assert (made.run["control"], made.run["orchestrated"], made.run["status"]) == (False, False, "running")
    newer = await v5.prompt(temperature=1)
    body = {
        "version": {"version_id": newer["version_id"]},
        "dataset": {"id": made.dataset["id"]},
        "orchestrated": False,
    }
    response = await v5.send("POST", f"/evaluations/{made.evaluation['id']}/runs", body)
    assert response.status_code == 201
    assert response.json()["version"]["version_id"] == newer["version_id"]
    runs = (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/runs"))["runs"]
    assert [run["id"] for run in runs] == [response.json()["id"], made.run["id"]]
    assert (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}"))["runs_count"] == 2


async def test_a_run_completes_by_itself(v5: V5) -> None:
    """When every datapoint has a log and every log a judgment; nulls and errors count."""
    made = await evaluated(v5, 3)
    logs = [await v5.log(made.run, point) for point in made.dataset["datapoints"]]
    await v5.judge(logs[0], 1)
    await v5.judge(logs[1], None)
    assert await v5.status(made.evaluation, made.run) == "running"
    await v5.judge(logs[2], None, error="broken")
    assert await v5.status(made.evaluation, made.run) == "completed"
    await v5.log(made.run, made.dataset["datapoints"][0])
    assert await v5.status(made.evaluation, made.run) == "running"


async def test_an_incomplete_log_keeps_a_run_open(v5: V5) -> None:
    """Until it is completed."""
    made = await evaluated(v5, 1)
    body = {"path": "f", "flow": {"attributes": {}}, "log_status": "incomplete", "run_id": made.run["id"]}
    body["source_datapoint_id"] = made.dataset["datapoints"][0]["id"]
    log = await v5.ok("POST", "/flows/log", body)
    await v5.judge(log["id"], 1)
    assert await v5.status(made.evaluation, made.run) == "running"
    await v5.ok("PATCH", f"/flows/logs/{log['id']}", {"log_status": "complete"})
    assert await v5.status(made.evaluation, made.run) == "completed"


async def test_an_empty_dataset_completes_a_run_at_once(v5: V5) -> None:
    """There is nothing to wait for, whoever drives it."""
    await v5.prompt()
    await v5.dataset(0)
    evaluation = await v5.evaluation()
    for orchestrated in (False, True):
        run = await v5.run(evaluation, orchestrated=orchestrated)
        assert await v5.status(evaluation, run) == "completed"


async def test_a_run_without_dataset_is_pending_until_it_has_logs(v5: V5) -> None:
    """Then it is complete when all of them are judged; without version it takes that of its first log."""
    made = await evaluated(v5)
    run = await v5.ok("POST", f"/evaluations/{made.evaluation['id']}/runs", {})
    assert (run["status"], run["orchestrated"], run["version"], run["dataset"]) == ("pending", False, None, None)
    log_id = await v5.log(run)
    assert await v5.status(made.evaluation, run) == "running"
    await v5.judge(log_id, 1)
    shown = await _run(v5, made.evaluation, run)
    assert (shown["status"], shown["version"]["version_id"]) == ("completed", made.prompt["version_id"])


async def test_orchestrated_without_dataset_or_version_is_the_callers(v5: V5) -> None:
    """The default says orchestrated, and code that posts its own logs leaves it."""
    made = await evaluated(v5)
    for body in ({"dataset": {"path": "data/questions"}}, {"version": {"path": "bots/support"}}):
        run = await v5.ok("POST", f"/evaluations/{made.evaluation['id']}/runs", body)
        assert run["orchestrated"] is False
        assert (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs", run_id=run["id"]))["total"] == 0


async def test_an_orchestrated_run_gets_errors_at_once(v5: V5) -> None:
    """One log per datapoint that says why, and a judgment of each by evaluators that the server would run."""
    await v5.prompt()
    dataset = await v5.dataset(3)
    await v5.evaluator("judges/python", "boolean", "python")
    await v5.evaluator("judges/mine")
    evaluation = await v5.evaluation("judges/python")
    run = await v5.run(evaluation, orchestrated=None)
    assert await v5.status(evaluation, run) == "completed"
    found = (await v5.ok("GET", f"/evaluations/{evaluation['id']}/logs"))["records"]
    assert sorted(item["datapoint"]["id"] for item in found) == sorted(point["id"] for point in dataset["datapoints"])
    for item in found:
        assert "cannot generate logs yet" in item["log"]["error"]
        assert item["log"]["inputs"] == item["datapoint"]["inputs"]
        assert "cannot run Python evaluators yet" in item["evaluator_logs"][0]["error"]
    stats = await v5.ok("GET", f"/evaluations/{evaluation['id']}/stats")
    assert stats["run_stats"][0]["evaluator_stats"][0]["num_errors"] == 3
    assert (await v5.ok("GET", f"/prompts/{run['version']['id']}"))["total_logs_count"] == 3
    await v5.ok("POST", f"/evaluations/{evaluation['id']}/evaluators", {"evaluators": [{"path": "judges/mine"}]})
    assert await v5.status(evaluation, run) == "running"


async def test_every_way_into_a_run_wakes_the_server(v5: V5) -> None:
    """Logging, adding logs, attaching an evaluator, adding the run elsewhere: a judgment is there at once."""
    await v5.prompt()
    await v5.dataset(1)
    await v5.evaluator("judges/python", "number", "python")
    evaluation = await v5.evaluation("judges/python")
    run = await v5.run(evaluation)
    outside = await v5.log()
    await v5.log(run)
    await v5.ok("POST", f"/evaluations/{evaluation['id']}/runs/{run['id']}/logs", {"log_ids": [outside]})
    other = await v5.evaluation(name="other")
    await v5.ok("POST", f"/evaluations/{other['id']}/runs/{run['id']}")
    await v5.evaluator("judges/llm", "text", "llm")
    await v5.ok("POST", f"/evaluations/{other['id']}/evaluators", {"evaluators": [{"path": "judges/llm"}]})
    third = await v5.evaluation("judges/python", "judges/llm")
    await v5.ok("POST", f"/evaluations/{third['id']}/runs/{run['id']}")
    for item in (await v5.ok("GET", f"/evaluations/{third['id']}/logs"))["records"]:
        assert [judgment["evaluator"]["name"] for judgment in item["evaluator_logs"]] == ["python", "llm"]
        assert all(judgment["error"] for judgment in item["evaluator_logs"])


async def test_a_flow_log_is_judged_when_it_is_complete(v5: V5) -> None:
    """Not before."""
    await v5.prompt()
    await v5.dataset(1)
    await v5.evaluator("judges/python", "number", "python")
    evaluation = await v5.evaluation("judges/python")
    run = await v5.run(evaluation)
    body = {"path": "f", "flow": {"attributes": {}}, "log_status": "incomplete", "run_id": run["id"]}
    log = await v5.ok("POST", "/flows/log", body)
    assert (await v5.ok("GET", f"/logs/{log['id']}"))["evaluator_logs"] == []
    await v5.ok("PATCH", f"/flows/logs/{log['id']}", {"log_status": "complete"})
    assert len((await v5.ok("GET", f"/logs/{log['id']}"))["evaluator_logs"]) == 1


async def test_what_callers_do_themselves_is_left_to_them(v5: V5) -> None:
    """External and human evaluators, those attached as not orchestrated, and runs that were cancelled."""
    await v5.prompt()
    dataset = await v5.dataset(2)
    await v5.evaluator("judges/python", "number", "python")
    await v5.evaluator("judges/human", "number", "human")
    evaluators = [{"path": "judges/python", "orchestrated": False}, {"path": "judges/human"}]
    evaluation = await v5.ok("POST", "/evaluations", {"file": {"path": "bots/support"}, "evaluators": evaluators})
    run = await v5.run(evaluation)
    await v5.log(run, dataset["datapoints"][0])
    found = (await v5.ok("GET", f"/evaluations/{evaluation['id']}/logs"))["records"]
    assert [item["evaluator_logs"] for item in found] == [[]]
    await v5.ok("PATCH", f"/evaluations/{evaluation['id']}/runs/{run['id']}", {"status": "cancelled"})
    await v5.ok("POST", f"/evaluations/{evaluation['id']}/evaluators", {"evaluators": [{"path": "judges/python"}]})
    assert await v5.status(evaluation, run) == "cancelled"
    found = (await v5.ok("GET", f"/evaluations/{evaluation['id']}/logs"))["records"]
    assert [item["evaluator_logs"] for item in found] == [[]]


async def test_the_errors_of_a_large_run_are_written_at_once(v5: V5, store: Store) -> None:
    """Not one statement for each datapoint."""
    await v5.prompt()
    await v5.dataset(1200)
    await v5.evaluator("judges/python", "number", "python")
    evaluation = await v5.evaluation("judges/python")
    statements: list[str] = []

    def note(*given: Any) -> None:
        statements.append(given[2])

    event.listen(store.database.engine, "before_cursor_execute", note)
    run = await v5.run(evaluation, orchestrated=True)
    assert await v5.status(evaluation, run) == "completed"
    event.remove(store.database.engine, "before_cursor_execute", note)
    assert len(statements) < 80


async def test_existing_logs_seed_a_run(v5: V5) -> None:
    """Those of its version for datapoints of its dataset, with their judgments."""
    made = await evaluated(v5, 2)
    first, second = made.dataset["datapoints"]
    log_id = await v5.log(None, first)
    await v5.judge(log_id, 5)
    await v5.log(None, second, prompt={"model": "other"})
    await v5.log()
    run = await v5.run(made.evaluation, use_existing_logs=True)
    logs = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs", run_id=run["id"])
    assert [item["log"]["id"] for item in logs["records"]] == [log_id]
    stats = (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats"))["run_stats"][0]
    assert (stats["num_logs"], stats["evaluator_stats"][0]["mean"]) == (1, 5)
    for lacking in ("dataset", "version"):
        body = {"dataset": {"path": "data/questions"}, "version": {"path": "bots/support"}, "use_existing_logs": True}
        await v5.refused(400, "POST", f"/evaluations/{made.evaluation['id']}/runs", {**body, lacking: None})


async def test_a_log_finds_the_run_that_waits_for_it(v5: V5) -> None:
    """A log for a datapoint joins the newest open run of its version that has none for it; `run_id` comes first."""
    made = await evaluated(v5, 1)
    newer = await v5.run(made.evaluation)
    point = made.dataset["datapoints"][0]
    logs = [await v5.log(None, point) for _ in range(3)]
    await v5.log(None, point, prompt={"model": "other"})
    found = (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["records"]
    assert [(item["run_id"], item["log"]["id"]) for item in found] == [
        (newer["id"], logs[0]),
        (made.run["id"], logs[1]),
    ]


async def test_logs_of_other_versions_and_datapoints_are_accepted(v5: V5) -> None:
    """They count as logs; only datapoints of the dataset count toward completion."""
    made = await evaluated(v5, 1)
    await v5.log(made.run, {"id": "dp_elsewhere", "inputs": {}}, prompt={"model": "other"})
    await v5.log(made.run)
    stats = (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats"))["run_stats"][0]
    assert stats["num_logs"] == 2
    found = (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["records"]
    assert [item["datapoint"] for item in found] == [None, None]
    evaluation = await v5.evaluation(name="no evaluators")
    await v5.ok("POST", f"/evaluations/{evaluation['id']}/runs/{made.run['id']}")
    assert await v5.status(evaluation, made.run) == "running"
    await v5.log(made.run, made.dataset["datapoints"][0])
    assert await v5.status(evaluation, made.run) == "completed"


async def test_logs_are_added_all_or_none(v5: V5) -> None:
    """A repeated id is once; an unknown one 404, an evaluator's log 400, and then nothing is added."""
    made = await evaluated(v5)
    logs = [await v5.log(output=str(number)) for number in range(2)]
    judgment = await v5.judge(logs[0], 4)
    place = f"/evaluations/{made.evaluation['id']}/runs/{made.run['id']}/logs"
    await v5.refused(404, "POST", place, {"log_ids": [*logs, "nothing"]})
    await v5.refused(400, "POST", place, {"log_ids": [*logs, judgment]})
    await v5.refused(422, "POST", place, {"log_ids": None})
    await v5.refused(422, "POST", place, {"log_ids": [1]})
    assert (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["total"] == 0
    for _ in range(2):
        shown = await v5.ok("POST", place, {"log_ids": [logs[0], *logs]})
        assert shown["id"] == made.run["id"]
    found = (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["records"]
    assert [item["log"]["id"] for item in found] == logs[::-1]
    assert [len(item["evaluator_logs"]) for item in found] == [0, 1]
    await v5.ok("POST", place, {"log_ids": []})


async def test_a_run_may_be_in_several_evaluations(v5: V5) -> None:
    """Added twice it is there once; removed, it stays elsewhere."""
    made = await evaluated(v5)
    other = await v5.evaluation(name="other")
    place = f"/evaluations/{other['id']}/runs/{made.run['id']}"
    for _ in range(2):
        response = await v5.send("POST", place)
        assert (response.status_code, response.json()) == (200, None)
    assert (await v5.ok("GET", f"/evaluations/{other['id']}"))["runs_count"] == 1
    assert (await _run(v5, other, made.run))["added_at"] > made.run["added_at"]
    assert (await v5.send("DELETE", place)).status_code == 204
    await v5.refused(404, "DELETE", place)
    assert len((await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/runs"))["runs"]) == 1
    await v5.refused(404, "POST", f"/evaluations/{other['id']}/runs/nothing")
    await v5.refused(404, "POST", f"/evaluations/nothing/runs/{made.run['id']}")


async def test_there_is_one_control_at_most(v5: V5) -> None:
    """Setting it on one run takes it from the other."""
    made = await evaluated(v5)
    second = await v5.run(made.evaluation)
    runs = f"/evaluations/{made.evaluation['id']}/runs"
    assert (await v5.ok("PATCH", f"{runs}/{made.run['id']}", {"control": True}))["control"] is True
    await v5.ok("PATCH", f"{runs}/{second['id']}", {"control": True, "status": None})
    assert [run["control"] for run in (await v5.ok("GET", runs))["runs"]] == [True, False]
    await v5.ok("PATCH", f"{runs}/{second['id']}", {"control": False})
    assert [run["control"] for run in (await v5.ok("GET", runs))["runs"]] == [False, False]
    await v5.ok("PATCH", f"{runs}/{second['id']}", {})


async def test_a_run_is_closed_once(v5: V5) -> None:
    """Completed or cancelled while it is open; afterwards only the same again."""
    made = await evaluated(v5)
    runs = f"/evaluations/{made.evaluation['id']}/runs"
    completed = await v5.ok("PATCH", f"{runs}/{made.run['id']}", {"status": "completed"})
    assert completed["status"] == "completed"
    await v5.ok("PATCH", f"{runs}/{made.run['id']}", {"status": "completed"})
    assert "is completed" in await v5.refused(409, "PATCH", f"{runs}/{made.run['id']}", {"status": "cancelled"})
    cancelled = await v5.run(made.evaluation)
    place = f"{runs}/{cancelled['id']}"
    await v5.ok("PATCH", place, {"status": "cancelled"})
    await v5.refused(409, "PATCH", place, {"status": "completed", "control": True})
    assert (await _run(v5, made.evaluation, cancelled))["control"] is False
    await v5.refused(400, "PATCH", place, {"status": "running"})
    await v5.refused(422, "PATCH", place, {"status": "done"})
    await v5.refused(422, "PATCH", place, {"control": "perhaps"})
    await v5.refused(404, "PATCH", f"{runs}/nothing", {"control": True})


async def test_a_cancelled_run_takes_no_logs_and_a_completed_one_opens(v5: V5) -> None:
    """A log that comes late for a cancelled run is kept outside of it."""
    made = await evaluated(v5, 1)
    place = f"/evaluations/{made.evaluation['id']}/runs/{made.run['id']}"
    await v5.ok("PATCH", place, {"status": "completed"})
    await v5.log(made.run)
    assert await v5.status(made.evaluation, made.run) == "running"
    await v5.ok("PATCH", place, {"status": "cancelled"})
    late = await v5.log(made.run)
    assert (await v5.ok("GET", f"/logs/{late}"))["id"] == late
    await v5.refused(409, "POST", f"{place}/logs", {"log_ids": [late]})
    assert (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["total"] == 1


async def test_a_new_evaluator_opens_a_run_that_was_completed(v5: V5) -> None:
    """One that is attached already does not."""
    made = await evaluated(v5, 1)
    await v5.log(made.run, made.dataset["datapoints"][0])
    await v5.ok("PATCH", f"/evaluations/{made.evaluation['id']}/runs/{made.run['id']}", {"status": "completed"})
    place = f"/evaluations/{made.evaluation['id']}/evaluators"
    await v5.ok("POST", place, {"evaluators": [{"path": "judges/score"}]})
    assert await v5.status(made.evaluation, made.run) == "completed"
    await v5.evaluator("judges/new")
    await v5.ok("POST", place, {"evaluators": [{"path": "judges/new"}]})
    assert await v5.status(made.evaluation, made.run) == "running"


async def test_logs_are_paged_over_runs(v5: V5) -> None:
    """Newest run first, then newest log; some runs or all; past the end they are empty."""
    made = await evaluated(v5)
    second = await v5.run(made.evaluation)
    logs = [await v5.log(run) for run in (made.run, second, made.run, second, made.run)]
    expected = [logs[3], logs[1], logs[4], logs[2], logs[0]]
    place = f"/evaluations/{made.evaluation['id']}/logs"
    for size in (1, 2, 3, 5, 10):
        pages = [await v5.ok("GET", place, page=page, size=size) for page in range(1, 7)]
        assert [item["log"]["id"] for page in pages for item in page["records"]] == expected
        assert {page["total"] for page in pages} == {5}
    one = await v5.ok("GET", place, run_id=made.run["id"])
    assert ([item["log"]["id"] for item in one["records"]], one["total"]) == (expected[2:], 3)
    both = await v5.ok("GET", place, run_id=[made.run["id"], second["id"]])
    assert both["total"] == 5
    assert (await v5.ok("GET", place, size=0))["records"] == []
    await v5.refused(404, "GET", place, run_id="nothing")
    await v5.refused(422, "GET", place, page=0)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (422, []),
        (422, {"dataset": "x"}),
        (422, {"orchestrated": "perhaps"}),
        (400, {"dataset": {}}),
        (400, {"version": {"id": "x", "path": "y"}}),
        (404, {"dataset": {"path": "nothing"}}),
        (404, {"dataset": {"path": "bots/support"}}),
        (404, {"version": {"path": "data/questions"}}),
        (404, {"version": {"version_id": "prv_nothing"}}),
        (404, {"version": {"path": "bots/support", "environment": "nowhere"}}),
    ],
)
async def test_bad_runs_are_refused(v5: V5, status: int, body: object) -> None:
    """And are not there."""
    await v5.prompt()
    await v5.dataset()
    evaluation = await v5.evaluation()
    await v5.refused(status, "POST", f"/evaluations/{evaluation['id']}/runs", body)
    assert (await v5.ok("GET", f"/evaluations/{evaluation['id']}/runs"))["runs"] == []

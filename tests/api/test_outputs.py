"""Outputs for datapoints of a run are logged in one request: all, or none."""

import pytest
from tests.api.v5_calls import V5, Json, evaluated

pytestmark = pytest.mark.anyio


def _outputs(points: list[Json]) -> list[Json]:
    return [{"datapoint_id": point["id"], "output": f"answer {n}", "cost": 0.5} for n, point in enumerate(points)]


async def test_outputs_become_logs_of_the_runs_version(v5: V5) -> None:
    """In order, with the inputs of their datapoints; a dry run before stores none, and a completed run opens."""
    made = await evaluated(v5, 3)
    address = f"/evaluations/{made.evaluation['id']}/runs/{made.run['id']}"
    outputs = _outputs(made.dataset["datapoints"])
    logs = f"/evaluations/{made.evaluation['id']}/logs"
    assert (await v5.ok("POST", f"{address}/outputs", {"outputs": outputs, "dry_run": True}))["opened"] is False
    assert (await v5.ok("GET", logs))["total"] == 0
    logged = await v5.ok("POST", f"{address}/outputs", {"outputs": outputs})
    found = (await v5.ok("GET", logs))["records"]
    assert [item["log"]["id"] for item in found] == logged["log_ids"][::-1]
    assert [item["log"]["output"] for item in found] == ["answer 2", "answer 1", "answer 0"]
    assert found[0]["log"]["inputs"] == made.dataset["datapoints"][2]["inputs"]
    assert (found[0]["log"]["prompt_cost"], found[0]["log"]["output_cost"]) == (0.0, 0.5)
    await v5.ok("PATCH", address, {"status": "completed"})
    assert (await v5.ok("POST", f"{address}/outputs", {"outputs": outputs[:1]}))["opened"] is True
    assert await v5.status(made.evaluation, made.run) == "running"


async def test_one_wrong_output_stores_none(v5: V5) -> None:
    """The error names its row; a cancelled run takes none, and a completed one stays completed."""
    made = await evaluated(v5, 2)
    other = await v5.dataset(1, "other", attributes={"a": 1})
    address = f"/evaluations/{made.evaluation['id']}/runs/{made.run['id']}"
    await v5.ok("PATCH", address, {"status": "completed"})
    outputs = _outputs(made.dataset["datapoints"])
    for wrong in ({"datapoint_id": "dp_no"}, {"datapoint_id": other["datapoints"][0]["id"]}):
        said = await v5.refused(422, "POST", f"{address}/outputs", {"outputs": [*outputs, wrong]})
        assert said.startswith("Row 3: Datapoint `dp_")
    await v5.refused(422, "POST", f"{address}/outputs", {"outputs": []})
    await v5.refused(422, "POST", f"{address}/outputs", {"outputs": outputs[:1] * 101})
    assert (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["total"] == 0
    assert await v5.status(made.evaluation, made.run) == "completed"
    run = await v5.run(made.evaluation)
    address = f"/evaluations/{made.evaluation['id']}/runs/{run['id']}"
    await v5.ok("PATCH", address, {"status": "cancelled"})
    await v5.refused(409, "POST", f"{address}/outputs", {"outputs": outputs})


async def test_a_version_does_not_stand_for_its_run(v5: V5) -> None:
    """As on every v5 route; only v4 finds a run by its version. Nothing is stored."""
    made = await evaluated(v5, 1)
    body = {"outputs": _outputs(made.dataset["datapoints"])}
    version = made.run["version"]["version_id"]
    said = await v5.refused(404, "POST", f"/evaluations/{made.evaluation['id']}/runs/{version}/outputs", body)
    assert said == f"Evaluation `{made.evaluation['id']}` has no run `{version}`."
    assert (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["total"] == 0

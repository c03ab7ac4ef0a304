"""Statistics of evaluations, in the shapes that the SDK tells apart."""

from typing import Any

import pytest
from tests.api.application import emptied_store
from tests.api.v5_calls import V5, Json, evaluated

from evals_mcp.models.stats import EvaluationStats

pytestmark = pytest.mark.anyio
__all__ = ["emptied_store"]

_COUNTS = ("total_logs", "num_judgments", "num_nulls", "num_errors")


async def _one(v5: V5, return_type: str, judgments: list[Any], **spec: Any) -> Json:
    """The statistics of one evaluator after these judgments, null and one error."""
    await v5.prompt()
    dataset = await v5.dataset(len(judgments) + 2)
    await v5.evaluator("judges/e", return_type, **spec)
    evaluation = await v5.evaluation("judges/e")
    run = await v5.run(evaluation)
    logs = [await v5.log(run, point) for point in dataset["datapoints"]]
    for log_id, judgment in zip(logs, [*judgments, None], strict=False):
        await v5.judge(log_id, judgment, "judges/e")
    await v5.judge(logs[-1], None, "judges/e", error="broken")
    stats = await v5.ok("GET", f"/evaluations/{evaluation['id']}/stats")
    assert (stats["status"], stats["run_stats"][0]["status"]) == ("completed", "completed")
    found: Json = stats["run_stats"][0]["evaluator_stats"][0]
    assert [found[name] for name in _COUNTS] == [len(judgments) + 2, len(judgments), 1, 1]
    return found


async def test_numbers(v5: V5) -> None:
    """Mean, sum, the population's deviation, and interpolated percentiles."""
    found = await _one(v5, "number", [1, 2, 4])
    assert (found["sum"], round(found["mean"], 9)) == (7, 2.333333333)
    assert found["std"] == pytest.approx(1.2472191)
    assert (found["percentiles"]["0"], found["percentiles"]["50"], found["percentiles"]["100"]) == (1, 2, 4)


async def test_booleans(v5: V5) -> None:
    """How many true and false, and no key of another type."""
    found = await _one(v5, "boolean", [True, False, True])
    assert (found["num_true"], found["num_false"]) == (2, 1)
    assert "percentiles" not in found


@pytest.mark.parametrize(
    ("return_type", "judgments", "counts"),
    [
        ("select", ["good", "bad", "good"], {"good": 2, "bad": 1, "odd": 0}),
        ("multi_select", [["good", "bad"], ["good"], []], {"good": 2, "bad": 1, "odd": 0}),
    ],
)
async def test_options(v5: V5, return_type: str, judgments: list[Any], counts: dict[str, int]) -> None:
    """How often each was chosen, also those that never were."""
    options = [{"name": name} for name in ("good", "bad", "odd")]
    found = await _one(v5, return_type, judgments, options=options)
    assert found["num_judgments_per_option"] == counts
    assert "percentiles" not in found


async def test_text(v5: V5) -> None:
    """Only the counts."""
    found = await _one(v5, "text", ["a", "b"])
    assert set(found) == {"evaluator_version_id", *_COUNTS}


async def test_an_evaluator_without_judgments_is_there(v5: V5) -> None:
    """With zeros, nulls and no percentiles, for every run; the newest run comes first.

    The mean is 0, because `evaluations.run` rounds it; the number of judgments says that there is none.
    """
    made = await evaluated(v5)
    second = await v5.run(made.evaluation)
    stats = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats")
    assert [item["run_id"] for item in stats["run_stats"]] == [second["id"], made.run["id"]]
    for item in stats["run_stats"]:
        (one,) = item["evaluator_stats"]
        assert one["evaluator_version_id"] == made.evaluator["version_id"]
        assert [one[name] for name in _COUNTS] == [0, 0, 0, 0]
        assert (one["mean"], one["sum"], one["percentiles"]) == (0, None, {})
        assert (item["num_logs"], item["batch_id"]) == (0, None)


async def test_an_evaluation_without_runs_is_pending(v5: V5) -> None:
    """Its texts are texts all the same, since the SDK writes them to the terminal."""
    await v5.prompt()
    evaluation = await v5.evaluation()
    stats = await v5.ok("GET", f"/evaluations/{evaluation['id']}/stats")
    assert (stats["run_stats"], stats["status"]) == ([], "pending")
    assert isinstance(stats["progress"], str)
    assert stats["report"].endswith("\n")


async def test_the_texts_say_how_far_it_is_and_what_came_out(v5: V5) -> None:
    """Logs and judgments done of those needed; a column for each run and a row for each evaluator."""
    made = await evaluated(v5, 2)
    log_id = await v5.log(made.run, made.dataset["datapoints"][0])
    await v5.judge(log_id, 0.5)
    stats = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats")
    assert stats["status"] == "running"
    assert "1/2" in stats["progress"]
    for word in ("bots/support", "judges/score", "0.50", made.run["id"], made.evaluation["id"]):
        assert word in stats["report"]


async def test_the_newest_judgment_counts(v5: V5) -> None:
    """Judging again replaces, deleting the newest brings the one before back, and totals never exceed the logs."""
    made = await evaluated(v5, 1)
    log_id = await v5.log(made.run, made.dataset["datapoints"][0])

    async def mean() -> tuple[Any, int]:
        stats = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats")
        one = stats["run_stats"][0]["evaluator_stats"][0]
        return one["mean"], one["total_logs"]

    await v5.judge(log_id, 1)
    newest = await v5.judge(log_id, 3)
    assert await mean() == (3, 1)
    await v5.ok("DELETE", "/logs", id=newest)
    assert await mean() == (1, 1)
    await v5.ok("DELETE", "/logs", id=log_id)
    assert await mean() == (0, 0)


async def test_another_version_counts_for_the_attached_one(v5: V5) -> None:
    """As the SDK's local evaluators judge; unless both versions are attached."""
    made = await evaluated(v5, 1)
    newer = await v5.evaluator(attributes={"n": 2})
    log_id = await v5.log(made.run, made.dataset["datapoints"][0])
    await v5.ok(
        "POST",
        "/evaluators/log",
        {"parent_id": log_id, "judgment": 3, "path": None, "id": made.evaluator["id"]},
        version_id=newer["version_id"],
    )
    place = f"/evaluations/{made.evaluation['id']}"
    stats = (await v5.ok("GET", f"{place}/stats"))["run_stats"][0]
    assert (stats["status"], stats["evaluator_stats"][0]["mean"]) == ("completed", 3)
    assert stats["evaluator_stats"][0]["evaluator_version_id"] == made.evaluator["version_id"]
    shown = (await v5.ok("GET", f"{place}/logs"))["records"][0]["evaluator_logs"][0]
    assert shown["evaluator"]["version_id"] == newer["version_id"]
    await v5.ok("POST", f"{place}/evaluators", {"evaluators": [{"version_id": newer["version_id"]}]})
    stats = (await v5.ok("GET", f"{place}/stats"))["run_stats"][0]
    assert [one["mean"] for one in stats["evaluator_stats"]] == [0, 3]
    assert stats["status"] == "running"


async def test_status_follows_the_runs(v5: V5) -> None:
    """Cancelled if all are, completed if none is open."""
    made = await evaluated(v5)
    second = await v5.run(made.evaluation)
    runs = f"/evaluations/{made.evaluation['id']}/runs"

    async def status() -> str:
        return str((await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats"))["status"])

    assert await status() == "running"
    await v5.ok("PATCH", f"{runs}/{made.run['id']}", {"status": "cancelled"})
    assert await status() == "running"
    await v5.ok("PATCH", f"{runs}/{second['id']}", {"status": "cancelled"})
    assert await status() == "cancelled"
    third = await v5.run(made.evaluation)
    await v5.ok("PATCH", f"{runs}/{third['id']}", {"status": "completed"})
    assert await status() == "completed"


async def test_the_texts_say_that_a_run_is_all_errors(v5: V5) -> None:
    """It is completed, and the report says what it is worth: the errors, and that nothing was judged."""
    made = await evaluated(v5, 2)
    for point in made.dataset["datapoints"]:
        log_id = await v5.log(made.run, point, output=None, error='Key "x"\n is missing')
        await v5.judge(log_id, None, error="nothing to judge")
    half = await v5.run(made.evaluation)
    for point, error in zip(made.dataset["datapoints"], ("broken", None), strict=True):
        await v5.log(half, point, error=error)
    stats = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats")
    assert [item["status"] for item in stats["run_stats"]] == ["running", "completed"]
    assert "  Errors     3\n" in stats["progress"]
    table, below = stats["report"].rsplit("+\n", 1)
    cells = [[cell.strip() for cell in line.split("|")] for line in table.splitlines() if line.startswith("|")]
    rows = {line[1]: line[2:4] for line in cells}
    assert (rows["errors"], rows["judges/score"]) == (["2", "1"], ["none, 2 failed", "-"])
    all_errors = f"Run {made.run['id']} has no output: all of its 2 logs are errors. The first: "
    assert below.splitlines()[:-1] == [all_errors + '"Key \\"x\\"\\n is missing"']


async def test_the_report_names_the_evaluators_that_are_not_run(v5: V5) -> None:
    """Those that the server would have to run, and those that should monitor the file."""
    made = await evaluated(v5, 1)
    for path, kind in (("judges/python", "python"), ("judges/posted", "python"), ("judges/llm", "llm")):
        await v5.evaluator(path, "boolean", kind)
    attached = [{"path": "judges/python"}, {"path": "judges/posted", "orchestrated": False}]
    await v5.ok("POST", f"/evaluations/{made.evaluation['id']}/evaluators", {"evaluators": attached})
    judge = await v5.ok("POST", "/files/retrieve-by-path", {"path": "judges/llm"})
    monitor = {"activate": [{"evaluator_version_id": judge["version_id"]}]}
    await v5.ok("POST", f"/prompts/{made.prompt['id']}/evaluators", monitor)
    report = (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats"))["report"]
    not_run = [line for line in report.splitlines() if line.startswith("Not run")]
    assert not_run == [
        "Not run, because this server runs no code and no model: judges/python (python).",
        "Not run, because this server does not monitor: judges/llm (llm).",
    ]


async def test_the_schema_tells_the_kinds_apart(v5: V5) -> None:
    """Each has exactly one of the shapes: a client that validates `oneOf` takes no second."""
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped,unused-ignore]

    await v5.prompt()
    await v5.dataset(1)
    kinds = ("number", "boolean", "select", "multi_select", "text")
    for kind in kinds:
        spec: Json = {"options": [{"name": "good"}]} if "select" in kind else {}
        await v5.evaluator(f"judges/{kind}", kind, **spec)
    evaluation = await v5.evaluation(*(f"judges/{kind}" for kind in kinds))
    await v5.run(evaluation)
    stats = await v5.ok("GET", f"/evaluations/{evaluation['id']}/stats")
    assert len(stats["run_stats"][0]["evaluator_stats"]) == 5
    schema = EvaluationStats.model_json_schema(mode="serialization")
    assert [error.message for error in Draft202012Validator(schema).iter_errors(stats)] == []

"""What results of evaluation tools hold beyond Humanloop's API: kept by every route, and absent where it is not set."""

from typing import Any

import httpx
import pytest
from tests.api.test_bulk import _document, _load, _record, _send
from tests.api.v5_calls import V5, Json, evaluated

pytestmark = pytest.mark.anyio

_VERDICT: Json = {"score": 0.62, "passed": False, "threshold": 0.7, "samples": [True, False, None]}
_JUDGE: Json = {
    "prompt_tokens": 90,
    "reasoning_tokens": 5,
    "output_tokens": 12,
    "cached_tokens": 64,
    "prompt_cost": 0.25,
    "output_cost": 0.5,
    "provider_latency": 1.5,
    "output": "Too vague.",
    "user": "ana",
}
_MODEL: Json = {"cached_tokens": 40, "prompt_tokens": 50, "finish_reason": "length"}
_FIGURES: list[Json] = [
    {"name": "accuracy", "value": 0.52, "source": "a tool", "evaluator": "judges/score", "stderr": 0.05},
    {"name": "model", "value": "large", "source": "a tool"},
]


async def test_a_judgment_keeps_its_verdict_and_its_judge(v5: V5) -> None:
    """Each GET returns what was sent, beside the judgment; a judgment without it has none of these keys."""
    made = await evaluated(v5, 2)
    logs = [await v5.log(made.run, datapoint, **_MODEL) for datapoint in made.dataset["datapoints"]]
    await v5.judge(logs[0], 0.62, **_VERDICT, **_JUDGE)
    await v5.judge(logs[1], 0.9)
    sent = {"judgment": 0.62, **_VERDICT, **_JUDGE}
    read = await v5.ok("GET", f"/logs/{logs[0]}")
    listed = (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["records"]
    assert {name: read[name] for name in _MODEL} == _MODEL
    for (judgment,) in (read["evaluator_logs"], listed[1]["evaluator_logs"]):
        assert {name: judgment[name] for name in sent} == sent
    (plain,) = listed[0]["evaluator_logs"]
    assert not {*_VERDICT, "cached_tokens"} & set(plain)
    stats = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats")
    (figures,) = stats["run_stats"][0]["evaluator_stats"]
    assert (figures["mean"], figures["num_passed"], figures["num_not_passed"]) == (0.76, 0, 1)
    changed = await v5.ok("PATCH", f"/prompts/{made.prompt['id']}/log/{logs[0]}", {"cached_tokens": 41})
    assert (changed["cached_tokens"], changed["finish_reason"]) == (41, "length")


async def test_a_wrong_verdict_is_refused(api: httpx.AsyncClient, v5: V5) -> None:
    """With the key that is wrong, and nothing is stored."""
    document = _document()
    document[12] |= {"cached_tokens": -1}
    assert (await _send(api, document)).json()["detail"][0]["loc"] == ["body", 12, "judgment", "cached_tokens"]
    made = await evaluated(v5, 1)
    log = await v5.log(made.run, made.dataset["datapoints"][0])
    for wrong in ({"passed": "maybe"}, {"score": "high"}, {"samples": [{"a": 1}]}, {"cached_tokens": -1}):
        await v5.refused(422, "POST", "/evaluators/log", {"path": "judges/score", "parent_id": log, **wrong})
    assert (await v5.ok("GET", f"/logs/{log}"))["evaluator_logs"] == []


async def test_a_bulk_load_keeps_the_same(api: httpx.AsyncClient, v5: V5) -> None:
    """The same as the single routes, also in a run that gets the log later; the same again changes nothing."""
    document = _document()
    document[11] |= _MODEL
    document[12] |= {**_VERDICT, **_JUDGE}
    document[10] |= {"reported_figures": _FIGURES}
    await _load(api, document)
    assert (await _load(api, document))["added"] == {}
    log = await v5.ok("GET", "/logs/log_1")
    assert {name: log[name] for name in _MODEL} == _MODEL
    (judgment,) = log["evaluator_logs"]
    assert {name: judgment[name] for name in (*_VERDICT, *_JUDGE)} == {**_VERDICT, **_JUDGE}
    other = await v5.run({"id": "evr_1"}, dataset={"version_id": "dsv_1"}, version={"version_id": "prv_1"})
    await v5.ok("POST", f"/evaluations/evr_1/runs/{other['id']}/logs", {"log_ids": ["log_1"]})
    stats = (await v5.ok("GET", "/evaluations/evr_1/stats"))["run_stats"]
    assert [item["evaluator_stats"][0]["num_not_passed"] for item in stats] == [1, 1]


async def test_a_run_keeps_reported_figures(api: httpx.AsyncClient, v5: V5) -> None:
    """As given on creation, replaced by PATCH; a bulk load adds to them. A run without any has no such key."""
    made = await evaluated(v5, 1)
    runs = f"/evaluations/{made.evaluation['id']}/runs"
    assert "reported_figures" not in made.run
    created = await v5.run(made.evaluation, reported_figures=_FIGURES)
    assert created["reported_figures"] == _FIGURES
    changed = await v5.ok("PATCH", f"{runs}/{created['id']}", {"reported_figures": _FIGURES[1:]})
    assert changed["reported_figures"] == _FIGURES[1:]
    assert (await v5.ok("PATCH", f"{runs}/{created['id']}", {"control": True}))["reported_figures"] == _FIGURES[1:]
    joined = [{"evaluation_id": made.evaluation["id"]}]
    more: Any = [{**_FIGURES[1], "value": "small"}, _FIGURES[0]]
    of = {"version_id": made.prompt["version_id"], "dataset_version_id": made.dataset["version_id"]}
    await _load(api, [_record("run", created["id"], evaluations=joined, reported_figures=more, **of)])
    listed = {run["id"]: run.get("reported_figures") for run in (await v5.ok("GET", runs))["runs"]}
    assert listed == {created["id"]: more, made.run["id"]: None}
    await v5.refused(422, "POST", runs, {"reported_figures": [{"name": "accuracy", "value": 1}]})


async def test_flow_and_tool_logs_keep_what_they_used(v5: V5) -> None:
    """Tokens, cost and finish reason of the whole; without them, none of these keys."""
    await v5.ok("POST", "/flows", {"path": "bots/flow", "attributes": {"n": 1}})
    await v5.ok("POST", "/tools", {"path": "bots/tool", "function": {"name": "f", "description": "d"}})
    used: Json = {**_MODEL, "output_tokens": 3, "reasoning_tokens": 1, "prompt_cost": 0.25, "output_cost": 0.5}
    for kind, path in (("flows", "bots/flow"), ("tools", "bots/tool")):
        body = {"path": path, "output": "x", "log_status": "complete"}
        ids = [(await v5.ok("POST", f"/{kind}/log", body | more))["id"] for more in (used, {})]
        full, plain = [await v5.ok("GET", f"/logs/{id}") for id in ids]
        assert {name: full[name] for name in used} == used
        assert not set(used) & set(plain)

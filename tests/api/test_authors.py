"""Judgments keep their author: one counts for each log, evaluator version and author."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.v5_calls import V5, Evaluated, Json, evaluated

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.models.json_values import NDJSON
from evals_mcp.store.teams.control import open_control

pytestmark = pytest.mark.anyio


async def _judged(v5: V5, log_id: str) -> list[tuple[str | None, Any]]:
    """The author and value of each evaluator log of a log."""
    found = await v5.ok("GET", f"/logs/{log_id}")
    return [(item["user"], item["judgment"]) for item in found["evaluator_logs"]]


async def _stats(v5: V5, made: Evaluated) -> Json:
    stats = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats")
    run = stats["run_stats"][0]
    found: Json = run["evaluator_stats"][0] | {"status": run["status"]}
    return found


async def test_authors_stand_beside_each_other(v5: V5) -> None:
    """Every GET returns both; the statistics count each author's judgment, and the run lacks none."""
    made = await evaluated(v5, 1)
    log_id = await v5.log(made.run, made.dataset["datapoints"][0])
    ids = [await v5.judge(log_id, value, user=user) for value, user in ((1, "ana"), (4, "ben"), (None, None))]
    both = [("ana", 1), ("ben", 4), (None, None)]
    assert await _judged(v5, log_id) == both
    (record,) = (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["records"]
    assert [(item["user"], item["judgment"]) for item in record["evaluator_logs"]] == both
    listed = (await v5.ok("GET", "/logs", file_id=made.evaluator["id"]))["records"]
    assert [item["id"] for item in listed] == ids[::-1]
    stats = await _stats(v5, made)
    assert (stats["total_logs"], stats["num_judgments"], stats["num_nulls"], stats["mean"]) == (3, 2, 1, 2.5)
    assert stats["status"] == "completed"


async def test_the_same_author_again_replaces(v5: V5) -> None:
    """Deleting the newest brings the author's one before back; others stay."""
    made = await evaluated(v5, 1)
    log_id = await v5.log(made.run, made.dataset["datapoints"][0])
    await v5.judge(log_id, 1, user="ana")
    await v5.judge(log_id, 2, user="ben")
    newest = await v5.judge(log_id, 4, user="ana")
    assert (await _stats(v5, made))["mean"] == 3
    await v5.ok("DELETE", "/logs", id=newest)
    stats = await _stats(v5, made)
    assert (stats["mean"], stats["total_logs"]) == (1.5, 2)


async def test_a_run_that_is_given_judged_logs_has_all_authors(v5: V5) -> None:
    """Existing logs bring the judgments of all authors; a log of the first run counts in both."""
    made = await evaluated(v5, 1)
    log_id = await v5.log(made.run, made.dataset["datapoints"][0])
    for value, user in ((1, "ana"), (4, "ben"), (5, "ben")):
        await v5.judge(log_id, value, user=user)
    second = await v5.run(made.evaluation)
    await v5.ok("POST", f"/evaluations/{made.evaluation['id']}/runs/{second['id']}/logs", {"log_ids": [log_id]})
    stats = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats")
    for run in stats["run_stats"]:
        (one,) = run["evaluator_stats"]
        assert (run["status"], one["num_judgments"], one["mean"]) == ("completed", 2, 3)


async def test_versions_of_an_evaluator_have_authors_of_their_own(v5: V5) -> None:
    """Where any version counts, each author's newest does; where both are attached, each version has its own."""
    made = await evaluated(v5, 1)
    newer = await v5.evaluator(attributes={"n": 2})
    log_id = await v5.log(made.run, made.dataset["datapoints"][0])
    use = {"path": None, "id": made.evaluator["id"]}
    for value, user, version in ((1, "ana", made.evaluator), (2, "ben", newer), (3, "ana", newer)):
        body = {"parent_id": log_id, "judgment": value, "user": user, **use}
        await v5.ok("POST", "/evaluators/log", body, version_id=version["version_id"])
    assert (await _stats(v5, made))["mean"] == 2.5
    place = f"/evaluations/{made.evaluation['id']}"
    await v5.ok("POST", f"{place}/evaluators", {"evaluators": [{"version_id": newer["version_id"]}]})
    stats = (await v5.ok("GET", f"{place}/stats"))["run_stats"][0]["evaluator_stats"]
    assert [(item["num_judgments"], item["mean"]) for item in stats] == [(1, 1), (2, 2.5)]


async def test_a_name_of_any_length_is_an_author(v5: V5) -> None:
    """Long names that differ only at the end are two authors."""
    made = await evaluated(v5, 1)
    log_id = await v5.log(made.run, made.dataset["datapoints"][0])
    for value, user in ((1, "x" * 5_000 + "a"), (2, "x" * 5_000 + "b"), (4, "x" * 5_000 + "b")):
        await v5.judge(log_id, value, user=user)
    assert (await _stats(v5, made))["mean"] == 2.5


async def test_the_aggregate_of_a_version_counts_a_log_once(v5: V5) -> None:
    """Two authors of one log have half of it each."""
    await evaluated(v5, 1)
    one, two = await v5.log(), await v5.log()
    for log_id, value, user in ((one, 0, "ana"), (one, 1, "ben"), (two, 1, "ana")):
        await v5.judge(log_id, value, user=user)
    found = await v5.ok("GET", "/prompts", path="bots/support", evaluator_aggregates=True)
    (record,) = found["records"]
    versions = await v5.ok("GET", f"/prompts/{record['id']}/versions", evaluator_aggregates=True)
    assert [item["value"] for item in versions["records"][0]["evaluator_aggregates"]] == [0.75]


@asynccontextmanager
async def _team(database: Path) -> AsyncIterator[dict[str | None, V5]]:
    """Calls with the keys of ana and ben, and by None without keys, as an assistant on the file makes them."""
    with closing(open_control(str(database))) as control:
        app = create_app(KeyedAccess(control))
        calls = {}
        for person in ("ana", "ben", None):
            key = control.create_key(None, person).secret if person else ""
            if person is None:
                app = create_app(OpenAccess(control.open(control.workspaces()[0])))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://api", headers={"X-API-KEY": key})
            calls[person] = V5(client)
        yield calls
        for call in calls.values():
            await call.client.aclose()


@pytest.mark.parametrize(("kind", "expected"), [("human", 2), ("external", 2), ("python", 1), ("llm", 1)])
async def test_the_person_of_the_key_is_the_author(tmp_path: Path, kind: str, expected: int) -> None:
    """Of what people judge; code and models are the same judge whoever runs them. A given user comes first."""
    async with _team(tmp_path / "evals.db") as team:
        made = await evaluated(team["ana"], 1)
        more: dict[str, Any] = {"prompt": {"model": "m", "template": "t"}} if kind == "llm" else {}
        await team["ana"].evaluator("judges/kind", kind=kind, **more)
        log_id = await team["ana"].log(made.run, made.dataset["datapoints"][0])
        for person, value in (("ana", 1), ("ben", 4)):
            await team[person].judge(log_id, value, "judges/kind")
        authors = [user for user, _ in await _judged(team["ana"], log_id)]
        assert authors == (["ana", "ben"] if expected == 2 else [None, None])
        await team["ben"].judge(log_id, 2, "judges/kind", user="ana")
        assert (await _judged(team["ana"], log_id))[-1] == ("ana", 2)


async def test_a_retry_by_another_key_or_without_one_is_the_same_judgment(tmp_path: Path) -> None:
    """An identical judgment with the same id keeps its author, singly and in bulk."""
    async with _team(tmp_path / "evals.db") as team:
        made = await evaluated(team["ana"], 1)
        log_id = await team["ana"].log(made.run, made.dataset["datapoints"][0])
        record = {
            "record": "judgment",
            "id": "mine",
            "evaluator_version_id": made.evaluator["version_id"],
            "judged_log_id": log_id,
            "judgment": 1,
        }
        line = httpx.Response(200, json=record).content
        for person in ("ana", "ben", None):
            body = {"path": "judges/score", "parent_id": log_id, "judgment": 1, "log_id": "mine"}
            await team[person].ok("POST", "/evaluators/log", body)
            headers = {"Content-Type": NDJSON}
            answer = await team[person].client.post("/v5/bulk", content=line, headers=headers)
            assert answer.status_code == 200, answer.text
        assert await _judged(team["ana"], log_id) == [("ana", 1)]
        other = line.replace(b'"mine"', b'"other"')
        await team["ben"].client.post("/v5/bulk", content=other, headers={"Content-Type": NDJSON})
        assert await _judged(team["ana"], log_id) == [("ana", 1), ("ben", 1)]


async def test_v4_keeps_authors(tmp_path: Path) -> None:
    """A result is that of the key's person; a datapoint lists the newest of each, and feedback keeps its user."""
    async with _team(tmp_path / "evals.db") as team:
        made = await evaluated(team["ana"], 1)
        log_id = await team["ana"].log(made.run, made.dataset["datapoints"][0])
        address = f"/v4/evaluations/{made.evaluation['id']}"
        for person, value in (("ana", 1), ("ben", 4), ("ana", 2)):
            body = {"log_id": log_id, "evaluator_id": made.evaluator["id"], "result": value}
            await team["ana"].client.patch(f"{address}/status", json={"status": "running"})
            answer = await team[person].client.post(f"{address}/result", json=body)
            assert answer.status_code == 201, answer.text
        found = (await team["ana"].client.get(f"{address}/datapoints")).json()
        results = found["records"][0]["evaluation_results"]
        assert sorted(item["value"] for item in results) == [2, 4]
        feedback = {"data_id": log_id, "type": "rating", "value": "good", "user": "ana"}
        assert (await team["ben"].client.post("/v4/feedback", json=feedback)).json()["user"] == "ana"

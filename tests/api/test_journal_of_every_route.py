"""Every write has one entry, but hand-outs, and nothing else has one: all routes, over a socket and in process."""

from typing import Any, get_args

import httpx
import pytest
from tests.every_route import Team, build, every_route
from tests.raw_rows import raw_rows

from evals_mcp.models.journal import WriteKind
from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio

_RECORDED = set(get_args(WriteKind))
_UNJOURNALED = {"POST /v5/review/evaluations/{id}/next"}
"""Routes that write and declare that they leave no entry: a hand-out is a lease, and no data of the evaluation."""


def _rows(store: Store) -> dict[str, list[str]]:
    """All rows but those of the journal."""
    return {table: rows for table, rows in raw_rows(store.database).items() if not table.startswith("journal")}


async def _entries(api: httpx.AsyncClient) -> Any:
    return (await api.get("/v5/journal", params={"size": 3})).json()


@pytest.mark.parametrize("emptied_store", ["sqlite"], indirect=True)
async def test_every_route_that_writes_leaves_one_entry(served_api: httpx.AsyncClient, store: Store) -> None:
    """A request that changed a row left an entry, whose handle it answered; any other, and a hand-out, left none."""
    team = Team(served_api)
    world = await build(team)
    before, total = _rows(store), (await _entries(served_api))["total"]
    wrote, kinds, unjournaled = 0, set(), set()
    for step in every_route(world):
        answer = await team.send(step)
        after, journal_now = _rows(store), await _entries(served_api)
        newest = journal_now["records"][0]
        changed, route = after != before, f"{step.method} {step.template}"
        declared = changed and answer.is_success and route in _UNJOURNALED
        expected = int(changed and answer.is_success and not declared)
        assert journal_now["total"] - total == expected, (step, answer.text, journal_now["records"][:2])
        assert answer.headers.get("x-evals-write") == (newest["id"] if expected else None), step
        if expected:
            wrote += 1
            kinds.add(newest["kind"])
            assert newest["route"] == route, newest
            assert newest["subject"], newest
            assert newest["undoable"] == (newest["kind"] in _RECORDED - {"undo"})
        elif declared:
            unjournaled.add(route)
        else:
            assert not changed, step
        before, total = after, journal_now["total"]
    assert wrote > 80
    assert unjournaled == _UNJOURNALED
    assert kinds > _RECORDED | {"delete_evaluation", "create_v4_logs", "import_traces", "delete_prompt"}


async def test_a_failed_write_leaves_no_entry(api: httpx.AsyncClient, store: Store) -> None:
    """Neither does one that is refused because its route cannot repeat its answer; without the request id it writes."""
    flow = {"path": "f", "attributes": {"n": 1}}
    refused = await api.post("/v5/flows", json=flow, headers={"Idempotency-Key": "r"})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]
    assert "x-evals-write" not in refused.headers
    assert (await api.get("/v5/flows")).json()["total"] == 0
    assert (await api.delete("/v5/evaluations/unknown")).status_code == 404
    assert (await _entries(api))["total"] == 0
    assert (await api.post("/v5/flows", json=flow)).is_success
    found = await _entries(api)
    entry = found["records"][0]
    assert (entry["kind"], entry["undoable"], found["total"]) == ("upsert_flow", False, 1)
    assert (await api.post(f"/v5/journal/{entry['id']}/undo")).status_code == 409


async def test_the_actor_is_the_name_in_the_header(api: httpx.AsyncClient, store: Store) -> None:
    """Percent-encoded, in any script; a name with control characters is refused and nothing is written."""
    flow = {"path": "f", "attributes": {"n": 1}}
    bad = await api.post("/v5/flows", json=flow, headers={"X-Evals-Actor": "a%00b"})
    assert (bad.status_code, bad.json()["detail"][0]["loc"]) == (422, ["header", "X-Evals-Actor"])
    named = await api.post("/v5/flows", json=flow, headers={"X-Evals-Actor": "Zo%C3%AB%20%E6%9D%8E"})
    assert named.is_success
    assert [entry["actor"] for entry in (await _entries(api))["records"]] == ["Zoë 李"]


async def test_a_log_is_changed_since_by_any_route(api: httpx.AsyncClient, store: Store) -> None:
    """Feedback of v4, an update of v4 and a trace are later changes of each log that they are about."""
    assert (await api.post("/v5/flows", json={"path": "f", "attributes": {"n": 1}})).is_success
    path = "/v5/flows/log"
    body = {"path": "f", "output": "a", "log_status": "incomplete"}
    writes = [await api.post(path, json=body) for _ in range(4)]
    ids = [write.json()["id"] for write in writes]
    feedback = [{"data_id": log_id, "type": "rating", "value": "good"} for log_id in ids[:2]]
    assert (await api.post("/v4/feedback", json=feedback)).is_success
    assert (await api.patch(f"/v4/logs/{ids[2]}", json={"duration": 2})).is_success
    attributes = {"humanloop.file.type": "flow", "humanloop.file.path": "f", "humanloop.log.id": ids[3]}
    attributes["humanloop.log.output"] = "traced"
    given = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    span = {"traceId": "0a", "spanId": "01", "name": "humanloop.flow", "attributes": given}
    spans = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    assert (await api.post("/v5/import/otel/v1/traces", json=spans)).is_success
    assert (await _entries(api))["total"] == 8
    for write in writes:
        refused = await api.post(f"/v5/journal/{write.headers['x-evals-write']}/undo")
        assert (refused.status_code, "changed since" in refused.text) == (409, True), refused.text

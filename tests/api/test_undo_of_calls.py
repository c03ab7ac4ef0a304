"""Writes of several things over HTTP: repeated by request id without doubling, undone exactly and once."""

from typing import Any

import httpx
import pytest
from tests.raw_rows import undone_rows
from tests.recount import check_counts

from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio

_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
_SET_UP = {
    "evaluation": "Refunds",
    "datapoints": [{"inputs": {"question": f"q{n}"}, "target": {"answer": "yes"}} for n in range(3)],
    "prompt": {"model": "small"},
    "evaluators": [{"name": "correct", "spec": _SPEC}],
}


async def _twice(
    api: httpx.AsyncClient, store: Store, path: str, body: Any, request_id: str
) -> tuple[str, Any, dict[str, list[str]]]:
    """Send a request twice with one id: the handle and the answer, which both have, and the rows before."""
    before = undone_rows(store.database)
    answers = [
        await api.post(f"/v5{path}", json=body, headers={"Idempotency-Key": request_id, "X-Evals-Tool": "t"})
        for _ in range(2)
    ]
    assert answers[0].is_success, answers[0].text
    handles = [answer.headers["x-evals-write"] for answer in answers]
    assert handles[0] == handles[1]
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert answers[0].json() == answers[1].json()
    check_counts(store)
    return handles[0], answers[0].json(), before


async def _undo(api: httpx.AsyncClient, handle: str, **query: bool) -> httpx.Response:
    return await api.post(f"/v5/journal/{handle}/undo", params=query)


async def _refused(api: httpx.AsyncClient, handle: str, words: str) -> None:
    answer = await _undo(api, handle)
    assert (answer.status_code, words in answer.json()["detail"]) == (409, True), answer.text


async def test_each_call_is_repeated_and_undone_exactly(api: httpx.AsyncClient, store: Store) -> None:
    """A set-up, outputs, added logs and evaluators: refused while something stands on them, then all rows are back."""
    await api.post("/v5/evaluators", json={"path": "tone", "spec": _SPEC})
    empty = undone_rows(store.database)
    set_up, made, before = await _twice(api, store, "/set-ups", _SET_UP, "r1")
    assert before == empty
    run = f"/evaluations/{made['evaluation']['id']}/runs/{made['run']['id']}"
    points = (await api.get(f"/v5/datasets/{made['dataset']['id']}/datapoints")).json()["records"]
    body = {"outputs": [{"datapoint_id": point["id"], "output": "a"} for point in points]}
    outputs, logged, before_outputs = await _twice(api, store, f"{run}/outputs", body, "r2")
    assert len(logged["log_ids"]) == 3
    other = {**_SET_UP, "evaluation": "Other", "version": "Refunds/prompt", "dataset": "Refunds/datapoints"}
    second, elsewhere, before_second = await _twice(api, store, "/set-ups", {**other, "datapoints": []}, "r3")
    target = f"/evaluations/{elsewhere['evaluation']['id']}"
    logs = f"{target}/runs/{elsewhere['run']['id']}/logs"
    added, _, before_added = await _twice(api, store, logs, {"log_ids": logged["log_ids"]}, "r4")
    assert (await api.patch(f"/v5{target}/runs/{elsewhere['run']['id']}", json={"status": "completed"})).is_success
    attached, _, before_attached = await _twice(
        api, store, f"{target}/evaluators", {"evaluators": [{"path": "tone", "orchestrated": False}]}, "r5"
    )
    await _refused(api, outputs, "in other runs")
    await _refused(api, second, "other logs")
    await _refused(api, set_up, "other logs")
    said = {"path": "tone", "parent_id": logged["log_ids"][0], "judgment": True}
    judgment = await api.post("/v5/evaluators/log", json=said)
    await _refused(api, attached, "judged logs")
    assert (await _undo(api, judgment.headers["x-evals-write"])).is_success
    assert (await _undo(api, attached)).is_success
    assert undone_rows(store.database) == before_attached
    await _refused(api, added, "completed")
    completed = (await api.get("/v5/journal", params={"size": 50})).json()["records"]
    change = next(entry["id"] for entry in completed if entry["kind"] == "update_run")
    assert (await _undo(api, change)).is_success
    for handle, rows, count in (
        (added, before_added, 3),
        (second, before_second, 3),
        (outputs, before_outputs, 3),
        (set_up, empty, 5),
    ):
        would = await _undo(api, handle, dry_run=True)
        assert (would.json()["id"], would.json()["rows_count"]) == (handle, count), would.text
        asked = await _undo(api, handle)
        assert (asked.status_code, asked.json()["detail"][0]["loc"]) == (422, ["query", "confirm"]), asked.text
        assert f"takes back {count} rows of `" in asked.text
        assert "Nothing was undone yet. Repeat it with `confirm=true`." in asked.text
        assert (await _undo(api, handle, confirm=True)).is_success
        assert undone_rows(store.database) == rows
        check_counts(store)
        await _refused(api, handle, "once")


async def test_an_undo_of_a_set_up_is_refused_while_its_parts_are_used(api: httpx.AsyncClient, store: Store) -> None:
    """A log of its version, a later version, a log for its datapoint, a control run: each stays, and so does all."""
    answer = await api.post("/v5/set-ups", json=_SET_UP)
    handle, made = answer.headers["x-evals-write"], answer.json()
    run = f"/v5/evaluations/{made['evaluation']['id']}/runs/{made['run']['id']}"
    control = await api.patch(run, json={"control": True})
    await _refused(api, handle, "control")
    assert (await _undo(api, control.headers["x-evals-write"])).is_success
    point = (await api.get(f"/v5/datasets/{made['dataset']['id']}/datapoints")).json()["records"][0]["id"]
    for body, words in (
        ({"path": "Refunds/prompt", "output": "a"}, "is used by logs"),
        ({"path": "other", "prompt": {"model": "m"}, "output": "a", "source_datapoint_id": point}, "is for one of"),
    ):
        log = await api.post("/v5/prompts/log", json=body)
        before = undone_rows(store.database)
        await _refused(api, handle, words)
        assert undone_rows(store.database) == before
        assert (await _undo(api, log.headers["x-evals-write"])).is_success
    more = {"evaluation": "Refunds", "datapoints": [{"inputs": {"question": "more"}}]}
    later = await api.post("/v5/set-ups", json=more)
    await _refused(api, handle, "later ones")
    assert (await _undo(api, later.headers["x-evals-write"], confirm=True)).is_success
    assert (await _undo(api, handle, confirm=True)).is_success
    check_counts(store)


async def test_a_request_id_also_holds_for_a_write_that_changed_nothing(api: httpx.AsyncClient, store: Store) -> None:
    """What others changed since stays; such a write, and a dry run, have nothing to undo."""
    made = (await api.post("/v5/set-ups", json=_SET_UP)).json()
    run = f"/v5/evaluations/{made['evaluation']['id']}/runs/{made['run']['id']}"
    same = {"Idempotency-Key": "r"}
    first = await api.patch(run, json={"control": False}, headers=same)
    assert (await api.patch(run, json={"control": True})).is_success
    again = await api.patch(run, json={"control": False}, headers=same)
    assert first.headers["x-evals-write"] == again.headers["x-evals-write"]
    assert again.json()["control"] is True
    await _refused(api, first.headers["x-evals-write"], "cannot be undone")
    dry = await api.post("/v5/set-ups", json={**_SET_UP, "evaluation": "x", "dry_run": True}, headers=same)
    assert (dry.status_code, "x-evals-write" in dry.headers) == (200, False)

"""The journal of writes over HTTP: what it tells, repeated requests, undo."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.application import AccessOfTest
from tests.recount import check_counts

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import Grant, OpenAccess
from evals_mcp.models.roles import Role
from evals_mcp.store.database.tables import journal
from evals_mcp.store.store import Store, open_store

pytestmark = pytest.mark.anyio

_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}


class KeyOfTest:
    """The access of somebody with an API key."""

    def __init__(self, store: Store, name: str, *, role: Role = Role.WRITE) -> None:
        self._grant = Grant(store, role, f"id of {name}", name)

    async def grant(self, key: str | None) -> Grant:
        """What the key grants."""
        return self._grant

    def check(self) -> None:
        """The store is there."""


async def _set_up(api: httpx.AsyncClient) -> dict[str, str]:
    """An evaluation with a run of a flow and an evaluator; their ids."""
    flow = (await api.post("/v5/flows", json={"path": "f", "attributes": {"n": 1}})).json()
    judge = (await api.post("/v5/evaluators", json={"path": "judge", "spec": _SPEC})).json()
    body = {"file": {"id": flow["id"]}, "name": "e", "evaluators": [{"path": "judge"}]}
    evaluation = (await api.post("/v5/evaluations", json=body)).json()["id"]
    runs = f"/v5/evaluations/{evaluation}/runs"
    run = (await api.post(runs, json={"version": {"path": "f"}, "orchestrated": False})).json()["id"]
    return {"evaluation": evaluation, "runs": runs, "run": run, "judge": judge["id"]}


def _as(request_id: str, tool: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": request_id} | ({} if tool is None else {"X-Evals-Tool": tool})


async def _journal(api: httpx.AsyncClient, size: int = 50) -> list[dict[str, Any]]:
    found = (await api.get("/v5/journal", params={"size": size})).json()
    records: list[dict[str, Any]] = found["records"]
    return records


async def _undo(api: httpx.AsyncClient, answer: httpx.Response) -> httpx.Response:
    return await api.post(f"/v5/journal/{answer.headers['x-evals-write']}/undo")


async def test_the_journal_tells_who_wrote_what(api: httpx.AsyncClient, access: AccessOfTest, store: Store) -> None:
    """Newest first, in pages, with the key's name, tool, route, request id, ids, and the names of changed fields."""
    access.now = KeyOfTest(store, "Ana")  # type: ignore[assignment]
    ids = await _set_up(api)
    log = await api.post("/v5/flows/log", json={"path": "f", "output": "a"}, headers=_as("r1", "log_generation"))
    log_id = log.json()["id"]
    await api.patch(f"/v5/flows/logs/{log_id}", json={"output": "b"})
    same = await api.patch(f"/v5/flows/logs/{log_id}", json={"output": "b"})
    assert "x-evals-write" not in same.headers
    changed, made, run, evaluation, judge, flow = await _journal(api)
    assert [entry["kind"] for entry in (judge, flow)] == ["upsert_evaluator", "upsert_flow"]
    assert (made["id"], made["actor"], made["tool"]) == (log.headers["x-evals-write"], "Ana", "log_generation")
    assert (made["route"], made["request_id"], made["kind"]) == ("POST /v5/flows/log", "r1", "create_log")
    assert (made["subject"], made["result"]["id"], made["undoable"]) == (log_id, log_id, True)
    assert (changed["kind"], changed["changed"], changed["tool"]) == ("update_log", ["output"], None)
    assert (run["subject"], evaluation["subject"]) == (ids["run"], ids["evaluation"])
    page = (await api.get("/v5/journal", params={"page": 2, "size": 1})).json()
    assert (page["total"], [entry["id"] for entry in page["records"]]) == (6, [made["id"]])
    assert (page["kept_days"], page["since"]) == (90, flow["created_at"])


async def test_the_writes_of_an_evaluation(api: httpx.AsyncClient, store: Store) -> None:
    """Those of its runs, logs, judgments and labels, of imports into it, and undos of these; and once it is deleted."""
    ids, other = await _set_up(api), "evr_other"
    log = await api.post("/v5/flows/log", json={"path": "f", "output": "a", "run_id": ids["run"]})
    await api.post("/v5/flows/log", json={"path": "f", "output": "b"})
    log_id = log.json()["id"]
    await api.post("/v5/evaluators/log", json={"path": "judge", "parent_id": log_id, "judgment": True})
    labels = {"evaluator": {"name": "mode"}, "labels": [{"log_id": log_id, "judgment": "tone"}], "kind": "human"}
    labelled = await api.post(f"/v5/evaluations/{ids['evaluation']}/labels", json=labels)
    evaluator = labelled.json()["evaluator"]["name"]
    await _undo(api, labelled)
    records: list[dict[str, Any]] = [
        {"record": "file", "id": "fl_1", "type": "flow", "path": "g"},
        {"record": "version", "id": "flv_1", "file_id": "fl_1", "content": {"attributes": {}}},
        {"record": "evaluation", "id": "evr_first", "file_id": "fl_1", "name": "first"},
        {"record": "evaluation", "id": other, "file_id": "fl_1", "name": "second"},
        {"record": "run", "id": "run_1", "evaluations": [{"evaluation_id": ids["evaluation"]}], "version_id": "flv_1"},
    ]
    headers = {"Content-Type": "application/x-ndjson", "X-Evals-Import": "i"}
    loaded = await api.post("/v5/bulk", content="\n".join(map(json.dumps, records)), headers=headers)
    assert loaded.is_success, loaded.text

    async def kinds(evaluation: str, **query: Any) -> list[str]:
        page = (await api.get("/v5/journal", params={"evaluation": evaluation, "size": 50, **query})).json()
        assert page["total"] == len(page["records"])
        return [entry["kind"] for entry in page["records"]]

    mine = ["import", "undo", "label_logs", "create_judgment", "create_log", "create_run", "create_evaluation"]
    assert await kinds(ids["evaluation"]) == mine
    assert await kinds(other) == await kinds("evr_first") == ["import"]
    entries = (await api.get("/v5/journal", params={"evaluation": ids["evaluation"], "check": True})).json()["records"]
    assert [entry.get("evaluator") for entry in entries[2:4]] == [evaluator, "judge"]
    refusals = {entry["kind"]: entry.get("undo_first") for entry in entries if "refusal" in entry}
    assert refusals.keys() == {"create_log", "create_run", "create_evaluation"}
    assert refusals["create_log"] == entries[3]["id"]
    assert (await api.delete(f"/v5/evaluations/{ids['evaluation']}")).is_success
    assert set(await kinds(ids["evaluation"])) >= {"delete_evaluation", "label_logs", "create_run", "create_evaluation"}
    assert (await api.get("/v5/journal", params={"evaluation": "evr_unknown"})).status_code == 404


async def test_the_writes_of_an_evaluation_stay_when_their_rows_go(api: httpx.AsyncClient, store: Store) -> None:
    """The creation of a deleted log, and what was done with a run that was taken out or whose evaluation is deleted."""
    ids = await _set_up(api)
    logs = [
        (await api.post("/v5/flows/log", json={"path": "f", "output": text, "run_id": ids["run"]})).json()["id"]
        for text in "ab"
    ]
    await api.post("/v5/evaluators/log", json={"path": "judge", "parent_id": logs[0], "judgment": True})
    body = {"file": {"path": "f"}, "name": "o", "evaluators": []}
    other = (await api.post("/v5/evaluations", json=body)).json()["id"]
    assert (await api.post(f"/v5/evaluations/{other}/runs/{ids['run']}")).is_success

    async def kinds(evaluation: str) -> list[str]:
        found = (await api.get("/v5/journal", params={"evaluation": evaluation})).json()["records"]
        return [entry["kind"] for entry in found]

    of_run = ["add_existing_run", "create_judgment", "create_log", "create_log", "create_run"]
    mine, others = [*of_run, "create_evaluation"], [of_run[0], "create_evaluation", *of_run[1:]]
    assert (await kinds(ids["evaluation"]), await kinds(other)) == (mine, others)
    assert (await api.delete("/v5/logs", params={"id": logs[0]})).is_success
    for known in (mine, others):
        known.remove("create_judgment")
    assert (await kinds(ids["evaluation"]), await kinds(other)) == (mine, others)
    assert (await api.delete(f"/v5/evaluations/{other}/runs/{ids['run']}")).is_success
    assert await kinds(other) == ["remove_run", "add_existing_run", "create_evaluation"]
    assert await kinds(ids["evaluation"]) == ["remove_run", *mine]
    assert (await api.delete(f"/v5/evaluations/{ids['evaluation']}")).is_success
    assert await kinds(ids["evaluation"]) == ["delete_evaluation", "create_run", "create_evaluation"]


async def test_a_repeated_request_writes_once(api: httpx.AsyncClient, store: Store) -> None:
    """Every kind of write gives the first one's ids and handle again; equal content without its id is another row."""
    ids = await _set_up(api)
    log = {"path": "f", "output": "a", "run_id": ids["run"]}
    first = await api.post("/v5/flows/log", json=log)
    judgment = {"path": "judge", "parent_id": first.json()["id"], "judgment": True}
    requests = [
        ("POST", "/v5/flows/log", log),
        ("POST", "/v5/evaluators/log", judgment),
        ("PATCH", f"/v5/flows/logs/{first.json()['id']}", {"output": "b"}),
        ("POST", ids["runs"], {"version": {"path": "f"}, "orchestrated": False}),
        ("PATCH", f"{ids['runs']}/{ids['run']}", {"control": True}),
        ("POST", "/v5/evaluations", {"name": "other", "evaluators": []}),
    ]
    for number, (method, path, body) in enumerate(requests):
        answers = [await api.request(method, path, json=body, headers=_as(f"r{number}")) for _ in range(2)]
        assert answers[0].is_success, answers[0].text
        assert answers[0].status_code == answers[1].status_code
        assert answers[0].json() == answers[1].json()
        assert answers[0].headers["x-evals-write"] == answers[1].headers["x-evals-write"]
        assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]
    assert len(await _journal(api)) == 5 + len(requests)
    page = (await api.get(f"/v5/evaluations/{ids['evaluation']}/logs")).json()
    assert page["total"] == 2
    check_counts(store)


async def test_a_request_id_is_of_one_request_of_one_key(
    api: httpx.AsyncClient, access: AccessOfTest, store: Store
) -> None:
    """Another body, path or query is refused and not written; another key has ids of its own; a bad id is refused."""
    access.now = KeyOfTest(store, "Ana")  # type: ignore[assignment]
    await _set_up(api)
    log = {"path": "f", "output": "a"}
    assert (await api.post("/v5/flows/log", json=log, headers=_as("r"))).is_success
    for path, body in (
        ("/v5/flows/log", {**log, "output": "b"}),
        ("/v5/flows/log?environment=production", log),
        ("/v5/evaluations", {"name": "x", "evaluators": []}),
    ):
        refused = await api.post(path, json=body, headers=_as("r"))
        assert refused.status_code == 422, refused.text
        assert refused.json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]
        assert "belongs to another request" in refused.json()["detail"][0]["msg"]
    for bad in ("", "x" * 201):
        assert (await api.post("/v5/flows/log", json=log, headers=_as(bad))).status_code == 422
    access.now = KeyOfTest(store, "Ben")  # type: ignore[assignment]
    other = await api.post("/v5/flows/log", json={**log, "output": "b"}, headers=_as("r"))
    assert other.is_success
    assert "idempotent-replayed" not in other.headers
    assert len(await _journal(api)) == 6


async def test_undo_takes_a_write_back_once(api: httpx.AsyncClient, store: Store) -> None:
    """Statistics are what they were; a second undo, a request repeated after it, and other handles are refused."""
    ids = await _set_up(api)
    stats = f"/v5/evaluations/{ids['evaluation']}/stats"
    body = {"path": "f", "output": "a", "run_id": ids["run"]}
    log = (await api.post("/v5/flows/log", json={**body, "log_status": "complete"})).json()["id"]
    said = {"path": "judge", "parent_id": log, "judgment": True}
    assert (await api.post("/v5/evaluators/log", json=said)).is_success
    before = (await api.get(stats)).json()
    judgment = await api.post("/v5/evaluators/log", json={**said, "judgment": False}, headers=_as("r"))
    assert (await api.get(stats)).json() != before
    undone = await _undo(api, judgment)
    assert undone.is_success, undone.text
    assert (undone.json()["kind"], undone.json()["undoable"]) == ("undo", False)
    assert undone.json()["subject"] == judgment.headers["x-evals-write"]
    assert (await api.get(stats)).json() == before
    check_counts(store)
    again = await _undo(api, judgment)
    assert (again.status_code, "once" in again.json()["detail"]) == (409, True)
    repeated = await api.post("/v5/evaluators/log", json={**said, "judgment": False}, headers=_as("r"))
    assert (repeated.status_code, "was undone" in repeated.json()["detail"]) == (409, True)
    assert (await _undo(api, undone)).status_code == 409
    for handle in ("write_1_00000000", "write_99_" + judgment.headers["x-evals-write"][-8:], "nonsense", "write_0_x"):
        assert (await api.post(f"/v5/journal/{handle}/undo")).status_code == 404
    assert sum(entry["undone_at"] is not None for entry in await _journal(api)) == 1


async def test_an_undo_is_refused_after_what_was_built_on_the_write(api: httpx.AsyncClient, store: Store) -> None:
    """Each refusal says what stands on the write; undone in the other order, all of them go and leave nothing."""
    body = {"name": "e", "evaluators": []}
    assert (await api.post("/v5/flows", json={"path": "f", "attributes": {"n": 1}})).is_success
    assert (await api.post("/v5/evaluators", json={"path": "judge", "spec": _SPEC})).is_success
    evaluation = await api.post("/v5/evaluations", json=body)
    runs = f"/v5/evaluations/{evaluation.json()['id']}/runs"
    run = await api.post(runs, json={"orchestrated": False})
    run_id = run.json()["id"]
    log = await api.post("/v5/flows/log", json={"path": "f", "output": "a", "run_id": run_id})
    change = await api.patch(f"/v5/flows/logs/{log.json()['id']}", json={"output": "b", "log_status": "complete"})
    said = {"path": "judge", "parent_id": log.json()["id"], "judgment": True}
    judgments = [await api.post("/v5/evaluators/log", json=said) for _ in range(2)]
    control = await api.patch(f"{runs}/{run_id}", json={"control": True})
    writes = [evaluation, run, log, change, *judgments, control]
    words = ["has runs", "control", "changed since", "judged since", "judged the log again"]
    for write, word in zip(writes[:5], words, strict=True):
        refused = await _undo(api, write)
        assert (refused.status_code, word in refused.json()["detail"]) == (409, True), refused.text
    assert f"since, by `{change.headers['x-evals-write']}`" in (await _undo(api, log)).text
    for write in reversed(writes):
        undone = await _undo(api, write)
        assert undone.is_success, undone.text
        check_counts(store)
    assert (await api.get(f"/v5/evaluations/{evaluation.json()['id']}")).status_code == 404
    assert (await api.get(f"/v5/logs/{log.json()['id']}")).status_code == 404


async def test_a_deleted_log_leaves_no_text_in_the_journal(api: httpx.AsyncClient, store: Store) -> None:
    """What a change had replaced goes with the log; its entries stay and say that they cannot be undone."""
    await _set_up(api)
    log = (await api.post("/v5/flows/log", json={"path": "f", "output": "secret zebra"})).json()["id"]
    change = await api.patch(f"/v5/flows/logs/{log}", json={"output": "b"})
    with store.database.read() as connection:
        assert "zebra" in str(connection.exec_driver_sql(_ALL.format(_schema(store))).all())
    assert (await api.delete("/v5/logs", params={"id": log})).is_success
    with store.database.read() as connection:
        assert "zebra" not in str(connection.exec_driver_sql(_ALL.format(_schema(store))).all())
    assert [entry["undoable"] for entry in await _journal(api)][:2] == [False, False]
    assert (await _undo(api, change)).status_code == 409


async def test_an_overwritten_log_leaves_no_text_in_the_journal(api: httpx.AsyncClient, store: Store) -> None:
    """A copy that replaces or clears a log takes along what an earlier change had replaced."""
    ids = await _set_up(api)
    made = [await api.post("/v5/flows/log", json={"path": "f", "output": "zebra", "run_id": ids["run"]}) for _ in "ab"]
    logs = [answer.json()["id"] for answer in made]
    for log in logs:
        assert (await api.patch(f"/v5/flows/logs/{log}", json={"output": "b"})).is_success
    version = (await api.get(f"/v5/logs/{logs[0]}")).json()["flow"]["version_id"]
    replaced = {"record": "log", "id": logs[0], "version_id": version, "output": "c", "run_ids": [ids["run"]]}
    headers = {"Content-Type": "application/x-ndjson"}
    for record, left in ((replaced, 1), ({"record": "clear", "run_id": ids["run"]}, 0)):
        answer = await api.post("/v5/bulk?overwrite=true", content=json.dumps(record), headers=headers)
        assert answer.is_success, answer.text
        with store.database.read() as connection:
            kept = connection.exec_driver_sql(_ALL.format(_schema(store))).all()
        assert sum("zebra" in str(row) for row in kept) == left
    assert [entry["kind"] for entry in await _journal(api)][:2] == ["import", "import"]


async def test_a_key_that_cannot_write_reads_the_journal(
    api: httpx.AsyncClient, access: AccessOfTest, store: Store
) -> None:
    """It lists the writes and undoes none."""
    ids = await _set_up(api)
    entry = (await _journal(api))[0]
    access.now = KeyOfTest(store, "Guest", role=Role.READ)  # type: ignore[assignment]
    assert (await _journal(api))[0] == entry
    assert (await api.post(f"/v5/journal/{entry['id']}/undo")).status_code == 403
    assert len((await api.get(ids["runs"])).json()["runs"]) == 1


_ALL = "SELECT * FROM {}journal"


def _schema(store: Store) -> str:
    return f'"{store.database.schema}".' if store.database.schema else ""


async def test_what_the_server_wrote_goes_with_its_cause(api: httpx.AsyncClient, store: Store) -> None:
    """Errors of orchestrated runs and evaluators do not block the undo of what caused them; what uses them does."""
    ids = await _set_up(api)
    dataset = {"path": "d", "datapoints": [{"inputs": {"q": "1"}}, {"inputs": {"q": "2"}}]}
    assert (await api.post("/v5/datasets", json=dataset)).is_success
    python = {"path": "py", "spec": {**_SPEC, "evaluator_type": "python", "code": "x"}}
    assert (await api.post("/v5/evaluators", json=python)).is_success
    attached = await api.post(f"/v5/evaluations/{ids['evaluation']}/evaluators", json={"evaluators": [{"path": "py"}]})
    assert attached.is_success
    logs = {"size": 50}
    pages = f"/v5/evaluations/{ids['evaluation']}/logs"
    run = await api.post(ids["runs"], json={"version": {"path": "f"}, "dataset": {"path": "d"}, "orchestrated": True})
    made = (await api.get(pages, params=logs)).json()["records"]
    assert [len(record["evaluator_logs"]) for record in made] == [1, 1]
    log = await api.post("/v5/flows/log", json={"path": "f", "output": "a", "run_id": ids["run"]})
    log_id = log.json()["id"]
    change = await api.patch(f"/v5/flows/logs/{log_id}", json={"output": "b", "log_status": "complete"})
    entries = [entry["kind"] for entry in await _journal(api, 3)]
    assert entries == ["update_log", "create_log", "create_run"]
    said = {"path": "judge", "parent_id": made[0]["log"]["id"], "judgment": True}
    judgment = await api.post("/v5/evaluators/log", json=said)
    refused = await _undo(api, run)
    assert (refused.status_code, judgment.json()["id"] in refused.text) == (409, True), refused.text
    for write in (judgment, change, log, run):
        undone = await _undo(api, write)
        assert undone.is_success, undone.text
        check_counts(store)
    assert (await api.get(pages, params=logs)).json()["total"] == 0
    assert [entry["id"] for entry in (await api.get(ids["runs"])).json()["runs"]] == [ids["run"]]


async def test_an_import_is_one_entry_and_one_undo(api: httpx.AsyncClient, store: Store) -> None:
    """Batches of one id share it; undoing several rows needs `confirm`; another load with the id is refused then."""
    files: list[dict[str, Any]] = [
        {"record": "file", "id": "fl_1", "type": "flow", "path": "team/f"},
        {"record": "version", "id": "flv_1", "file_id": "fl_1", "content": {"attributes": {"n": 1}}},
    ]
    logs = [{"record": "log", "id": f"log_{n}", "version_id": "flv_1", "output": "zebra"} for n in range(3)]
    headers = {"Content-Type": "application/x-ndjson", "X-Evals-Import": "i", "X-Evals-Tool": "loader"}

    async def load(records: list[dict[str, Any]], **more: str) -> httpx.Response:
        return await api.post("/v5/bulk", content="\n".join(map(json.dumps, records)), headers={**headers, **more})

    assert (await load(files, **{"Idempotency-Key": "k"})).status_code == 422
    answers = [await load(records) for records in (files, logs, logs)]
    (entry,) = await _journal(api)
    assert [answer.headers.get("x-evals-write") for answer in answers] == [entry["id"], entry["id"], None]
    assert (entry["kind"], entry["subject"], entry["tool"]) == ("import", "fl_1", "loader")
    assert entry["result"] == {"added": {"file": 1, "version": 1, "log": 3}}
    refused = await _undo(api, answers[0])
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["query", "confirm"])
    assert "deletes 5 rows (file 1, version 1, log 3)" in refused.text
    undone = await api.post(f"/v5/journal/{entry['id']}/undo", params={"confirm": True})
    assert undone.is_success, undone.text
    counts = (await api.get("/v5/bulk/counts")).json()
    assert [counts.get(kind, 0) for kind in ("file", "version", "log")] == [0, 0, 0]
    assert [found["path"] for found in (await api.get("/v5/directories")).json()] == [""]
    again = await load(files)
    assert (again.status_code, "was undone" in again.text) == (409, True)


async def test_old_entries_are_pruned(tmp_path: Path) -> None:
    """After the days of the setting they go with a later write, with what they brought; the journal says since when."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with closing(open_store(str(tmp_path / "evals.db"), clock=lambda: now, journal_days=30)) as store:
        transport = httpx.ASGITransport(create_app(OpenAccess(store)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as api:
            for day in (0, 20, 40):
                now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
                flow = {"path": f"f{day}", "attributes": {"n": day}}
                assert (await api.post("/v5/flows", json=flow)).is_success
            found = (await api.get("/v5/journal")).json()
    assert (found["total"], found["kept_days"], found["since"]) == (2, 30, "2026-01-21T00:00:00Z")


async def test_a_total_counts_some_thousand_writes_and_says_so(api: httpx.AsyncClient, store: Store) -> None:
    """A first page costs the same however long the journal is; whoever turns its pages reaches the last one."""
    await api.post("/v5/flows", json={"path": "f", "attributes": {"n": 1}})
    entry = {"tag": "0" * 8, "created_at": store.database.now(), "key_id": "", "kind": "create_log", "subject": "log_x"}
    with store.database.write() as connection:
        connection.execute(journal.insert(), [{**entry, "result": {}}] * 10_012)
    pages = [(await api.get("/v5/journal", params={"size": 10, "page": page})).json() for page in (1, 2, 1002)]
    assert [(page["total"], page.get("total_is_least")) for page in pages] == [
        (10_010, True),
        (10_013, None),
        (10_013, None),
    ]
    assert len(pages[-1]["records"]) == 3

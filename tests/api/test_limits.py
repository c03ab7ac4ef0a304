"""The limits of a workspace: told before they are reached, then refused whole, while reads go on."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.every_route import LINES, document

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.api.middleware.limits import may_be_tried
from evals_mcp.models.roles import Role
from evals_mcp.store.database.meter import RENEWED_SECONDS, Limits, Meter
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import Store, open_store
from evals_mcp.store.teams.control import open_control

pytestmark = pytest.mark.anyio
_FLOW = {"path": "f", "attributes": {"n": 1}}
_LOG = {"path": "f", "output": "a"}


class Limited:
    """A store with limits that a test sets, and a clock that it moves."""

    def __init__(self, store: Store) -> None:
        self.now = 0.0
        self.limits = Limits()
        self.store = store
        store.limit_by(Meter(store.database, lambda: self.limits, lambda: self.now))
        self.api = _client(create_app(OpenAccess(store)))

    def limit(self, **limits: int) -> None:
        """Set limits, and let time pass until they are known."""
        self.limits = Limits(**limits)
        self.wait()

    def wait(self, seconds: float = RENEWED_SECONDS) -> None:
        """Let time pass."""
        self.now += seconds

    async def log(self) -> int:
        """The status of an answer to a new log."""
        return (await self.api.post("/v5/flows/log", json=_LOG)).status_code

    async def logs(self) -> int:
        """How many logs a read finds."""
        (flow,) = (await self.api.get("/v5/flows")).json()["records"]
        found = (await self.api.get("/v5/logs", params={"file_id": flow["id"]})).json()
        return len(found["records"])


Open = Callable[[], Limited]


@pytest.fixture
def opened(database_address: str) -> Iterator[Open]:
    """Opens the same database again with each call, as another server does."""
    with ExitStack() as stores:
        schema = "team" if "://" in database_address else None

        def open_again() -> Store:
            return stores.enter_context(closing(open_store(database_address, schema)))

        open_again().files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
        yield lambda: Limited(open_again())


def _client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_no_log_is_written_beyond_the_limit(opened: Open) -> None:
    """By none of two servers, however many one request brings. Reads go on; a deleted log makes room."""
    one, other = opened(), opened()
    for server in (one, other):
        server.limit(logs=5)
    assert [await one.log(), await other.log(), await one.log()] == [200] * 3
    version = (await one.api.get("/v5/flows")).json()["records"][0]["version_id"]
    lines = "\n".join(f'{{"record":"log","id":"l{n}","version_id":"{version}","output":"a"}}' for n in range(3))
    for server in (one, other):
        bulk = await server.api.post("/v5/bulk", content=lines, headers=LINES)
        assert bulk.status_code == 507
        assert "limit of 5 logs. Nothing was written. Delete" in bulk.json()["detail"]
    assert await one.logs() == 3
    total = (await one.api.get("/v5/journal")).json()["total"]
    assert total == 3
    assert [await other.log(), await one.log(), await other.log(), await one.log()] == [200, 200, 507, 507]
    for server in (one, other):
        assert (await server.api.patch("/v5/flows/logs/l", json={"output": "b"})).status_code == 404
        assert await server.logs() == 5
    assert (await one.api.post("/v5/flows", json={**_FLOW, "path": "g"})).is_success
    (first, *_) = (await one.api.get("/v5/logs", params={"file_id": await _flow(one)})).json()["records"]
    assert (await one.api.delete("/v5/logs", params={"id": first["id"]})).is_success
    for server in (one, other):
        server.wait()
    assert [await other.log(), await one.log()] == [200, 507]


async def _flow(server: Limited) -> str:
    records = (await server.api.get("/v5/flows", params={"name": "f"})).json()["records"]
    return str(records[0]["id"])


async def test_what_is_left_is_told_from_four_fifths_on(opened: Open) -> None:
    """In each answer, with the words of RateLimit."""
    server = opened()
    server.limit(logs=10)
    for _ in range(7):
        answer = await server.api.post("/v5/flows/log", json=_LOG)
        assert "x-evals-limits" not in answer.headers
    for left in (2, 1, 0):
        answer = await server.api.post("/v5/flows/log", json=_LOG)
        assert answer.headers["x-evals-limits"] == f'"logs";q=10;r={left}'
    refused = await server.api.post("/v5/flows/log", json=_LOG)
    assert (refused.status_code, refused.headers["x-evals-limits"]) == (507, '"logs";q=10;r=0')
    assert (await server.api.get("/v5/flows")).headers["x-evals-limits"] == '"logs";q=10;r=0'


async def test_full_storage_takes_nothing_but_lets_go(opened: Open) -> None:
    """Every write is refused before its body is read; deleting and undoing are not."""
    server = opened()
    made = await server.api.post("/v5/flows/log", json=_LOG)
    server.limit(bytes=100_000)
    for method, path in (("POST", "/v5/flows"), ("PATCH", "/v5/flows/logs/x"), ("POST", "/v5/bulk")):
        refused = await server.api.request(method, path, content=b"no JSON")
        assert (refused.status_code, "limit of 100.0 kB" in refused.text) == (507, True)
        assert refused.headers["x-evals-limits"] == '"bytes";q=100000;r=0'
    assert (await server.api.delete("/v5/logs", params={"id": made.json()["id"]})).is_success
    undo = await server.api.post("/v5/journal/write_9_00000000/undo")
    assert undo.status_code == 404
    assert (await server.api.get("/v5/logs", params={"file_id": await _flow(server)})).json()["records"] == []
    server.limit(bytes=10**9)
    assert await server.log() == 200


async def test_bytes_that_came_in_count_until_the_next_look(opened: Open) -> None:
    """A server may take no more in between two looks than its limit has room for."""
    server = opened()
    await server.log()
    server.limit(bytes=10**7)
    statuses = [
        (await server.api.post("/v5/flows/log", json={**_LOG, "output": "a" * 3 * 10**6})).status_code for _ in range(5)
    ]
    assert sorted(set(statuses)) == [200, 507]
    assert statuses == sorted(statuses)
    assert statuses.count(200) in (3, 4)


async def test_requests_of_a_minute_are_counted(opened: Open) -> None:
    """What is left is in each answer; one too many gets 429 and when to come back. Health needs no key and no count."""
    server = opened()
    await server.log()
    assert "ratelimit" not in (await server.api.get("/v5/flows")).headers
    server.limit(requests=3)
    for left in (2, 1, 0):
        answer = await server.api.get("/v5/flows")
        assert answer.headers["ratelimit-policy"] == '"requests";q=3;w=60'
        assert answer.headers["ratelimit"] == f'"requests";r={left};t=60'
    server.wait(20)
    refused = await server.api.get("/v5/flows")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    assert refused.headers["ratelimit"] == '"requests";r=0;t=40'
    assert "limit of 3 requests a minute. Wait 40 s" in refused.json()["detail"]
    assert (await server.api.get("/health")).status_code == 200
    server.wait(40)
    assert (await server.api.get("/v5/flows")).status_code == 200


async def test_what_is_refused_to_a_key_counts_too(tmp_path: Path) -> None:
    """Else somebody could keep a server busy with what their role may not do."""
    with closing(open_control(str(tmp_path / "evals.db"))) as control:
        control.limit_workspace("default", Limits(requests=2))
        secret = control.create_key(None, "ann", role=Role.READ).secret
        client = _client(create_app(KeyedAccess(control), keys=control))
        sent = [
            await client.request(method, path, json=_FLOW, headers={"X-API-KEY": secret})
            for method, path in (("POST", "/v5/flows"), ("POST", "/keys"), ("POST", "/v5/flows"), ("GET", "/keys"))
        ]
    assert [answer.status_code for answer in sent] == [403, 403, 429, 429]
    assert sent[1].headers["ratelimit"] == '"requests";r=0;t=60'


async def test_what_is_only_tried_needs_no_room(opened: Open) -> None:
    """Labels, outputs, logs of a run and a run that is set up; what is written of them is refused, as before."""
    server = opened()
    log = (await server.api.post("/v5/flows/log", json=_LOG)).json()["id"]
    set_up = {"evaluation": "e", "dataset": "d", "datapoints": [{"inputs": {"q": "1"}}], "version": "f"}
    made = (await server.api.post("/v5/set-ups", json=set_up)).json()
    evaluation = made["evaluation"]["id"]
    run = f"/v5/evaluations/{evaluation}/runs/{made['run']['id']}"
    await server.api.post(f"{run}/logs", json={"log_ids": [log]})
    points = (await server.api.get("/v5/datasets", params={"name": "d"})).json()["records"][0]["id"]
    (point,) = (await server.api.get(f"/v5/datasets/{points}/datapoints")).json()["records"]
    label = {"evaluator": {"name": "good"}, "labels": [{"log_id": log, "judgment": True}], "kind": "human"}
    tries: dict[str, Any] = {
        f"/v5/evaluations/{evaluation}/labels": label,
        f"{run}/outputs": {"outputs": [{"datapoint_id": point["id"], "output": "b"}]},
        f"{run}/logs": {"log_ids": [log]},
        "/v5/set-ups": {**set_up, "evaluation": "new"},
    }
    for limits in ({"logs": 1}, {"bytes": 1}):
        server.limit(**limits)
        for path, content in tries.items():
            tried = await server.api.post(path, json={**content, "dry_run": True})
            assert tried.status_code == 200, (path, tried.text)
            written = await server.api.post(path, json=content)
            adds_none = path == "/v5/set-ups" and "logs" in limits
            assert written.status_code == (200 if adds_none else 507), (path, written.text)


def test_all_that_can_be_tried_is_known_to_the_limits() -> None:
    """Every route with `dry_run` in its body: one that is not would be refused although it writes nothing."""
    schemas = document()["components"]["schemas"]
    tried = {
        path
        for path, operations in document()["paths"].items()
        for operation in operations.values()
        if "dry_run" in _properties(operation.get("requestBody", {}), schemas)
    }
    assert len(tried) >= 4
    filled = [re.sub(r"\{\w+\}", "x", path) for path in tried]
    assert [path for path in filled if not may_be_tried(path)] == []


def _properties(body: Any, schemas: dict[str, Any]) -> set[str]:
    """The names in the JSON body of an operation."""
    reference = body.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    return set(schemas.get(reference.rpartition("/")[2], {}).get("properties", {}))


async def test_keys_are_administered_whatever_was_used_up(tmp_path: Path) -> None:
    """Else whoever stole a key could keep it: with requests of a minute, or with storage."""
    with closing(open_control(str(tmp_path / "evals.db"))) as control:
        control.limit_workspace("default", Limits(bytes=1, requests=1))
        admin, stolen = (control.create_key(None, role.word, role=role) for role in (Role.ADMIN, Role.WRITE))
        client = _client(create_app(KeyedAccess(control), keys=control))
        headers = {"X-API-KEY": stolen.secret}
        assert (await client.post("/v5/flows", json=_FLOW, headers=headers)).status_code == 507
        assert (await client.get("/v5/flows", headers=headers)).status_code == 429
        headers = {"X-API-KEY": admin.secret}
        revoked = await client.post(f"/keys/{stolen.key.id}/revoke", headers=headers)
        assert (revoked.status_code, "ratelimit" in revoked.headers) == (200, False)
        assert (await client.post("/keys", json={"name": "new"}, headers=headers)).status_code == 201

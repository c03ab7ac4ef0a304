"""Roles: what no route opens, and what somebody may write who only labels. `test_every_route` has what each needs."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from tests.api.v5_calls import V5, Evaluated, evaluated

from evals_mcp.api.app import create_app
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.api.needs import need_of
from evals_mcp.models.roles import Role
from evals_mcp.store.database.acts import Act, begin_act, without_act
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.teams.control import Control, open_control

pytestmark = pytest.mark.anyio


@pytest.fixture
def control(database_address: str) -> Iterator[Control]:
    """Teams of an empty database: of its one workspace on SQLite, of `team` on PostgreSQL."""
    with closing(open_control(database_address)) as opened:
        if not opened.database.is_sqlite:
            opened.create_workspace("team")
        yield opened


def _secret(control: Control, name: str, role: Role) -> str:
    return control.create_key(control.workspaces()[0].name, name, role=role).secret


@pytest.fixture
def clients(control: Control) -> dict[str, httpx.AsyncClient]:
    """A client for each role, and `bob`, another one who only labels; the names are those of the keys."""
    transport = httpx.ASGITransport(create_app(KeyedAccess(control), keys=control))
    roles = {role.word: role for role in Role} | {"bob": Role.LABEL}
    return {
        name: httpx.AsyncClient(
            transport=transport,
            base_url="http://localhost",
            headers={"X-API-KEY": _secret(control, name, role)},
        )
        for name, role in roles.items()
    }


def test_what_no_rule_names_needs_to_write() -> None:
    """A new route is closed; ids that look like the end of another route open nothing."""
    for method, path in (
        ("POST", "/v5/something/new"),
        ("POST", "/v5/evaluations/x/runs/call"),
        ("POST", "/v5/evaluations/x/runs/labels"),
        ("POST", "/v5/review/evaluations/x/new"),
        ("POST", "/v5/flows/x/versions/y/populate"),
        ("PUT", "/v5/review/evaluators/x/examples"),
        ("DELETE", "/v5/logs/x"),
        ("DELETE", "/v5/journal/x/undo"),
        ("TRACE", "/v5/flows"),
        ("PATCH", "/v5/flows/x"),
        ("POST", "/v5/review/evaluations/x/logs/new"),
        ("POST", "/v5/prompts/x/populate/new"),
        ("POST", "/v5/evaluations/x/labels/new"),
        ("POST", "/v5/tools/calls"),
    ):
        assert need_of(method, path) is Role.WRITE, (method, path)
    for method, path in (("GET", "/keys"), ("POST", "/keys/x/revoke"), ("POST", "/keys/new/route")):
        assert need_of(method, path) is Role.ADMIN, (method, path)
    assert need_of("POST", "/keyshop") is Role.WRITE


async def test_a_server_that_only_reads_says_so(control: Control) -> None:
    """Whatever the key may; it is not the key that is too weak."""
    from evals_mcp.api.grants import ReadOnly

    key = _secret(control, "ann", Role.ADMIN)
    transport = httpx.ASGITransport(create_app(ReadOnly(KeyedAccess(control)), keys=control))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers={"X-API-KEY": key}
    ) as client:
        for path in ("/v5/flows", "/keys"):
            refused = await client.post(path, json={})
            assert (refused.status_code, refused.json()["detail"]) == (403, "This server is read-only.")


class _Reviewed:
    """An evaluation with one log, made by who may write, and what people do to it."""

    def __init__(self, clients: dict[str, httpx.AsyncClient], made: Evaluated, log_id: str) -> None:
        self._clients = clients
        self.made = made
        self.log_id = log_id

    async def label(self, who: str, judgment: Any, **more: Any) -> httpx.Response:
        """A label of the log."""
        label = {"log_id": self.log_id, "judgment": judgment}
        body = {"evaluator": {"name": "tone"}, "labels": [label], "kind": "human", **more}
        return await self._clients[who].post(f"/v5/evaluations/{self.made.evaluation['id']}/labels", json=body)

    async def judge(self, who: str, **more: Any) -> httpx.Response:
        """An evaluator log of the log."""
        body = {"id": self.made.evaluator["id"], "parent_id": self.log_id, "judgment": 4, **more}
        return await self._clients[who].post("/v5/evaluators/log", json=body)

    async def judged(self) -> list[tuple[str | None, Any]]:
        """Authors and judgments of the log."""
        found = (await self._clients["read"].get(f"/v5/logs/{self.log_id}")).json()
        return [(item["user"], item["judgment"]) for item in found["evaluator_logs"]]


@pytest.fixture
async def reviewed(clients: dict[str, httpx.AsyncClient]) -> _Reviewed:
    """What there is to label."""
    v5 = V5(clients["write"])
    made = await evaluated(v5, 1)
    return _Reviewed(clients, made, await v5.log(made.run, made.dataset["datapoints"][0]))


async def test_who_labels_judges_in_their_own_name(clients: dict[str, httpx.AsyncClient], reviewed: _Reviewed) -> None:
    """As a person and as an assistant, again, and through the evaluators' own route; what they replace is theirs."""
    first = (await reviewed.label("label", "kind")).json()
    assert first["author"] == "label"
    again = await reviewed.label("label", "rude", author="label")
    assert again.json()["labels"][0]["replaced"]["id"] == first["labels"][0]["id"]
    assert (await reviewed.label("label", "kind", kind="assistant")).json()["author"] == "label"
    assert (await reviewed.judge("label")).status_code == 200
    assert (await reviewed.label("write", "kind", author="carol")).json()["author"] == "carol"
    assert [author for author, _ in await reviewed.judged()] == ["label"] * 4 + ["carol"]
    asked = {"reviewer": "label"}
    path = f"/v5/review/evaluations/{reviewed.made.evaluation['id']}/next"
    assert (await clients["label"].post(path, json=asked)).status_code == 200


async def test_who_labels_reviews_in_their_own_name(clients: dict[str, httpx.AsyncClient], reviewed: _Reviewed) -> None:
    """Else one key could keep all logs from everybody, or put back what another reviewer has."""
    path = f"/v5/review/evaluations/{reviewed.made.evaluation['id']}/next"
    for name in ("bob", "nobody"):
        refused = await clients["label"].post(path, json={"reviewer": name, "skip": True})
        assert (refused.status_code, "The reviewer is `label`." in refused.json()["detail"]) == (403, True)
    given = await clients["bob"].post(path, json={"reviewer": "bob"})
    assert given.json()["item"]["log"]["id"] == reviewed.log_id
    assert (await clients["write"].post(path, json={"reviewer": "bob"})).json()["item"] is not None


async def test_who_labels_judges_for_nobody_else(clients: dict[str, httpx.AsyncClient], reviewed: _Reviewed) -> None:
    """Not in another name, not for code or a model, and not by a version that comes with the judgment; nothing is
    stored."""
    spec = {"arguments_type": "target_free", "return_type": "number"}
    code = {**spec, "evaluator_type": "python", "code": "def check(log):\n    return 1"}
    made = await clients["write"].post("/v5/evaluators", json={"path": "code", "spec": code})
    before = (await clients["write"].get("/v5/evaluators")).json()
    for answer, why in (
        (await reviewed.label("label", "kind", author="carol"), "in another name"),
        (await reviewed.judge("label", user="carol"), "in another name"),
        (await reviewed.judge("label", id=made.json()["id"]), "for code or a model"),
        (await reviewed.judge("label", id=None, path="new", spec={**spec, "evaluator_type": "human"}), "evaluator"),
    ):
        assert answer.status_code == 403, answer.text
        assert why in answer.json()["detail"]
        assert "needs the role `write`" in answer.json()["detail"]
    assert await reviewed.judged() == []
    assert (await clients["write"].get("/v5/evaluators")).json() == before


async def test_who_labels_removes_their_own(clients: dict[str, httpx.AsyncClient], reviewed: _Reviewed) -> None:
    """Own judgments go, by deleting and by undoing; those of others stay, and so do other logs and all of a request
    that names one."""
    written = {name: await reviewed.label(name, "kind") for name in ("label", "bob", "write")}
    ids = {name: answer.json()["labels"][0]["id"] for name, answer in written.items()}
    handles = {name: answer.headers["x-evals-write"] for name, answer in written.items()}
    own = clients["label"]
    for refused in (ids["bob"], ids["write"], reviewed.log_id):
        answer = await own.delete("/v5/logs", params={"id": [ids["label"], refused]})
        assert (answer.status_code, refused in answer.text) == (403, True)
    for name in ("bob", "write"):
        for dry_run in (True, False):
            answer = await own.post(f"/v5/journal/{handles[name]}/undo", params={"dry_run": dry_run})
            assert (answer.status_code, "another key" in answer.json()["detail"]) == (403, True)
    assert len(await reviewed.judged()) == 3
    assert (await clients["bob"].post(f"/v5/journal/{handles['bob']}/undo")).status_code == 200
    assert (await own.delete("/v5/logs", params={"id": [ids["label"], "none"]})).status_code == 204
    assert [author for author, _ in await reviewed.judged()] == ["write"]


async def test_a_rotated_key_undoes_what_the_old_one_wrote(
    clients: dict[str, httpx.AsyncClient], reviewed: _Reviewed, control: Control
) -> None:
    """It is the same person's; a write without a key is nobody's, whatever name it has."""
    written = await reviewed.label("label", "kind")
    store = control.open(control.workspaces()[0])
    act = Act(actor="label")
    with without_act():
        begin_act(act)
        store.files.upsert("flow", None, "ours", {"attributes": {}}, FileChange())
    rotated = clients["label"]
    rotated.headers["X-API-KEY"] = control.rotate_key("label").new.secret
    refused = await rotated.post(f"/v5/journal/{act.entry}/undo")
    assert (refused.status_code, "another key" in refused.text) == (403, True)
    undone = await rotated.post(f"/v5/journal/{written.headers['x-evals-write']}/undo")
    assert undone.status_code == 200
    assert await reviewed.judged() == []

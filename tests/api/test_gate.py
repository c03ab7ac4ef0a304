"""Requests with and without a key."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from evals_mcp.api.app import create_app
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.api.middleware.api_key import OPEN_PATHS
from evals_mcp.api.middleware.request_log import AnsweredRequest, RequestLog
from evals_mcp.models.roles import Role
from evals_mcp.store.teams.control import Control, open_control

pytestmark = pytest.mark.anyio

_FLOW = {"path": "a/flow", "attributes": {}}


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    """Teams of an empty SQLite file."""
    opened = open_control(str(tmp_path / "evals.db"))
    yield opened
    opened.close()


@pytest.fixture
async def client(control: Control) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    transport = httpx.ASGITransport(create_app(KeyedAccess(control), keys=control))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as opened:
        yield opened


def _with_key(control: Control, role: Role) -> dict[str, str]:
    return {"X-API-KEY": control.create_key(None, "ci", role=role).secret}


async def test_a_key_that_may_write_does_everything(client: httpx.AsyncClient, control: Control) -> None:
    """Reads and writes."""
    headers = _with_key(control, Role.WRITE)
    assert (await client.post("/v5/flows", json=_FLOW, headers=headers)).status_code == 200
    assert (await client.get("/v5/flows", headers=headers)).json()["total"] == 1


async def test_without_a_key_nothing_but_health_and_docs_is_there(client: httpx.AsyncClient) -> None:
    """Whether a path exists is not told either, and bodies are not looked at."""
    for path in OPEN_PATHS:
        assert (await client.get(path)).status_code == 200
    for path in ("/v5/flows", "//v5/flows", "/v5/flows/", "/v5/nothing", "/v4/evaluations", "/", "/health/"):
        answer = await client.get(path)
        assert answer.status_code == 401, path
        assert "X-API-KEY" in answer.json()["detail"]
        assert answer.headers["WWW-Authenticate"] == "X-API-KEY"
    assert (await client.post("/v5/flows", content=b"{broken")).status_code == 401


async def test_the_body_of_a_stranger_is_not_read(client: httpx.AsyncClient) -> None:
    """The answer comes before the body, however large it is."""
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b" " * 1_000_000

    assert (await client.post("/v5/flows", content=body(), headers={"X-API-KEY": "wrong"})).status_code == 401
    assert read == 0


async def test_a_key_that_may_read_changes_nothing(client: httpx.AsyncClient, control: Control) -> None:
    """Every method that writes is refused with 403; the questions that are POST are answered."""
    headers = _with_key(control, Role.READ)
    for method, path, need in (
        ("POST", "/v5/flows", "write"),
        ("DELETE", "/v5/logs", "label"),
        ("PATCH", "/v5/flows/fl_1", "write"),
    ):
        answer = await client.request(method, path, json=_FLOW, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["detail"] == f"Your key may read, not {need}: this needs the role `{need}`."
    assert (await client.get("/v5/flows", headers=headers)).json()["total"] == 0
    answer = await client.post("/v5/files/retrieve-by-path", json={"path": "a/flow"}, headers=headers)
    assert answer.status_code == 404


async def test_the_openapi_document_tells_of_the_key(client: httpx.AsyncClient) -> None:
    """So that the page at /docs can send one."""
    document = (await client.get("/openapi.json")).json()
    schemes = document["components"]["securitySchemes"]
    assert [(item["in"], item["name"]) for item in schemes.values()] == [("header", "X-API-KEY")]
    assert document["paths"]["/v5/flows"]["get"]["security"] == [{name: []} for name in schemes]
    assert document["paths"]["/keys"]["post"]["security"] == [{name: []} for name in schemes]
    assert "security" not in document["paths"]["/health"]["get"]


async def test_the_log_has_whose_key_was_refused_for_its_role(control: Control) -> None:
    """Whoever tries what they may not do has a name."""
    told: list[AnsweredRequest] = []
    made = control.create_key(None, "ann", role=Role.READ)
    transport = httpx.ASGITransport(RequestLog(create_app(KeyedAccess(control), keys=control), told.append))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.post("/v5/flows", headers={"X-API-KEY": made.secret})).status_code == 403
    assert [(request.status, request.key_id) for request in told] == [(403, made.key.id)]

"""A key that ends while the body of its request comes in: nothing of that body is written."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp
from tests.serving.administration import create_key, revoke_key
from tests.serving.mcp_clients import message

from evals_mcp.api import keyed_access
from evals_mcp.api.middleware import bodies
from evals_mcp.api.middleware.large_bodies import LARGE_BODY
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.serve import listening
from evals_mcp.store.teams.api_keys import NewKey

pytestmark = pytest.mark.anyio
_FLOW = {"path": "written", "attributes": {"a": 1}}


@pytest.fixture
def database(tmp_path: Path) -> str:
    """An empty one."""
    return str(tmp_path / "evals.db")


@pytest.fixture
def key(database: str) -> NewKey:
    """A key that may write."""
    return create_key(database, None, "ann")


@pytest.fixture
def app(database: str, key: NewKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[ASGIApp]:
    """What `serve` answers with, where any time is long: a body comes in slowly, and no look at a key is kept."""
    monkeypatch.setattr(bodies, "FRESH", -1.0)
    monkeypatch.setattr(keyed_access, "SECONDS_KEPT", 0.0)
    with listening(ServeOptions(database, "127.0.0.1", 0)) as (served, _):
        yield served


async def _post(app: ASGIApp, path: str, body: bytes, headers: dict[str, str], revoked: tuple[str, str] | None) -> Any:
    """Send a body in two parts. Between them, the key of a database is revoked."""

    async def parts() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        if revoked is not None:
            revoke_key(*revoked)
        yield body[len(body) // 2 :]

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        return await client.post(path, content=parts(), headers=headers)


async def _written(app: ASGIApp, headers: dict[str, str]) -> int:
    """How many writes the journal has."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        return len((await client.get("/v5/journal", headers=headers)).json()["records"])


@pytest.mark.parametrize("padding", [0, 2 * LARGE_BODY], ids=["small", "large"])
async def test_a_key_that_is_revoked_within_a_body_writes_none_of_it(
    app: ASGIApp, database: str, key: NewKey, padding: int
) -> None:
    """Also of one that waits in a file. The same body with a key that goes on is written."""
    body = json.dumps(_FLOW).encode() + b" " * padding
    headers = {"X-API-KEY": key.secret, "Content-Type": "application/json"}
    refused = await _post(app, "/v5/flows", body, headers, (database, key.key.id))
    assert (refused.status_code, refused.json()["detail"]) == (401, "The API key is unknown or revoked.")
    headers["X-API-KEY"] = create_key(database, None, "ben").secret
    assert (await _post(app, "/v5/flows", body, headers, None)).json()["version_id"].startswith("flv_")
    assert await _written(app, headers) == 1


async def test_a_key_that_is_revoked_within_a_message_calls_no_tool(app: ASGIApp, database: str, key: NewKey) -> None:
    """Over MCP as over the API, with what tells a client to sign in again."""
    arguments = {"name": "set_up_run", "arguments": {"evaluation": "new", "dataset": "d", "datapoints": ["{}"]}}
    content, headers = message("2026-07-28", "tools/call", **arguments)
    body = json.dumps(content).encode()
    headers = {**headers, "X-API-KEY": key.secret}
    refused = await _post(app, "/mcp", body, headers, (database, key.key.id))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith('Bearer realm="evals-mcp", error="invalid_token"')
    assert "unknown or revoked" in refused.json()["error"]["message"]
    headers["X-API-KEY"] = create_key(database, None, "ben").secret
    assert await _written(app, headers) == 0
    assert (await _post(app, "/mcp", body, headers, None)).status_code == 200
    assert await _written(app, headers) > 0

"""Every route of the API, met over a socket on SQLite, and the role that it needs; tests/slow compares the answers on
PostgreSQL with these."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from tests.every_route import READING_POSTS, WITHOUT_DATA, Team, build, every_route, operations

from evals_mcp.api.app import create_app
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.api.needs import need_of
from evals_mcp.api.routes import keys
from evals_mcp.models.roles import Role
from evals_mcp.store.teams.control import open_control

pytestmark = pytest.mark.anyio

_RUNS = "/v5/evaluations/{id}/runs"
_DOCUMENTED = {
    ("GET", "/v5/evaluations"),
    ("POST", "/v5/evaluations"),
    ("POST", "/v5/evaluations/{id}/evaluators"),
    ("DELETE", "/v5/evaluations/{id}/evaluators/{evaluator_version_id}"),
    ("GET", "/v5/evaluations/{id}"),
    ("DELETE", "/v5/evaluations/{id}"),
    ("GET", _RUNS),
    ("POST", _RUNS),
    ("POST", _RUNS + "/{run_id}"),
    ("DELETE", _RUNS + "/{run_id}"),
    ("PATCH", _RUNS + "/{run_id}"),
    ("POST", _RUNS + "/{run_id}/logs"),
    ("GET", "/v5/evaluations/{id}/stats"),
    ("GET", "/v5/evaluations/{id}/logs"),
    ("GET", "/v4/evaluations/{id}"),
    ("GET", "/v4/evaluations/{id}/datapoints"),
    ("POST", "/v4/projects/{project_id}/evaluations"),
    ("POST", "/v4/evaluations/{evaluation_id}/log"),
    ("POST", "/v4/evaluations/{evaluation_id}/result"),
    ("PATCH", "/v4/evaluations/{id}/status"),
    ("PATCH", "/v4/evaluations/{id}/evaluators"),
    ("GET", "/v4/evaluations"),
}
"""The 14 evaluation endpoints of v5, and the 8 of v4."""


async def test_every_route_is_met(served_api: httpx.AsyncClient) -> None:
    """All that the application has, the documented ones among them, each with a request that it grants."""
    team = Team(served_api)
    met = set()
    for step in every_route(await build(team)):
        answer = await team.send(step)
        assert answer.is_success or step.template in WITHOUT_DATA, (step, answer.text)
        met.add((step.method, step.template))
    assert len(_DOCUMENTED) == 14 + 8
    assert _DOCUMENTED - met == set()
    assert operations() - met == set()


_LABELLING = {
    ("POST", "/v5/evaluations/{id}/labels"),
    ("POST", "/v5/review/evaluations/{id}/next"),
    ("POST", "/v5/evaluators/log"),
    ("POST", "/v5/journal/{id}/undo"),
    ("DELETE", "/v5/logs"),
    ("POST", "/v4/evaluations/{evaluation_id}/result"),
}


@pytest.fixture
async def clients(tmp_path: Path) -> AsyncIterator[dict[Role, httpx.AsyncClient]]:
    """A client of an empty server for each role."""
    async with AsyncExitStack() as stack:
        control = stack.enter_context(closing(open_control(str(tmp_path / "evals.db"))))
        transport = httpx.ASGITransport(create_app(KeyedAccess(control), keys=control))
        clients = {
            role: httpx.AsyncClient(
                transport=transport,
                base_url="http://localhost",
                headers={"X-API-KEY": control.create_key(None, role.word, role=role).secret},
            )
            for role in Role
        }
        for client in clients.values():
            await stack.enter_async_context(client)
        yield clients


def _expected(method: str, path: str) -> Role:
    if method == "GET" or path in READING_POSTS + WITHOUT_DATA:
        return Role.READ
    return Role.LABEL if (method, path) in _LABELLING else Role.WRITE


async def test_every_route_needs_a_role(clients: dict[Role, httpx.AsyncClient]) -> None:
    """The role below is refused, with what is needed, before anything else is looked at; the role itself is not."""
    own = operations()
    assert own >= _LABELLING
    needs = {(method, path): _expected(method, path) for method, path in own}
    administering = [route for route in keys.router.routes if isinstance(route, APIRoute)]
    assert len(administering) == len(keys.router.routes) == 4
    needs |= {(method, route.path): Role.ADMIN for route in administering for method in route.methods or ()}
    for (method, template), need in sorted(needs.items()):
        path = re.sub(r"\{[^}]*\}", "none", template)
        assert need_of(method, path) is need, (method, template)
        if need is Role.READ:
            continue
        below = Role(need - 1)
        refused = await clients[below].request(method, path, content=b"{no json")
        act = {Role.ADMIN: "manage keys"}.get(need, need.word)
        said = f"Your key may {below.word}, not {act}: this needs the role `{need.word}`."
        assert (refused.status_code, refused.json()) == (403, {"detail": said}), (method, template)
        allowed = await clients[need].request(method, path, content=b"{no json")
        assert allowed.status_code not in (401, 403), (method, template)

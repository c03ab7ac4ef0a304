"""Limits of a workspace on every route, over MCP, and by the command that sets them."""

import re
from contextlib import closing

import httpx
import pytest
from tests.e2e.in_process import run
from tests.every_route import Team, build, every_route
from tests.serving.administration import create_key, create_workspace
from tests.serving.mcp_clients import mcp_client, message, words
from tests.serving.served_here import served

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.api.middleware.limits import may_add, may_add_logs
from evals_mcp.store.database.meter import Limits
from evals_mcp.store.store import Store, open_temporary_store
from evals_mcp.store.teams.control import open_control

_REFUSED = "every write but deleting and undoing is refused until it has less."
pytestmark = pytest.mark.anyio


async def test_every_route_that_adds_logs_is_known() -> None:
    """So that it is refused before its body is read; and what reads or takes away adds nothing."""
    with closing(open_temporary_store()) as store:
        transport = httpx.ASGITransport(create_app(OpenAccess(store)))
        team = Team(httpx.AsyncClient(transport=transport, base_url="http://localhost"))
        world = await build(team)
        for step in every_route(world):
            before = _count(store)
            await team.send(step)
            if _count(store) > before:
                assert may_add(step.method, step.path), step
                # What is generated for runs comes after a write that has room without logs.
                assert may_add_logs(step.path) or step.path.endswith(("/runs", "/evaluators")), step


def _count(store: Store) -> int:
    with store.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM logs").scalar_one())


async def test_assistants_are_told_and_held_to_limits(database_address: str) -> None:
    """Writing tools end with one line from four fifths on. One request too many is an error of MCP with its time."""
    workspace = create_workspace(database_address, "red").name if "://" in database_address else "default"
    secret = create_key(database_address, workspace, "zoe").secret
    with closing(open_control(database_address)) as control:
        control.limit_workspace(workspace, Limits(logs=5))
    told = []
    async with httpx.AsyncClient(headers={"X-API-KEY": secret}, timeout=240) as http:
        with served(database_address) as url:
            assert (await http.post(f"{url}/v5/flows", json={"path": "f", "attributes": {}})).is_success
            async with mcp_client(url, "legacy", X_API_KEY=secret) as client:
                for number in range(6):
                    flow = {"evaluation": f"e{number}", "attributes": '{"a": 1}', "version": "v1"}
                    told.append(await words(client, "set_up_run", **flow))
                    last = await http.post(f"{url}/v5/flows/log", json={"path": "f", "output": "a"})
    assert ["This workspace has used" in answer for answer in told] == [False] * 4 + [True] * 2
    assert "This workspace has used 80% of its limit of 5 logs.\nUndo: " in told[4]
    assert (last.status_code, "limit of 5 logs. Nothing was written." in last.text) == (507, True)
    lowered = run(["workspaces", "limit", workspace, "--logs", "1"], EVALS_MCP_DATABASE=database_address)
    assert lowered.stdout == f"{workspace}: 1 log (5 logs used!)\n"
    assert lowered.stderr == "It has 5 logs already, more than this limit: no log can be added until it has fewer.\n"
    with closing(open_control(database_address)) as control:
        control.limit_workspace(workspace, Limits(requests=2))
    body, headers = message("2026-07-28", "tools/list")
    with served(database_address) as url:
        async with httpx.AsyncClient(headers={**headers, "X-API-KEY": secret}, timeout=240) as http:
            found = [await http.request(method, f"{url}/mcp", json=body) for method in ("POST", "GET", "POST", "GET")]
    assert [answer.status_code for answer in found] == [200, 405, 429, 429]
    assert found[0].headers["ratelimit-policy"] == '"requests";q=2;w=60'
    assert int(found[2].headers["retry-after"]) <= 60
    assert "requests a minute" in found[2].json()["error"]["message"]


def test_a_command_sets_and_shows_limits(database_address: str) -> None:
    """Only those that it names; `none` takes one away, and the list shows how much is used."""
    name = create_workspace(database_address, "red").name if "://" in database_address else "default"

    def limit(*options: str) -> str:
        ended = run(["workspaces", "limit", name, *options], EVALS_MCP_DATABASE=database_address)
        return ended.stdout + ended.stderr

    assert limit() == f"{name}: none\n"
    assert limit("--logs", "1,000,000", "--bytes", "5GB") == f"{name}: 1,000,000 logs (0% used), 5.0 GB (0% used)\n"
    assert limit("--requests", "600", "--logs", "none") == f"{name}: 5.0 GB (0% used), 600 requests a minute\n"
    assert limit("--requests", "none", "--bytes", "1KB").startswith(f"{name}: 1.0 kB (")
    told = limit().splitlines()
    assert re.fullmatch(rf"{name}: 1\.0 kB \(\d+\.\d [kM]B used!\)", told[0])
    assert told[1:] == [f"It has {told[0][len(name) + 10 : -7]} already, more than this limit: {_REFUSED}"]
    assert limit("--bytes", "5GB", "--requests", "600") == f"{name}: 5.0 GB (0% used), 600 requests a minute\n"
    for option, value in (
        ("--logs", "0"),
        ("--logs", "-1"),
        ("--bytes", "much"),
        ("--bytes", "0"),
        ("--requests", "²"),
    ):
        assert f"{option} must be" in limit(option, value)
    listed = run(["workspaces", "list"], EVALS_MCP_DATABASE=database_address).stdout
    assert "5.0 GB (0% used), 600 requests a minute" in listed

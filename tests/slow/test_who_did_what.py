"""The key's person is in the journal and the creator of what is made, on every writing route and at `/mcp`."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.every_route import Team, build, every_route
from tests.serving.mcp_clients import mcp_client, words
from tests.serving.served_here import served

from evals_mcp.api.app import create_app
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.store.database.tables import evaluations, runs, versions
from evals_mcp.store.store import Store
from evals_mcp.store.teams.control import Control, open_control

pytestmark = pytest.mark.anyio
_PRETENDED = {"X-Evals-Actor": "mallory"}


@pytest.fixture
def control(database_address: str) -> Iterator[Control]:
    """Workspaces and keys; on PostgreSQL with a workspace `red`."""
    with closing(open_control(database_address)) as opened:
        if not opened.database.is_sqlite:
            opened.create_workspace("red")
        yield opened


def _key(control: Control, name: str) -> str:
    return control.create_key(control.workspaces()[0].name, name).secret


def _creators(store: Store) -> Mapping[str, str | None]:
    with store.database.read() as connection:
        return {
            row.id: row.created_by
            for table in (versions, evaluations, runs)
            for row in connection.execute(select(table.c.id, table.c.created_by))
        }


async def test_every_route_names_the_person_of_the_key(control: Control) -> None:
    """By whichever route something is made or changed, and whoever a header says it is."""
    transport = httpx.ASGITransport(create_app(KeyedAccess(control)))
    teams = {
        name: Team(httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers))
        for name in ("ann", "zoe")
        for headers in [{"X-API-KEY": _key(control, name), **_PRETENDED}]
    }
    store = control.open(control.workspaces()[0])
    world = await build(teams["ann"])
    before, total = _creators(store), await _entries(teams["ann"])
    assert set(before.values()) == {"ann"}
    wrote = made = 0
    for step in every_route(world):
        answer = await teams["zoe"].send(step)
        after, entries = _creators(store), await _entries(teams["ann"])
        new = after.keys() - before.keys()
        assert {after[id] for id in new} <= {"zoe"}, step
        assert all(after[id] == before[id] for id in after.keys() & before.keys()), step
        if entries["total"] > total["total"]:
            assert entries["records"][0]["actor"] == "zoe", step
            wrote += 1
        made += len(new)
        assert "mallory" not in answer.text
        before, total = after, entries
    assert wrote > 80
    assert made > 10


async def _entries(team: Team) -> Any:
    return await team.read("/v5/journal?size=1")


async def test_answers_say_who_created_it(control: Control) -> None:
    """The file's version, the evaluation and the run; the same person has the same id in all of them."""
    app = create_app(KeyedAccess(control))
    headers = {"X-API-KEY": _key(control, "Zoë 李")}
    team = Team(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers))
    world = await build(team)
    flow = await team.read(f"/v5/flows/{world.files['flow']}")
    evaluation = await team.read(f"/v5/evaluations/{world.other['evaluation']}")
    found = await team.read(f"/v5/evaluations/{world.other['evaluation']}/runs")
    tool = await team.read(f"/v4/projects/{world.files['tool']}/configs")
    creators = [item["created_by"] for item in (flow, evaluation, *found["runs"])]
    creators += [config["config"]["created_by"] for config in tool]
    assert {creator["full_name"] for creator in creators} == {"Zoë 李"}
    assert len({creator["id"] for creator in creators}) == 1


async def test_tools_over_http_write_as_the_person_of_the_key(database_address: str, control: Control) -> None:
    """Whatever a host or a label says."""
    secret = _key(control, "zoe")
    with served(database_address) as url:
        async with mcp_client(url, "legacy", X_API_KEY=secret) as client:
            made = await words(client, "set_up_run", evaluation="e", attributes='{"a": 1}', version="v1")
            await words(client, "undo", write=made.rpartition('write="')[2].partition('"')[0], confirm=True)
            await words(client, "set_up_run", evaluation="e2", attributes='{"a": 1}', version="v1")
        async with httpx.AsyncClient(base_url=url, headers={"X-API-KEY": secret}, timeout=240) as http:
            journal = (await http.get("/v5/journal")).json()
    assert [entry["actor"] for entry in journal["records"]] == ["zoe"] * 3
    assert set(_creators(control.open(control.workspaces()[0])).values()) == {"zoe"}

"""A workspace is removed or renamed while it is used: sentences, no 500, and nothing is made anew."""

from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import httpx
import pytest
from sqlalchemy import text
from tests.every_route import WITHOUT_DATA, Team, build, every_route
from tests.serving.mcp_clients import message
from tests.serving.served_here import served

from evals_mcp.api.app import create_app
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.store.teams.control import Control, open_control

pytestmark = pytest.mark.anyio
_CLEAN = {401, 404, 503}


@pytest.fixture
def control(postgres_address: str) -> Iterator[Control]:
    """A PostgreSQL database with the workspace `red`."""
    with closing(open_control(postgres_address)) as opened:
        opened.create_workspace("red")
        yield opened


def _team(app: object, key: str) -> Team:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return Team(httpx.AsyncClient(transport=transport, base_url="http://localhost", headers={"X-API-KEY": key}))


def _schemas(control: Control) -> set[str]:
    with control.database.read() as connection:
        found = connection.execute(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'evals%'"))
        return set(found.scalars())


async def test_no_route_fails_on_a_removed_workspace(control: Control) -> None:
    """Every request of a key that the server still takes for valid gets a sentence."""
    access = KeyedAccess(control, lambda: 0.0)
    team = _team(create_app(access), control.create_key("red", "ci").secret)
    world = await build(team)
    steps = list(every_route(world))
    assert control.remove_workspace("red")
    for step in steps:
        answer = await team.send(step)
        if step.template not in (*WITHOUT_DATA, "/v4/sessions"):  # a session is an id, and nothing is kept of it
            assert answer.status_code in _CLEAN, (step, answer.status_code, answer.text)
            assert "Internal" not in answer.text
    assert _schemas(control) == {"evals_mcp"}


async def test_no_route_notices_a_renaming(control: Control) -> None:
    """With a grant from before it, and with one from after it."""
    now = [0.0]
    secret = control.create_key("red", "ci").secret
    team = _team(create_app(KeyedAccess(control, lambda: now[0])), secret)
    world = await build(team)
    for number, step in enumerate(every_route(world)):
        if number % 20 == 0:
            control.rename_workspace("green" if number % 40 else "red", "red" if number % 40 else "green")
            now[0] += 3 * (number % 40)
        answer = await team.send(step)
        assert answer.is_success or step.template in WITHOUT_DATA, (step, answer.text)


@pytest.mark.parametrize("again", [False, True])
def test_servers_go_on_when_a_workspace_is_removed_under_load(
    control: Control, postgres_address: str, again: bool
) -> None:
    """Two servers, readers, writers, MCP and pages: what was answered before is right, what comes after is refused."""
    control.create_workspace("blue")
    keys = {name: control.create_key(name, name).secret for name in ("red", "blue")}
    statuses: dict[str, list[int]] = {name: [] for name in keys}
    stop: list[bool] = []
    host = "127.0.0.1"
    with served(postgres_address, host=host) as first, served(postgres_address, host=host) as second:
        threads = [
            Thread(target=_use, args=(url, keys[name], kind, statuses[name], stop), daemon=True)
            for name in keys
            for url in (first, second)
            for kind in ("read", "write", "mcp")
        ]
        for thread in threads:
            thread.start()
        try:
            _until(lambda: min(map(len, statuses.values())) > 30)
            _until(lambda: control.remove_workspace("red"))
            if again:
                control.create_workspace("red")
            _until(lambda: statuses["red"][-6:] == [401] * 6)
        finally:
            stop.append(True)
        for thread in threads:
            thread.join(240)
            assert not thread.is_alive()
    assert set(statuses["blue"]) == {200}
    assert set(statuses["red"]) - {200} <= _CLEAN
    assert _schemas(control) == {"evals_mcp", "evals_mcp_blue"} | ({"evals_mcp_red-2"} if again else set())
    if again:
        assert control.open(control.workspace("red")).files.page().total == 0


def _use(url: str, key: str, kind: str, statuses: list[int], stop: list[bool]) -> None:
    headers = {"X-API-KEY": key}
    body, mcp_headers = message("legacy", "tools/call", name="list_evaluations", arguments={})
    with httpx.Client(base_url=url, timeout=240, headers=headers) as client:
        number = 0
        while not stop:
            number += 1
            if kind == "read":
                answer = client.get("/v5/files")
            elif kind == "write":
                answer = client.post("/v5/flows", json={"path": f"{id(client)}/{number}", "attributes": {"n": number}})
            else:
                answer = client.post("/mcp", json=body, headers=mcp_headers)
            assert "nternal" not in answer.text
            statuses.append(answer.status_code)


def _until(is_so: object) -> None:
    import time

    end = time.monotonic() + 240
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)

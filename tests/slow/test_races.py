"""Writers that do not take turns, as on two nodes of a distributed database: one may lose a race, none fails."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from typing import Any

import anyio
import httpx
import pytest
from sqlalchemy import func, select, text
from tests.recount import check_counts

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.database import database as turns
from evals_mcp.store.database.tables import directories, files, logs
from evals_mcp.store.store import Store, open_store

_NODES = 4
_AT_ONCE = 40


@pytest.fixture
def stores(postgres_address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stores of one database whose writers know nothing of each other."""
    monkeypatch.setattr(turns, "_LOCK_WORKSPACE", text("SELECT CAST(:patience AS text), CAST(:schema AS text)"))
    found = [open_store(postgres_address) for _ in range(_NODES)]
    yield found
    for store in found:
        store.close()


@pytest.fixture
async def clients(stores: list[Store]) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A client of each store's API."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(create_app(OpenAccess(store)), raise_app_exceptions=False),
                    base_url="http://test",
                    timeout=240,
                )
            )
            for store in stores
        ]


async def _at_once(clients: list[httpx.AsyncClient], path: str, bodies: list[Any]) -> list[httpx.Response]:
    answers: list[httpx.Response] = []

    async def send(number: int, body: Any) -> None:
        answers.append(await clients[number % len(clients)].post(f"/v5{path}", json=body))

    async with anyio.create_task_group() as tasks:
        for number, body in enumerate(bodies):
            tasks.start_soon(send, number, body)
    return answers


@pytest.mark.anyio
async def test_a_directory_that_all_create_is_created_once(
    clients: list[httpx.AsyncClient], stores: list[Store]
) -> None:
    """Each writer sees that the directory is not there, and creates it: all but one of them try again."""
    bodies = [{"path": f"new/deep/flow {number}", "attributes": {"number": number}} for number in range(_AT_ONCE)]
    answers = await _at_once(clients, "/flows", bodies)
    assert Counter(answer.status_code for answer in answers) in ({200: _AT_ONCE}, {201: _AT_ONCE})
    with stores[0].database.read() as connection:
        assert connection.execute(select(directories.c.path).order_by("path")).scalars().all() == ["new", "new/deep"]
        assert connection.execute(select(func.count()).select_from(files)).scalar() == _AT_ONCE


@pytest.mark.anyio
async def test_a_file_that_all_log_to_first_is_one_file(clients: list[httpx.AsyncClient], stores: list[Store]) -> None:
    """Its one version is found by whoever lost, and no log is lost or stored twice."""
    bodies = [{"path": "bots/first", "flow": {"attributes": {"a": 1}}, "output": f"{n}"} for n in range(_AT_ONCE)]
    answers = await _at_once(clients, "/flows/log", bodies)
    assert {answer.status_code for answer in answers} <= {200, 201}, Counter(answer.text for answer in answers)
    assert len({answer.json()["version_id"] for answer in answers}) == 1
    with stores[0].database.read() as connection:
        assert connection.execute(select(func.count()).select_from(files)).scalar() == 1
        outputs = connection.execute(select(logs.c.output)).scalars().all()
        assert sorted(outputs) == sorted(f"{number}" for number in range(_AT_ONCE))
    check_counts(stores[0])


@pytest.mark.anyio
async def test_a_race_that_is_always_lost_is_told(postgres_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever never wins is told to repeat the request, and wrote nothing."""
    tries = 0

    def lose(*_: Any, **__: Any) -> Any:
        nonlocal tries
        tries += 1
        now = store.database.now()
        row = {"id": "dir_1", "name": "one", "path": "one", "tags": [], "created_at": now, "updated_at": now}
        with store.database.write() as connection:
            connection.execute(directories.insert(), row)
            connection.execute(directories.insert(), row)

    with closing(open_store(postgres_address)) as store:
        monkeypatch.setattr(store.files, "upsert", lose, raising=False)
        transport = httpx.ASGITransport(create_app(OpenAccess(store)), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.post("/v5/flows", json={"path": "a", "attributes": {}})
        assert (answer.status_code, tries) == (503, 5), answer.text
        assert "Repeat the request" in answer.json()["detail"]

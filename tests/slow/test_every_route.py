"""Every route of the API, walked over: alike on SQLite and PostgreSQL, and closed to the keys of other teams."""

import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from tests.every_route import MARK, READING_POSTS, WITHOUT_DATA, Step, Team, build, every_route, operations
from tests.raw_rows import raw_rows

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.api.needs import need_of
from evals_mcp.models.roles import Role
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import open_control

pytestmark = pytest.mark.anyio

_ID = re.compile(r"[a-z]+_[0-9A-Za-z]{21}(?![0-9A-Za-z])")


class Plain:
    """Answers without what differs between databases made alike: ids are numbered in the order they are seen."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def __call__(self, answer: httpx.Response) -> tuple[int, str]:
        """Status and text."""
        return answer.status_code, _without_chance(_ID.sub(self._number, answer.text))

    def unordered(self, answer: httpx.Response) -> tuple[int, str]:
        """Status and sorted records. Ids that are not seen elsewhere get no number."""
        text = _ID.sub(lambda match: self._seen.get(match[0], match[0].split("_")[0]), answer.text)
        return answer.status_code, "\n".join(sorted(map(str, json.loads(_without_chance(text))["records"])))

    def _number(self, match: re.Match[str]) -> str:
        prefix = match[0].split("_")[0]
        return self._seen.setdefault(match[0], f"{prefix}_{len(self._seen)}")


def _without_chance(text: str) -> str:
    """An answer without tokens, parts of ids in labels, and times of the real clock."""
    # Environments are made with the tables, before the clock of the test; tokens are made of ids.
    text = re.sub(r'"20[012]\d-[^"]*Z"', '"earlier"', text)
    text = re.sub(r"run (\d+) \(\w{4}\)", r"run \1", text)
    text = re.sub(r"write_(\d+)_[0-9a-f]{8}", r"write_\1", text)
    return re.sub(r'"token":"\w+"', '"token":"…"', text)


class Clock:
    """A clock that goes on by a second with each request, so that the order of times does not hang on luck."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    async def tick(self, request: httpx.Request) -> None:
        """Go on."""
        self.now += timedelta(seconds=1)


def _team(app: FastAPI, key: str | None = None) -> Team:
    headers = {} if key is None else {"X-API-KEY": key}
    return Team(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers))


def _forget_session(connection: Any, record: Any) -> None:
    """Take from a connection what a pooler does not keep between transactions."""
    connection.autocommit = True
    connection.execute("DISCARD ALL")
    connection.autocommit = False


async def _answers(address: str, schema: str | None) -> dict[str, tuple[int, str]]:
    """What a team is answered on its walk over a new database."""
    clock = Clock()
    with closing(open_store(address, schema, clock)) as store:
        if schema is not None:
            event.listen(store.database.engine, "checkin", _forget_session)
        team, plain = _team(create_app(OpenAccess(store))), Plain()
        team.client.event_hooks["request"].append(clock.tick)
        world = await build(team)
        found = {}
        for number, step in enumerate(every_route(world)):
            answer = await team.send(step)
            ordered = (step.method, step.template) != ("GET", "/v5/bulk")  # it has the order of ids, which are random
            found[f"{number} {step.method} {step.template}"] = plain(answer) if ordered else plain.unordered(answer)
        return found


async def test_every_route_answers_alike_on_both_databases(tmp_path: Path, postgres_address: str) -> None:
    """The same requests get the same answers, but for random ids; no session of the server is relied on."""
    on_sqlite = await _answers(str(tmp_path / "evals.db"), None)
    on_postgresql = await _answers(postgres_address, "team")
    for step, answer in on_sqlite.items():
        assert on_postgresql[step] == answer, step


@pytest.mark.parametrize("role", [Role.READ, Role.LABEL])
async def test_a_key_that_may_not_write_changes_nothing(tmp_path: Path, role: Role) -> None:
    """Route by route: it gets every answer, and is refused every change but those of its own labels."""
    with closing(open_control(str(tmp_path / "evals.db"))) as control:
        app = create_app(KeyedAccess(control))
        writing, reading = (
            _team(app, control.create_key(None, role.word, role=role).secret) for role in (Role.WRITE, role)
        )
        world = await build(writing)
        before = raw_rows(control.database)
        for step in every_route(world):
            if role is Role.LABEL is need_of(step.method, step.path):
                continue
            answer = await reading.send(step)
            reads = step.method == "GET" or step.template in READING_POSTS
            if step.template in WITHOUT_DATA:
                continue
            assert answer.status_code == (200 if reads else 403), (step, answer.text)
        assert raw_rows(control.database) == before


async def test_a_key_neither_sees_nor_changes_what_another_team_has(postgres_address: str) -> None:
    """Route by route: what the ids' owner is allowed, another team's key is told that there is no such thing."""
    with closing(open_control(postgres_address)) as control:
        app = create_app(KeyedAccess(control))
        stores = {name: control.open(control.create_workspace(name)) for name in ("ours", "theirs")}
        ours, theirs = (_team(app, control.create_key(name, "ci").secret) for name in stores)
        world = await build(theirs)
        walked = set()
        before = raw_rows(stores["theirs"].database)
        for step in every_route(world):
            answer = await ours.send(step)
            assert MARK not in answer.text, step
            assert not [word for word in world.ids() if word in answer.text and word not in str(step)], step
            assert raw_rows(stores["theirs"].database) == before, step
            owned = await theirs.send(step)
            if step.template in WITHOUT_DATA:
                assert owned.text == answer.text
            else:
                assert _is_closed(step, answer), (step, answer.status_code, answer.text)
                assert owned.is_success, (step, owned.text)
            if step.method != "GET":
                before = raw_rows(stores["theirs"].database)
            walked.add((step.method, step.template))
        assert operations() - walked == set()
        assert MARK not in str(raw_rows(stores["ours"].database))


def _is_closed(step: Step, answer: httpx.Response) -> bool:
    """Whether an answer to another team is that there is nothing, or is of what that team has itself."""
    if "{" in step.template:
        return answer.status_code == 404
    if step.template == "/v5/bulk" and step.method == "POST":
        return answer.status_code == 422 and "Unknown" in answer.text
    without_ids = step.method == "GET" or step.template in (
        "/v5/directories",
        "/v5/logs",
        "/v4/projects",
        "/v4/evaluators",
        "/v4/logs",
        "/v4/sessions",
    )
    return answer.status_code == 404 or (without_ids and answer.is_success)

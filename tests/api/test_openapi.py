"""Requests that schemathesis makes from the OpenAPI document: none ends in a 5xx, and no answer is invalid JSON."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.api.settings import AccessOfTest, EmptiedStore
from tests.walk import Team, World, build

from evals_mcp.api.access import OpenAccess
from evals_mcp.store.store import Store

_EXAMPLES = int(os.environ.get("EVALS_MCP_EXAMPLES", "0"))
_REFERENCE = re.compile(r"(^|_)(ids?|path|project_id|file|word|beginning)$")
_PATHS = ["team/prompt", "team/flow", "team/dataset", "team/evaluator", "spare", "zebra"]


@pytest.fixture
def world(server: str, access: AccessOfTest, store: Store) -> World:
    """Everything that a team may have, written through the server."""
    access.now = OpenAccess(store)

    async def fill() -> World:
        async with httpx.AsyncClient(base_url=server, verify=False, timeout=60) as client:
            return await build(Team(client))

    return anyio.run(fill)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A kept connection."""
    with requests.Session() as session:
        yield session


class Aim:
    """Puts ids and paths that exist where a generated request names something, more often than not."""

    def __init__(self, draw: Any, world: World) -> None:
        self._draw = draw
        self._names = st.sampled_from([*sorted(world.ids()), *_PATHS])
        groups = (world.files, world.versions, world.later_versions, world.unused_versions, world.spare_files)
        known = {name for group in (*groups, world.logs, world.other) for name in group.values()}
        self._known = st.sampled_from(sorted(known))

    def parts(self, value: Any, key: str = "") -> Any:
        """The value with what it names replaced at any depth."""
        if isinstance(value, dict):
            return {name: self.parts(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.parts(item, key) for item in value]
        if isinstance(value, str) and _REFERENCE.search(key):
            return self._draw(st.one_of(self._known, self._names, st.just(value)))
        return value

    def place(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Path parameters, with ids of the kind that each is most likely to want."""
        return {name: self.parts(value, name + "_id") for name, value in parameters.items()}


@pytest.mark.parametrize("setting", ["socket-sqlite", "socket-postgresql"], indirect=True)
def test_no_generated_request_ends_in_a_5xx(
    setting: str, server: str, app: FastAPI, session: requests.Session, store: Store, world: World
) -> None:
    """Over every operation, with valid and nearly valid content, on data of every kind that is put back each time."""
    document = json.loads(json.dumps(app.openapi()))
    schema = schemathesis.openapi.from_dict(document)
    filled = EmptiedStore(store)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 100
    for operation in operations:
        filled.empty()

        @settings(
            max_examples=_EXAMPLES or 4,
            derandomize=not _EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), data=st.data())
        def send(case: schemathesis.Case, data: st.DataObject) -> None:
            aim = Aim(data.draw, world)
            case.path_parameters = aim.place(dict(case.path_parameters or {}))
            case.query = aim.parts(dict(case.query or {}))
            if isinstance(case.body, dict | list) and case.media_type == "application/json":
                case.body = aim.parts(case.body)
            answer = case.call(base_url=server, session=session)
            told = (case.method, case.formatted_path, case.query, case.body, answer.status_code, answer.text)
            assert answer.status_code < 500 or answer.status_code == 501, told
            if answer.content and "json" in answer.headers.get("content-type", [""])[0]:
                json.loads(answer.content, parse_constant=_refuse)

        send()


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")

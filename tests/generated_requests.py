"""Requests that schemathesis makes from the OpenAPI document, about what a team has."""

import copy
import json
from collections import Counter
from typing import Any

import anyio
import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from tests.api.application import EmptiedStore
from tests.every_route import Team, World, build, document

from evals_mcp.models.json_values import NDJSON
from evals_mcp.store.store import Store


def filled_world(server: str) -> World:
    """Everything that a team may have, written through a server."""

    async def fill() -> World:
        async with httpx.AsyncClient(base_url=server, verify=False, timeout=240) as client:
            return await build(Team(client))

    return anyio.run(fill)


class Aim:
    """Puts ids and paths that exist where a generated request names something, more often than not."""

    def __init__(self, draw: Any, world: World, route: str) -> None:
        self._draw = draw
        kind = next((kind for kind in world.files if f"/{kind}s" in route), "flow")
        logs = [world.logs["in_run"], world.logs.get(kind, world.logs["judgment"]), world.logs["judgment"]]
        runs = [world.other[name] for name in ("run", "run_beside", "run_again")]
        versions = [world.versions[kind], world.later_versions[kind], world.unused_versions[kind]]
        subject = [world.files[kind], world.spare_files[kind]]
        if "/evaluations/" in route:
            subject = [world.other["evaluation"], world.other["evaluation_again"]]
        elif "/logs/" in route or route.endswith("/logs"):
            subject = logs
        elif "/model-configs/" in route:
            subject = [world.versions["prompt"], world.later_versions["prompt"]]
        elif "/directories" in route:
            subject = [world.other["directory"], world.other["parent"]]
        judges = [world.versions["evaluator"], world.later_versions["evaluator"], world.other["python"]]
        self._names = (
            ("evaluator_version_id", judges),
            ("dataset_version_id", [world.versions["dataset"]]),
            ("evaluation_id", [world.other["evaluation"]]),
            ("evaluator_id", [world.files["evaluator"]]),
            ("environment_id", [world.other["environment"], world.other["production"]]),
            ("environment", ["production", "staging"]),
            ("version_id", versions),
            ("config_id", [world.versions["flow"], world.versions["prompt"]]),
            ("dataset_id", [world.files["dataset"]]),
            ("datapoint_id", [world.other["datapoint"]]),
            ("run_id", runs),
            ("evaluatee_id", runs),
            ("file_id", [world.files[kind]]),
            ("project_id", [world.files["flow"], world.files["prompt"]]),
            ("project", ["team/flow", "team/prompt"]),
            ("data_id", logs),
            ("parent_id", logs),
            ("log_id", logs),
            ("word", [world.other["evaluation"]]),
            ("path", [f"team/{kind}", f"spare/spare_{kind}", "zebra/inner"]),
            ("id", subject),
        )

    def parts(self, value: Any, key: str = "") -> Any:
        """The value with what it names replaced at any depth."""
        if isinstance(value, dict):
            return {name: self.parts(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.parts(item, key) for item in value]
        for name, known in self._names:
            if isinstance(value, str) and key.removesuffix("s").endswith(name) and self._draw(st.integers(0, 9)) < 9:
                return self._draw(st.sampled_from(known))
        return value


@schemathesis.serializer(NDJSON)
def lines(context: Any, value: Any) -> bytes:
    """A record of an evaluation document as a body of one line."""
    return json.dumps(value).encode()


def send_generated(server: str, store: Store, examples: int, *, repeated: bool) -> Counter[int]:
    """Send so many requests to each operation; how often each status came. The same ones each time if `repeated`.

    Fails for an answer that is a 5xx or no JSON. What is written is put back after each operation.
    """
    world = filled_world(server)
    schema = schemathesis.openapi.from_dict(copy.deepcopy(document()))
    filled = EmptiedStore(store)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) > 100
    statuses = Counter[int]()
    drawn = settings(
        max_examples=examples,
        derandomize=repeated,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with requests.Session() as session:
        for operation in operations:
            filled.empty()
            _send(operation, server, session, world, drawn, statuses)
    return statuses


def _send(
    operation: Any, server: str, session: requests.Session, world: World, drawn: settings, statuses: Counter[int]
) -> None:
    """Send what is generated for one operation."""

    @drawn
    @given(case=operation.as_strategy(), data=st.data())
    def send(case: schemathesis.Case[Any], data: st.DataObject) -> None:
        aim = Aim(data.draw, world, operation.path)
        case.path_parameters = aim.parts(dict(case.path_parameters or {}))
        case.query = aim.parts(dict(case.query or {}))
        if isinstance(case.body, dict | list) and case.media_type == "application/json":
            case.body = aim.parts(case.body)
        answer = case.call(base_url=server, session=session)
        statuses[answer.status_code] += 1
        told = (case.method, case.formatted_path, case.query, case.body, answer.status_code, answer.text)
        assert answer.status_code < 500, told
        if answer.content and "json" in answer.headers.get("content-type", [""])[0]:
            json.loads(answer.content, parse_constant=_refuse)

    send()


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")

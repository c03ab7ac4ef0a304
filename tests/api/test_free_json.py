"""Free JSON, wherever a request may hold it: given back as it was written, or refused before anything is."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx
import pytest
from tests.api.v5_calls import V5, Json
from tests.raw_rows import raw_rows

from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio

_FREE = {
    "null": None,
    "empty": {"object": {}, "list": [], "text": ""},
    "nested": {"null": None, "list": [None, {"null": None}, [None]]},
    "numbers": [0, -1, 1.5, 1e308, 5e-324, 2**53 + 1, 2**70],
    "kinds": [True, False, "1", 1],
    "text \U0001f600": "\U0001f600 \u2028 \\u0000 \x7f\t",
}
_SPEC = {"arguments_type": "target_free", "return_type": "number", "evaluator_type": "external"}


class Place(NamedTuple):
    """A free object in a request: the route, where it stands in the body, and what else the body has."""

    route: str
    where: tuple[str | int, ...]
    rest: Mapping[str, Any] = {}

    def body(self, value: Any) -> Json:
        """The body with a value at the place."""
        body = json.loads(json.dumps(self.rest))
        target: Any = body
        for key, following in zip(self.where, self.where[1:], strict=False):
            if isinstance(target, dict):
                target = target.setdefault(key, [] if isinstance(following, int) else {})
            elif len(target) > int(key):
                target = target[int(key)]
            else:
                target.append({})
                target = target[int(key)]
        target[self.where[-1]] = value
        return dict(body)

    def found(self, answer: Any) -> Any:
        """What stands at the place in an answer."""
        for key in self.where:
            answer = answer[key]
        return answer


def _model(route: str) -> list[Place]:
    rest = {"path": "a", "model": "m"}
    return [
        Place(route, ("attributes",), rest),
        Place(route, ("other",), rest),
        Place(route, ("response_format", "json_schema"), {**rest, "response_format": {"type": "json_schema"}}),
    ]


_FUNCTION = {"name": "f", "description": "d"}
_FILES = [
    *_model("/prompts"),
    Place("/prompts", ("tools", 0, "parameters"), {"path": "a", "model": "m", "tools": [_FUNCTION]}),
    *_model("/agents"),
    Place(
        "/agents",
        ("tools", 0, "json_schema", "parameters"),
        {"path": "a", "model": "m", "tools": [{"type": "inline", "json_schema": _FUNCTION}]},
    ),
    Place("/flows", ("attributes",), {"path": "a"}),
    Place("/tools", ("attributes",), {"path": "a"}),
    Place("/tools", ("setup_values",), {"path": "a"}),
    Place("/tools", ("function", "parameters"), {"path": "a", "function": _FUNCTION}),
    Place("/evaluators", ("spec", "attributes"), {"path": "a", "spec": _SPEC}),
    Place("/datasets", ("attributes",), {"path": "a", "datapoints": []}),
    Place("/datasets", ("datapoints", 0, "inputs"), {"path": "a"}),
    Place("/datasets", ("datapoints", 0, "target"), {"path": "a"}),
]
_LOGGED = ("prompt", "tool", "flow", "agent")
_LOGS = [
    Place(f"/{kind}s/log", (key,), {"path": f"logged/{kind}"})
    for kind in _LOGGED
    for key in ("inputs", "metadata", "provider_request", "provider_response")
]
_LOGGED_VERSIONS = [Place(f"/{kind}s/log", (kind, "attributes"), {"path": "a"}) for kind in ("flow", "tool")]


def _name(place: object) -> str:
    return f"{place.route} {'.'.join(map(str, place.where))}" if isinstance(place, Place) else str(place)


async def _build_logged(v5: V5) -> None:
    await v5.prompt("logged/prompt")
    await v5.ok("POST", "/agents", {"path": "logged/agent", "model": "m"})
    await v5.ok("POST", "/flows", {"path": "logged/flow", "attributes": {}})
    await v5.ok("POST", "/tools", {"path": "logged/tool"})


@pytest.mark.parametrize("place", _FILES, ids=_name)
async def test_versions_keep_free_json(v5: V5, place: Place) -> None:
    """With its nulls; and a null more or less makes another version, as any content does."""
    made = await v5.ok("POST", place.route, place.body(_FREE), include_datapoints=True)
    read = await v5.ok("GET", f"{place.route}/{made['id']}", include_datapoints=True)
    assert json.dumps(place.found(read), sort_keys=True) == json.dumps(_FREE, sort_keys=True)
    assert place.found(made) == _FREE
    again = await v5.ok("POST", place.route, place.body(_FREE))
    assert again["version_id"] == made["version_id"]
    lacking = {key: value for key, value in _FREE.items() if key != "null"}
    other = await v5.ok("POST", place.route, place.body(lacking), include_datapoints=True)
    assert other["version_id"] != made["version_id"]
    assert place.found(other) == lacking


@pytest.mark.parametrize("place", _LOGS, ids=_name)
async def test_logs_keep_free_json(v5: V5, place: Place) -> None:
    """As it was logged."""
    await _build_logged(v5)
    made = await v5.ok("POST", place.route, place.body(_FREE))
    assert place.found(await v5.ok("GET", f"/logs/{made['id']}")) == _FREE


@pytest.mark.parametrize("place", _LOGGED_VERSIONS, ids=_name)
async def test_versions_named_in_logs_keep_free_json(v5: V5, place: Place) -> None:
    """The log is of the version that an upsert of the same content answers."""
    made = await v5.ok("POST", place.route, place.body(_FREE))
    assert place.found(await v5.ok("GET", f"/logs/{made['id']}")) == _FREE
    kind = str(place.where[0])
    upserted = await v5.ok("POST", f"/{kind}s", {"path": "a", "attributes": _FREE})
    assert upserted["version_id"] == made["version_id"]


async def test_a_changed_log_keeps_free_json(v5: V5) -> None:
    """Nulls inside are content, though a null in place of the whole changes nothing."""
    await _build_logged(v5)
    made = await v5.ok("POST", "/tools/log", {"path": "logged/tool", "metadata": {"old": 1}})
    place = f"/tools/{made['tool_id']}/log/{made['id']}"
    await v5.ok("PATCH", place, {"inputs": _FREE, "metadata": None})
    read = await v5.ok("GET", f"/logs/{made['id']}")
    assert (read["inputs"], read["metadata"]) == (_FREE, {"old": 1})


async def test_v4_keeps_free_json(v5: V5, api: httpx.AsyncClient) -> None:
    """In logs and in configurations, read by either version."""
    prompt = await v5.prompt(other=_FREE)
    dataset, evaluator = await v5.dataset(1), await v5.evaluator()
    body = {
        "config_id": prompt["version_id"],
        "dataset_id": dataset["id"],
        "evaluator_ids": [evaluator["id"]],
        "hl_generated": False,
    }
    created = await api.post(f"/v4/projects/{prompt['id']}/evaluations", json=body)
    evaluation = created.json()
    assert evaluation["config"]["other"] == _FREE
    place = f"/v4/evaluations/{evaluation['id']}"
    assert (await api.patch(f"{place}/status", json={"status": "running"})).is_success
    log = {"inputs": _FREE, "metadata": _FREE, "provider_request": _FREE}
    logged = await api.post(f"{place}/log", json={"datapoint_id": dataset["datapoints"][0]["id"], "log": log})
    assert logged.is_success, logged.text
    in_v5 = await v5.ok("GET", f"/logs/{logged.json()['id']}")
    in_v4 = (await api.get(f"{place}/datapoints")).json()["records"][0]["log"]
    for key, value in log.items():
        assert in_v5[key] == in_v4[key] == value


_REFUSED = {
    "1e999": "1e999",
    "-1E+0400": "-1E+0400",
    "long mantissa, short exponent": "9" * 250 + "e99",
    "long mantissa": "9" * 250 + "9" * 60 + ".5",
    "NaN": "NaN",
    "NUL": r'"a\u0000b"',
    "NUL in a key": r'{"a\u0000": 1}',
    "half a surrogate pair": r'"\ud83d"',
    "half a surrogate pair in a key": r'{"\ude00\ud83d": 1}',
}


@pytest.mark.parametrize("place", [*_FILES, *_LOGS[:4], *_LOGGED_VERSIONS], ids=_name)
async def test_what_no_database_holds_is_422(api: httpx.AsyncClient, v5: V5, store: Store, place: Place) -> None:
    """Wherever it stands, and nothing is written."""
    await _build_logged(v5)
    before = raw_rows(store.database)
    text = json.dumps(place.body({"deep": [{"inside": "HERE"}]}))
    for name, value in _REFUSED.items():
        content = text.replace('"HERE"', value).encode()
        answer = await api.post(f"/v5{place.route}", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 422, (name, answer.text)
        assert set(answer.json()["detail"][0]) == {"loc", "msg", "type"}, name
    assert raw_rows(store.database) == before

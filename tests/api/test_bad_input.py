"""Bad input on every route: the status and body that the contract names, nothing written, and the request can follow.

The requests that are spoilt here are those that every route is met with; what only a handler can refuse is in a table.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator  # type: ignore[import-untyped,unused-ignore]
from tests.api.application import AccessOfTest
from tests.every_route import Step, Team, World, build, document, every_route
from tests.raw_rows import raw_rows

from evals_mcp.api.app import create_app
from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio

Json = dict[str, Any]

_REFUSED_ALWAYS = ("/v5/prompts/call", "/v5/agents/call", "/v5/agents/continue", "/v5/tools/call")
_UNREADABLE = (b"{", b'{"a": "\xff"}', b'"text"', b"\xff\xfe{\x00")
_LARGEST_BODY = 100_000
_SOME = (("GET", "/v5/logs"), ("POST", "/v5/evaluations/{id}/runs"), ("PATCH", "/v5/evaluations/{id}/runs/{run_id}"))
_WRONG: tuple[Any, ...] = ([[]], {"wrong": []}, "wrong", 1.5)
_FILE_PREFIXES = ("pr", "tl", "fl", "ag", "ev", "ds")
_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
_NEW: dict[str, Json] = {
    "prompt": {"model": "new"},
    "tool": {"source_code": "new"},
    "flow": {"attributes": {"note": "new"}},
    "agent": {"model": "new"},
    "evaluator": {"spec": {**_SPEC, "attributes": {"note": "new"}}},
    "dataset": {"datapoints": [{"inputs": {"question": "new"}}]},
}
"""The content of a version that is not there yet, for each type of file."""


class Bad(NamedTuple):
    """A request that must be refused, and with which status; `content` is sent in place of a body."""

    step: Step
    status: int
    what: str
    content: bytes | None = None


@pytest.fixture(scope="module")
def strict_app(access: AccessOfTest) -> FastAPI:
    """An application that takes no large bodies, over the store of whichever test runs."""
    return create_app(access, _LARGEST_BODY)


@pytest.fixture
async def team(strict_app: FastAPI, store: Store) -> AsyncIterator[Team]:
    """Requests to the application over the store of the test."""
    transport = httpx.ASGITransport(strict_app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield Team(client)


def _kind(word: str) -> str:
    prefix, _, random = word.partition("_")
    return prefix if len(random) == 21 else ""


def _bad_ids(step: Step, ids: list[str]) -> Iterator[Bad]:
    """An unknown id, and an id of each other kind, in each place of the path."""
    for name, value in step.ids.items():
        own = _FILE_PREFIXES if name == "project_id" else (_kind(value),)
        others = {_kind(word): word for word in ids if _kind(word) not in own}
        for word in ("none", *others.values()):
            yield Bad(step._replace(ids={**step.ids, name: word}), 404, f"{name}={word}")


def _bad_queries(step: Step, operation: Json, components: Json) -> Iterator[Bad]:
    """A word where a number, a boolean, a time or one of some words is wanted, and numbers below their bounds."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "query":
            continue
        name, schema = parameter["name"], parameter["schema"]
        spoilt = step._replace(query={**step.query, name: "wrong!"})
        takes_text = _accepts(schema, "wrong!", components) or _accepts(schema, ["wrong!"], components)
        if not takes_text or '"format": "date' in json.dumps(schema):
            yield Bad(spoilt, 422, f"{name}=wrong!")
        if "minimum" in schema:
            yield Bad(step._replace(query={**step.query, name: schema["minimum"] - 1}), 422, f"{name} too small")
        if parameter["required"]:
            query = {key: value for key, value in step.query.items() if key != name}
            yield Bad(step._replace(query=query), 422, f"without {name}")


def _bad_bodies(step: Step, operation: Json, components: Json) -> Iterator[Bad]:
    """What is no JSON or too much, each key with a value that its schema refuses, each required key left out."""
    if step.method in ("POST", "PATCH"):
        yield Bad(step, 413, "too large", b" " * (_LARGEST_BODY + 1))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return
    for text in _UNREADABLE:
        yield Bad(step, 422, f"content {text!r}", text)
    schema = content["schema"]
    schema = components["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    for name, wanted in schema.get("properties", {}).items():
        wrong = next((value for value in _WRONG if not _accepts(wanted, value, components)), None)
        if wrong is not None:
            yield Bad(step._replace(body={**step.body, name: wrong}), 422, f"{name}={wrong!r}")
    for name in schema.get("required", []):
        body = {key: value for key, value in step.body.items() if key != name}
        yield Bad(step._replace(body=body), 422, f"without {name}")


def _accepts(schema: Json, value: Any, components: Json) -> bool:
    return bool(Draft202012Validator({**schema, "components": components}).is_valid(value))


async def _send(team: Team, bad: Bad) -> httpx.Response:
    if bad.content is None:
        return await team.send(bad.step)
    headers = {"content-type": "application/json"}
    query = dict(bad.step.query)
    return await team.client.request(bad.step.method, bad.step.path, params=query, content=bad.content, headers=headers)


def _check_refusal(bad: Bad, answer: httpx.Response) -> None:
    assert answer.status_code == bad.status, (bad.what, bad.step, answer.status_code, answer.text)
    detail = answer.json()["detail"]
    if bad.status == 422:
        assert all(set(item) == {"loc", "msg", "type"} for item in detail), (bad.what, bad.step, detail)
    else:
        assert isinstance(detail, str), (bad.what, bad.step, detail)
        assert "'" not in detail, detail


async def test_routes_refuse_bad_input_and_keep_nothing_of_it(team: Team, store: Store) -> None:
    """A route of each kind here; in tests/slow every route, on both databases."""
    await refuse_bad_input(team, store, _SOME)


async def refuse_bad_input(
    team: Team, store: Store, only: tuple[tuple[str, str], ...] = (), *, malformed: bool = True
) -> None:
    """Route by route: after all that was refused nothing has changed, and the request as it should be is answered.

    Whether with what is `malformed`, too: no store is asked about that.
    """
    world = await build(team)
    ids = sorted(world.ids() | {world.other["environment"]})
    seen: set[tuple[str, str]] = set()
    for step in every_route(world):
        place = (step.method, step.template)
        if place not in seen and step.template not in _REFUSED_ALWAYS and (not only or place in only):
            before = raw_rows(store.database)
            operation = document()["paths"][step.template][step.method.lower()]
            bads = [*_bad_ids(step, ids)]
            if malformed:
                bads += _bad_queries(step, operation, document()["components"])
                bads += _bad_bodies(step, operation, document()["components"])
            for bad in bads:
                _check_refusal(bad, await _send(team, bad))
            assert raw_rows(store.database) == before, step
        seen.add(place)
        answer = await team.send(step)
        assert answer.is_success or step.template in _REFUSED_ALWAYS, (step, answer.text)
        if only and seen.issuperset(only):
            break
    assert seen.issuperset(only)


def _cases(world: World) -> Iterator[Bad]:
    """What is well formed and cannot be done."""
    yield from _bad_references(world)
    yield from _taken_names(world)
    yield from _things_in_use(world)
    yield from _bad_changes(world)
    yield from _half_good(world)


def _bad_references(world: World) -> Iterator[Bad]:
    """Both or none of the keys that name something, and ids of another kind."""
    evaluation, run = {"id": world.other["evaluation"]}, world.other["run"]
    in_run = evaluation | {"run_id": run}
    flow, dataset = world.files["flow"], world.files["dataset"]
    runs = "/v5/evaluations/{id}/runs"
    for reference in ({}, {"id": flow, "path": "team/flow"}, {"version_id": world.versions["flow"], "id": flow}):
        yield Bad(Step("POST", runs, evaluation, body={"version": reference}), 400, f"version {list(reference)}")
        yield Bad(Step("POST", runs, evaluation, body={"dataset": reference}), 400, f"dataset {list(reference)}")
        attached = {"evaluators": [reference]}
        yield Bad(Step("POST", "/v5/evaluations", body=attached), 400, f"evaluator {list(reference)}")
        yield Bad(Step("POST", "/v5/evaluations/{id}/evaluators", evaluation, body=attached), 400, "evaluator")
    for reference in ({}, {"id": flow, "path": "team/flow"}):
        yield Bad(Step("POST", "/v5/evaluations", body={"evaluators": [], "file": reference}), 400, "file")
    for kind in ("prompt", "tool", "flow", "agent", "evaluator", "dataset"):
        body = {"model": "m", "attributes": {}, "spec": _SPEC, "datapoints": []}
        yield Bad(Step("POST", f"/v5/{kind}s", body=body), 422, "neither id nor path")
        other = world.files["flow" if kind != "flow" else "tool"]
        yield Bad(Step("POST", f"/v5/{kind}s", body={"id": other, **body}), 404, "a file of another type")
    for kind in ("prompt", "tool", "flow", "agent"):
        other = "flow" if kind != "flow" else "tool"
        log = f"/v5/{kind}s/log"
        yield Bad(Step("POST", log, body={"output": "x"}), 422, "neither id nor path")
        yield Bad(Step("POST", log, body={"path": f"team/{other}"}), 404, "a file of another type")
        yield Bad(Step("POST", log, query={"version_id": world.versions[other]}, body={}), 404, "another version")
        yield Bad(Step("POST", log, query={"environment": "none"}, body={"path": f"team/{kind}"}), 404, "environment")
    wrong_ids = (world.logs["flow"], flow, world.other["evaluation"], world.other["datapoint"])
    for word in wrong_ids:
        yield Bad(Step("POST", "/v5/flows/log", body={"id": flow, "run_id": word}), 404, f"run_id={word}")
    for word in (run, flow, world.versions["flow"], world.other["datapoint"]):
        yield Bad(Step("POST", runs + "/{run_id}/logs", in_run, body={"log_ids": [word]}), 404, f"log_ids={word}")
        judgment = {"path": "team/evaluator", "judgment": True, "parent_id": word}
        yield Bad(Step("POST", "/v5/evaluators/log", body=judgment), 404, f"parent_id={word}")
        yield Bad(Step("POST", "/v5/flows/log", body={"id": flow, "trace_parent_id": word}), 404, "trace_parent_id")
    for key, word in (("id", flow), ("version_id", world.versions["flow"]), ("path", "team/flow")):
        yield Bad(Step("POST", runs, evaluation, body={"dataset": {key: word}}), 404, f"dataset {key}")
        attached = {"evaluators": [{key: word}]}
        yield Bad(Step("POST", "/v5/evaluations/{id}/evaluators", evaluation, body=attached), 404, f"evaluator {key}")
    for key, word in (("id", dataset), ("version_id", world.versions["dataset"]), ("path", "team/dataset")):
        yield Bad(Step("POST", runs, evaluation, body={"version": {key: word}}), 404, f"version {key}")
    yield Bad(Step("POST", "/v5/evaluations", body={"evaluators": [], "file": {"id": dataset}}), 404, "a dataset")
    yield Bad(Step("POST", runs, evaluation, body={"use_existing_logs": True}), 400, "logs of nothing")


def _taken_names(world: World) -> Iterator[Bad]:
    """Names that another has."""
    flow = {"id": world.files["flow"]}
    named = {"file": flow, "name": "zebra", "evaluators": []}
    yield Bad(Step("POST", "/v5/evaluations", body=named), 409, "the name of an evaluation")
    taken = {"output": "x", "log_id": world.logs["flow"]}
    for kind in ("prompt", "tool", "flow", "agent"):
        yield Bad(Step("POST", f"/v5/{kind}s/log", body={"path": f"team/{kind}", **taken}), 409, "a log_id")
    judgment = {"path": "team/evaluator", "parent_id": world.logs["in_run"], "judgment": True}
    yield Bad(Step("POST", "/v5/evaluators/log", body={**judgment, "log_id": world.logs["flow"]}), 409, "a log_id")
    for kind, body in _NEW.items():
        place = {"id": world.files[kind], "version_id": world.later_versions[kind]}
        other = "tool" if kind != "tool" else "flow"
        yield Bad(Step("POST", f"/v5/{kind}s", body={"path": f"team/{other}", **body}), 409, "a path")
        yield Bad(
            Step("PATCH", f"/v5/{kind}s/{{id}}", {"id": world.files[kind]}, body={"path": "team/python"}), 409, ""
        )
        named_version = {"path": f"team/{kind}", **body, "version_name": "taken"}
        yield Bad(Step("POST", f"/v5/{kind}s", body=named_version), 409, "the name of a version")
        renamed = Step("PATCH", f"/v5/{kind}s/{{id}}/versions/{{version_id}}", place, body={"name": "taken"})
        yield Bad(renamed, 409, "the name of a version")
    yield Bad(Step("POST", "/v5/directories", body={"path": "team"}), 409, "a directory")
    inner = {"id": world.other["directory"]}
    yield Bad(Step("PATCH", "/v5/directories/{id}", inner, body={"path": "team"}), 409, "a directory")


def _things_in_use(world: World) -> Iterator[Bad]:
    """Versions that an environment, a run, an evaluation or a log has, and a directory that holds something."""
    for kind in _NEW:
        place = {"id": world.files[kind], "version_id": world.versions[kind]}
        yield Bad(Step("DELETE", f"/v5/{kind}s/{{id}}/versions/{{version_id}}", place), 409, "a version in use")
    yield Bad(Step("DELETE", "/v5/directories/{id}", {"id": world.other["parent"]}), 409, "a directory with another")
    yield Bad(Step("DELETE", "/v5/directories/{id}", {"id": "root"}), 409, "the root")


def _bad_changes(world: World) -> Iterator[Bad]:
    """Changes of what may not change any more, or not so."""
    evaluation = {"id": world.other["evaluation"]}
    run, cancelled = (evaluation | {"run_id": world.other[name]} for name in ("run", "cancelled"))
    one_run = "/v5/evaluations/{id}/runs/{run_id}"
    for status in ("pending", "running"):
        yield Bad(Step("PATCH", one_run, run, body={"status": status, "control": True}), 400, status)
        yield Bad(Step("PATCH", one_run, cancelled, body={"status": status}), 400, status)
    reopened = {"status": "completed", "control": True}
    yield Bad(Step("PATCH", one_run, cancelled, body=reopened), 409, "out of cancelled")
    yield Bad(Step("POST", one_run + "/logs", cancelled, body={"log_ids": [world.logs["flow"]]}), 409, "cancelled")
    yield Bad(Step("POST", one_run + "/logs", run, body={"log_ids": [world.logs["judgment"]]}), 400, "a judgment")
    judged = {"path": "team/evaluator", "parent_id": world.logs["judgment"], "judgment": True}
    yield Bad(Step("POST", "/v5/evaluators/log", body=judged), 400, "a judgment of a judgment")
    complete = {"log_id": world.logs["spare_flow"]}
    yield Bad(Step("PATCH", "/v5/flows/logs/{log_id}", complete, body={"output": "other"}), 409, "a complete log")
    for kind in ("prompt", "tool", "agent"):
        place = {"id": world.spare_files[kind], "log_id": world.logs[kind]}
        yield Bad(Step("PATCH", f"/v5/{kind}s/{{id}}/log/{{log_id}}", place, body={"output": "x"}), 404, "another file")
    for judgment in (1, "true", ["a"]):
        body = {"path": "team/evaluator", "parent_id": world.logs["in_run"], "judgment": judgment}
        yield Bad(Step("POST", "/v5/evaluators/log", body=body), 422, f"{judgment!r} of a boolean evaluator")
    logged_to = {"evaluation_id": evaluation["id"]}
    of_cancelled = {"evaluatee_id": world.other["cancelled"]}
    log = {"datapoint_id": world.other["datapoint"], "log": {}}
    result = {"log_id": world.logs["in_run"], "evaluator_id": world.files["evaluator"], "result": True}
    v4_log, v4_result = ("/v4/evaluations/{evaluation_id}/" + word for word in ("log", "result"))
    yield Bad(Step("POST", v4_log, logged_to, of_cancelled, log), 409, "cancelled")
    yield Bad(Step("POST", v4_result, logged_to, of_cancelled, result), 409, "cancelled")
    yield Bad(Step("POST", v4_log, logged_to, body={**log, "datapoint_id": "none"}), 404, "a datapoint of no dataset")
    yield Bad(Step("POST", v4_result, logged_to, body={**result, "error": "x"}), 422, "result and error")
    other = {**result, "evaluator_id": world.other["python"]}
    yield Bad(Step("POST", v4_result, logged_to, body=other), 422, "an evaluator that is not attached")
    to_cancelled = Step("PATCH", "/v4/evaluations/{id}/status", evaluation, of_cancelled, {"status": "running"})
    yield Bad(to_cancelled, 409, "out of cancelled")


def _half_good(world: World) -> Iterator[Bad]:
    """Requests whose first part alone could be done."""
    evaluation = {"id": world.other["evaluation"]}
    in_run = evaluation | {"run_id": world.other["run"]}
    some = {"path": "team/python"}
    for path, place in (("/v5/evaluations", {}), ("/v5/evaluations/{id}/evaluators", evaluation)):
        yield Bad(Step("POST", path, place, body={"evaluators": [some, {"path": "none"}]}), 404, "one of two")
    ids = {"log_ids": [world.logs["flow"], "none"]}
    yield Bad(Step("POST", "/v5/evaluations/{id}/runs/{run_id}/logs", in_run, body=ids), 404, "one of two logs")
    run = {"dataset": {"path": "team/dataset"}, "version": {"path": "none"}}
    yield Bad(Step("POST", "/v5/evaluations/{id}/runs", evaluation, body=run), 404, "no version")
    new = {"path": "quite/new", "run_id": "none"}
    yield Bad(Step("POST", "/v5/prompts/log", body={**new, "prompt": {"model": "new"}}), 404, "a new file in no run")
    yield Bad(Step("POST", "/v5/flows/log", body={**new, "flow": {"attributes": {}}}), 404, "a new file in no run")
    child = {"path": "quite/new", "tool": {"source_code": "x"}, "trace_parent_id": "none"}
    yield Bad(Step("POST", "/v5/tools/log", body=child), 404, "a new file in no trace")
    spec = {"path": "quite/new", "spec": _SPEC, "parent_id": "none", "judgment": True}
    yield Bad(Step("POST", "/v5/evaluators/log", body=spec), 404, "a new evaluator of no log")
    linking = {"path": "quite/new", "model": "m", "linked_tools": ["none"]}
    yield Bad(Step("POST", "/v5/prompts", body=linking), 404, "a new prompt with no tool")
    based = {"path": "quite/new", "datapoints": [{"inputs": {"q": "new"}}], "action": "add"}
    yield Bad(
        Step("POST", "/v5/datasets", query={"version_id": "none"}, body=based), 404, "a new dataset on no version"
    )
    on_other = {**based, "path": "team/dataset"}
    of_flow = {"version_id": world.versions["flow"]}
    yield Bad(Step("POST", "/v5/datasets", query=of_flow, body=on_other), 404, "another version")
    monitoring = {"activate": [{"evaluator_version_id": world.versions["evaluator"]}, {"evaluator_version_id": "none"}]}
    yield Bad(Step("POST", "/v5/flows/{id}/evaluators", {"id": world.files["flow"]}, body=monitoring), 404, "monitors")
    dataset = {"id": world.files["dataset"]}
    for rows in (b"", b"a,a\n1,2\n", b"q,target\n1,2,3\n", b"q\n\xff\n", b"messages\nnone\n"):
        yield Bad(Step("POST", "/v5/datasets/{id}/datapoints/csv", dataset, file=rows), 422, f"rows {rows!r}")
    v4_log = {"datapoint_id": world.other["datapoint"], "log": {"parent_id": "none"}}
    place = {"evaluation_id": evaluation["id"]}
    yield Bad(Step("POST", "/v4/evaluations/{evaluation_id}/log", place, body=v4_log), 404, "no parent")
    project = {"project_id": world.files["flow"]}
    created = {"config_id": world.versions["flow"], "evaluator_ids": ["none"], "dataset_id": world.files["dataset"]}
    yield Bad(Step("POST", "/v4/projects/{project_id}/evaluations", project, body=created), 404, "no evaluator")
    yield Bad(Step("PATCH", "/v4/evaluations/{id}/evaluators", evaluation, body={"evaluator_ids": ["none"]}), 404, "")
    for sort, number in (("newest", 3e297), ("newest", -1e19), ("latency", 1e300)):
        logs = {"sort": sort, "following": [0, number]}
        yield Bad(Step("POST", "/v5/review/evaluations/{id}/logs", evaluation, body=logs), 422, f"after {number}")


async def _prepare(team: Team, world: World) -> None:
    """Add what the cases need besides: versions with a taken name, and a cancelled run."""
    for kind in _NEW:
        path = f"/v5/{kind}s/{world.files[kind]}/versions/{world.unused_versions[kind]}"
        assert (await team.client.patch(path, json={"name": "taken"})).is_success
    runs = f"/v5/evaluations/{world.other['evaluation']}/runs"
    body = {"dataset": {"path": "team/dataset"}, "version": {"path": "team/flow"}, "orchestrated": False}
    world.other["cancelled"] = (await team.made(runs, body))["id"]
    assert (await team.client.patch(f"{runs}/{world.other['cancelled']}", json={"status": "cancelled"})).is_success


async def test_what_cannot_be_done_is_refused_whole(team: Team, store: Store) -> None:
    """With the status of the contract and a sentence; nothing of it is written."""
    world = await build(team)
    await _prepare(team, world)
    before = raw_rows(store.database)
    for bad in _cases(world):
        _check_refusal(bad, await _send(team, bad))
        assert raw_rows(store.database) == before, (bad.what, bad.step)


@pytest.mark.slow
async def test_null_counts_as_an_absent_key_on_every_route(team: Team) -> None:
    """The SDK sends null for what its caller set to None."""
    world = await build(team)
    schemas = document()["components"]["schemas"]
    for step in every_route(world):
        operation = document()["paths"][step.template][step.method.lower()]
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        model = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {})
        nulls = {name: None for name in model.get("properties", {}) if name not in model.get("required", [])}
        answer = await team.send(step if not nulls else step._replace(body={**nulls, **step.body}))
        assert answer.is_success or step.template in _REFUSED_ALWAYS, (step, nulls, answer.text)

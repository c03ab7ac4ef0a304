"""A team that has every kind of thing, and a request to every route of the API that is allowed for it."""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.api.middleware.api_key import OPEN_PATHS

Json = dict[str, Any]

MARK = "zebra"
"""In every text that a team writes, and in no request of `every_route`."""

_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
KERNELS: dict[str, Json] = {
    "prompt": {"model": "small", "template": [{"role": "user", "content": f"{MARK} {{{{question}}}}"}]},
    "tool": {"function": {"name": "look_up", "description": MARK}},
    "flow": {"attributes": {"note": MARK}},
    "agent": {"model": "small", "template": f"{MARK} {{{{question}}}}"},
    "evaluator": {"spec": {**_SPEC, "attributes": {"note": MARK}}},
    "dataset": {"datapoints": [{"inputs": {"question": f"{MARK} {n}"}, "target": {"answer": MARK}} for n in "ab"]},
}
READING_POSTS = (
    "/v5/prompts/{id}/populate",
    "/v5/review/evaluations/{id}/agreement",
    "/v5/review/evaluations/{id}/comparison",
    "/v5/review/evaluations/{id}/query",
    "/v5/review/evaluations/{id}/relations",
    "/v5/review/evaluations/{id}/repeats",
    "/v5/review/evaluations/{id}/ranking",
    "/v5/review/evaluations/{id}/failures",
    "/v5/review/evaluations/{id}/grouped-comparison",
    "/v5/review/evaluations/{id}/run-figures",
    "/v5/files/retrieve-by-path",
    "/v5/review/evaluations/{id}/logs",
    "/v5/review/evaluations/{id}/datapoints",
)
WITHOUT_DATA = (
    "/v5/prompts/call",
    "/v5/prompts/deserialize",
    "/v5/agents/call",
    "/v5/agents/continue",
    "/v5/agents/deserialize",
    "/v5/tools/call",
)
"""Routes that answer every key alike."""
LINES = {"content-type": "application/x-ndjson"}
"""The header of a body of JSON lines."""

_LOGGED = ("prompt", "tool", "flow", "agent")


def _other_kernel(kind: str, word: str) -> Json:
    """The content of another version."""
    kernels: dict[str, Json] = {
        "prompt": {"model": word},
        "tool": {"function": {"name": "look_up", "description": word}},
        "flow": {"attributes": {"note": word}},
        "agent": {"model": word},
        "evaluator": {"spec": {**_SPEC, "attributes": {"note": word}}},
        "dataset": {"datapoints": [{"inputs": {"question": word}}], "action": "add"},
    }
    return kernels[kind]


class Step(NamedTuple):
    """A request that its team is allowed: method, template of the path, what fills it, query, and body or file.

    A body that is a tuple is sent as JSON lines.
    """

    method: str
    template: str
    ids: Mapping[str, str] = {}
    query: Mapping[str, Any] = {}
    body: Any = None
    file: bytes | None = None

    @property
    def path(self) -> str:
        """The path with its ids."""
        return self.template.replace(":path}", "}").format(**self.ids)


class Team:
    """Requests of one workspace, over a client of it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def send(self, step: Step) -> httpx.Response:
        """The answer to a request."""
        files = None if step.file is None else {"file": ("some.csv", step.file, "text/csv")}
        query = dict(step.query)
        if isinstance(step.body, tuple):
            lines = "\n".join(map(json.dumps, step.body))
            return await self.client.post(step.path, params=query, content=lines, headers=LINES)
        return await self.client.request(step.method, step.path, params=query, json=step.body, files=files)

    async def made(self, path: str, body: Json) -> Json:
        """What a POST that must succeed answers."""
        answer = await self.client.post(path, json=body)
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    async def read(self, path: str) -> Any:
        """What a GET that must succeed answers."""
        answer = await self.client.get(path)
        assert answer.is_success, answer.text
        return answer.json()


class World:
    """Ids of what a team has; every kind of thing is there."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.later_versions: dict[str, str] = {}
        self.unused_versions: dict[str, str] = {}
        self.spare_files: dict[str, str] = {}
        self.logs: dict[str, str] = {}
        self.other: dict[str, str] = {}

    def ids(self) -> set[str]:
        """Every id that only this team has."""
        groups = (self.files, self.versions, self.later_versions, self.unused_versions, self.spare_files, self.logs)
        ids = {word for group in (*groups, self.other) for word in group.values()}
        return ids - {self.other["environment"], self.other["production"]}


async def build(team: Team) -> World:
    """Write every kind of thing through the API."""
    world = World()
    for kind, kernel in KERNELS.items():
        files, path = f"/v5/{kind}s", f"team/{kind}"
        first = await team.made(files, {"path": path, "description": MARK, **kernel})
        later = await team.made(files, {"path": path, **_other_kernel(kind, "later")})
        unused = await team.made(files, {"path": path, **_other_kernel(kind, "unused")})
        spare = await team.made(files, {"path": f"spare/spare_{kind}", "readme": MARK, **kernel})
        world.files[kind], world.spare_files[kind] = first["id"], spare["id"]
        world.versions[kind], world.later_versions[kind] = first["version_id"], later["version_id"]
        world.unused_versions[kind] = unused["version_id"]
    points = await team.read(f"/v5/datasets/{world.files['dataset']}/datapoints")
    environments = await team.read(f"/v5/flows/{world.files['flow']}/environments")
    world.other = {
        "datapoint": points["records"][0]["id"],
        "production": environments[0]["id"],
        "environment": environments[1]["id"],
    }
    directory = await team.made("/v5/directories", {"path": f"{MARK}/inner"})
    world.other |= {"directory": directory["id"], "parent": directory["parent_id"]}
    python = {**_SPEC, "evaluator_type": "python", "code": "def check(log):\n    return True"}
    world.other["python"] = (await team.made("/v5/evaluators", {"path": "team/python", "spec": python}))["version_id"]
    for number in ("", "_again"):
        body = {"file": {"id": world.files["flow"]}, "name": MARK + number, "evaluators": [{"path": "team/evaluator"}]}
        world.other["evaluation" + number] = (await team.made("/v5/evaluations", body))["id"]
        run = {"dataset": {"path": "team/dataset"}, "version": {"path": "team/flow"}, "orchestrated": False}
        made = await team.made(f"/v5/evaluations/{world.other['evaluation' + number]}/runs", run)
        world.other["run" + number] = made["id"]
    beside = await team.made(f"/v5/evaluations/{world.other['evaluation']}/runs", run)
    world.other["run_beside"] = beside["id"]
    await _build_logs(team, world)
    return world


async def _build_logs(team: Team, world: World) -> None:
    for kind in _LOGGED:
        body = {"path": f"team/{kind}", "output": MARK, "inputs": {"question": MARK}, "metadata": {"note": MARK}}
        world.logs[kind] = (await team.made(f"/v5/{kind}s/log", {**body, "log_status": "incomplete"}))["id"]
        world.logs["spare_" + kind] = (await team.made(f"/v5/{kind}s/log", {**body, "log_status": "complete"}))["id"]
    in_run = {"path": "team/flow", "run_id": world.other["run"], "source_datapoint_id": world.other["datapoint"]}
    world.logs["in_run"] = (await team.made("/v5/flows/log", {**in_run, "output": MARK}))["id"]
    judgment = {"path": "team/evaluator", "parent_id": world.logs["in_run"], "judgment": True, "output": MARK}
    world.logs["judgment"] = (await team.made("/v5/evaluators/log", judgment))["id"]
    child = {"path": "team/tool", "trace_parent_id": world.logs["in_run"], "output": MARK}
    world.logs["child"] = (await team.made("/v5/tools/log", child))["id"]
    await team.made("/v5/tools/log", {"path": "team/tool", "output": MARK})
    world.other["write"] = (await team.read("/v5/journal?size=1"))["records"][0]["id"]


def every_route(world: World) -> Iterator[Step]:
    """Requests over every route that its team is allowed, in this order; what takes things away comes last."""
    for kind in KERNELS:
        yield from _reads_of_files(world, kind)
    yield from _reads(world)
    for kind in KERNELS:
        yield from _writes_of_files(world, kind)
    for template in WITHOUT_DATA:
        text = {"prompt": "---\nmodel: small\n---\n", "agent": "---\nmodel: small\n---\n"}
        yield Step("POST", template, body={"id": world.files["prompt"], **text})
    for kind in ("prompt", "agent"):
        yield Step("GET", f"/v5/{kind}s/{{id}}/serialize", {"id": world.files[kind]})
    prompt = {"id": world.files["prompt"]}
    yield Step("POST", "/v5/prompts/{id}/populate", prompt, body={"question": "why?"})
    for kind in ("prompt", "tool", "agent"):
        place = {"id": world.files[kind], "log_id": world.logs[kind]}
        yield Step("PATCH", f"/v5/{kind}s/{{id}}/log/{{log_id}}", place, body={"output": "changed"})
    flow_log = {"log_id": world.logs["flow"]}
    yield Step("PATCH", "/v5/flows/logs/{log_id}", flow_log, body={"output": "changed", "log_status": "complete"})
    for kind in _LOGGED:
        yield Step("POST", f"/v5/{kind}s/log", body={"id": world.files[kind], "output": "new"})
        yield Step("POST", f"/v5/{kind}s/log", query={"version_id": world.later_versions[kind]}, body={"output": "new"})
    yield from _writes(world)
    yield from _traces(world)
    yield from _v4(world)
    yield from _ends(world)


def _reads_of_files(world: World, kind: str) -> Iterator[Step]:
    files = f"/v5/{kind}s"
    place = {"id": world.files[kind]}
    yield Step("GET", files)
    yield Step("GET", files, query={"name": kind, "sort_by": "name", "order": "asc", "size": 1})
    yield Step("GET", files + "/{id}", place)
    yield Step("GET", files + "/{id}", place, {"version_id": world.later_versions[kind]})
    yield Step("GET", files + "/{id}", place, {"environment": "production"})
    yield Step("GET", files + "/{id}/versions", place)
    yield Step("GET", files + "/{id}/environments", place)


def _reads(world: World) -> Iterator[Step]:
    flow, evaluation = {"id": world.files["flow"]}, {"id": world.other["evaluation"]}
    dataset = {"id": world.files["dataset"]}
    yield Step("GET", "/v5/datasets/{id}", dataset, {"include_datapoints": True})
    yield Step("GET", "/v5/datasets/{id}/versions", dataset, {"include_datapoints": True})
    yield Step("GET", "/v5/datasets/{id}/datapoints", dataset, {"version_id": world.later_versions["dataset"]})
    yield Step("GET", "/v5/directories")
    yield Step("GET", "/v5/directories/{id}", {"id": world.other["parent"]})
    yield Step("GET", "/v5/files", query={"size": 100, "type": ["flow", "dataset"], "sort_by": "updated_at"})
    yield Step("GET", "/v5/files", query={"path": "team", "environment": "production", "sort_by": "name"})
    yield Step("POST", "/v5/files/retrieve-by-path", body={"path": "team/flow"})
    yield Step("GET", "/v5/logs", query={"file_id": flow["id"], "include_trace_children": True, "include_parent": True})
    yield Step("GET", "/v5/logs", query={"file_id": flow["id"], "search": MARK.upper(), "metadata_search": "NOTE"})
    yield Step(
        "GET", "/v5/logs", query={"file_id": flow["id"], "id": world.logs["in_run"][4:9], "in_trace_filter": False}
    )
    yield Step("GET", "/v5/logs", query={"file_id": flow["id"], "start_date": "2000-01-01T00:00:00Z", "sample": 2})
    yield Step("GET", "/v5/journal", query={"size": 2})
    for log_id in world.logs.values():
        yield Step("GET", "/v5/logs/{id}", {"id": log_id})
    yield Step("GET", "/v5/evaluations", query={"file_id": flow["id"]})
    for template in ("", "/runs", "/stats", "/logs"):
        yield Step("GET", "/v5/evaluations/{id}" + template, evaluation)
    yield Step("GET", "/v5/evaluations/{id}/logs", evaluation, {"run_id": world.other["run"], "size": 1})
    yield from _reviews(world)


def _reviews(world: World) -> Iterator[Step]:
    evaluation = {"id": world.other["evaluation"]}
    runs = [world.other["run"]]
    yield Step("GET", "/v5/review/evaluations")
    yield Step("GET", "/v5/review/evaluations", query={"text": MARK.upper()})
    yield Step("GET", "/v5/review/evaluations/overview", query={"word": evaluation["id"]})
    logs = "/v5/review/evaluations/{id}/logs"
    for sort in ("newest", "latency", "cost", "length"):
        yield Step("POST", logs, evaluation, body={"filter": {"run_ids": runs}, "sort": sort})
    by = {"evaluator_version_id": world.versions["evaluator"]}
    sought = {"run_ids": runs, "text": MARK}
    yield Step("POST", logs, evaluation, body={"filter": sought, **by, "sort": "worst"})
    for state in ("judged", "abstained", "failed", "missing"):
        lacking = {"judgment": {**by, "state": state}}
        yield Step("POST", logs, evaluation, body={"filter": lacking, "following": [0, -9e15]})
    between = {"filter": {"judgment": {**by, "at_least": 0.5, "at_most": 1}}, **by}
    yield Step("POST", logs, evaluation, body={**between, "sort": "worst", "following": [0, 1]})
    ids = "/v5/review/evaluations/{id}/datapoint-ids"
    yield Step("GET", ids, evaluation, {"beginning": world.other["datapoint"][:9]})
    yield Step("GET", "/v5/review/evaluations/{id}/fields", evaluation)
    yield Step("GET", "/v5/review/datapoints/{id}", {"id": world.other["datapoint"]})
    yield Step("GET", "/v5/review/logs/ids", query={"beginning": world.logs["in_run"][:9]})
    for sort in ("latency", "cost", "length"):
        yield Step("POST", logs, evaluation, body={"filter": {"run_ids": runs}, "sort": sort, "following": [-4.5, -1]})
    question = {"dataset_version_id": world.versions["dataset"]}
    yield Step("POST", "/v5/review/evaluations/{id}/datapoints", evaluation, body=question)
    yield Step("POST", "/v5/review/evaluations/{id}/datapoints", evaluation, body={**question, "filter": sought})


def _writes_of_files(world: World, kind: str) -> Iterator[Step]:
    files = f"/v5/{kind}s"
    place = {"id": world.files[kind]}
    later = place | {"version_id": world.later_versions[kind]}
    yield Step("POST", files, body={"id": place["id"], **_other_kernel(kind, "later"), "version_name": "second"})
    yield Step("PATCH", files + "/{id}/versions/{version_id}", later, body={"name": "named", "description": "said"})
    yield Step("POST", files + "/{id}/versions/{version_id}/commit", later, body={"commit_message": "said"})
    deployed = place | {"environment_id": world.other["environment"]}
    yield Step("POST", files + "/{id}/environments/{environment_id}", deployed, {"version_id": later["version_id"]})
    if kind != "dataset":
        by_environment = {"evaluator_id": world.files["evaluator"], "environment_id": world.other["production"]}
        monitoring = {"activate": [{"evaluator_version_id": world.versions["evaluator"]}, by_environment]}
        yield Step("POST", files + "/{id}/evaluators", place, body=monitoring)
    yield Step("PATCH", files + "/{id}", {"id": world.spare_files[kind]}, body={"path": f"moved/{kind}"})


def _writes(world: World) -> Iterator[Step]:
    evaluation, run = {"id": world.other["evaluation"]}, world.other["run"]
    in_run = evaluation | {"run_id": run}
    runs = "/v5/evaluations/{id}/runs"
    flow = {"id": world.files["flow"]}
    yield Step("POST", "/v5/evaluations", body={"file": flow, "evaluators": [], "name": "new"})
    yield Step("POST", "/v5/evaluations", body={"evaluators": [{"version_id": world.versions["evaluator"]}]})
    spare = {"evaluators": [{"id": world.spare_files["evaluator"], "orchestrated": False}]}
    yield Step("POST", "/v5/evaluations/{id}/evaluators", evaluation, body=spare)
    yield Step("POST", runs, evaluation, body={"dataset": {"id": world.files["dataset"]}, "version": flow})
    existing = {"version": {"version_id": world.versions["flow"]}, "dataset": {"version_id": world.versions["dataset"]}}
    yield Step("POST", runs, evaluation, body={**existing, "use_existing_logs": True, "orchestrated": False})
    yield Step("POST", runs + "/{run_id}", evaluation | {"run_id": world.other["run_again"]})
    compared = {
        "baseline_run_id": run,
        "candidate_run_ids": [world.other["run_beside"]],
        "evaluator_version_ids": [world.versions["evaluator"]],
        "filter": {"text": MARK},
    }
    yield Step("POST", "/v5/review/evaluations/{id}/comparison", evaluation, body=compared)
    yield Step("POST", "/v5/review/evaluations/{id}/agreement", evaluation, body={})
    yield Step("POST", "/v5/review/evaluations/{id}/relations", evaluation, body={})
    yield Step("POST", "/v5/review/evaluations/{id}/repeats", evaluation, body={})
    yield Step("POST", "/v5/review/evaluations/{id}/ranking", evaluation, body={})
    failing = {"rule": {"scales": [{"evaluator_version_id": world.versions["evaluator"], "low": 0, "high": 5}]}}
    yield Step("POST", "/v5/review/evaluations/{id}/failures", evaluation, body=failing)
    sql = {"sql": "SELECT input, output FROM logs ORDER BY input, output"}
    yield Step("POST", "/v5/review/evaluations/{id}/query", evaluation, body=sql)
    grouped = {**compared, "group_by": {"kind": "length"}}
    yield Step("POST", "/v5/review/evaluations/{id}/grouped-comparison", evaluation, body=grouped)
    yield Step("POST", "/v5/review/evaluations/{id}/run-figures", evaluation, body={"group_by": {"kind": "length"}})
    yield Step("POST", runs + "/{run_id}/logs", in_run, body={"log_ids": [world.logs["flow"], world.logs["prompt"]]})
    yield Step("PATCH", runs + "/{run_id}", in_run, body={"control": True})
    python = {"evaluators": [{"version_id": world.other["python"]}]}
    yield Step("POST", "/v5/evaluations/{id}/evaluators", evaluation, body=python)
    yield Step("GET", "/v5/evaluations/{id}/logs", evaluation)
    log = {"run_id": run, "source_datapoint_id": world.other["datapoint"], "trace_parent_id": world.logs["in_run"]}
    yield Step("POST", "/v5/flows/log", body={**flow, **log})
    judgment = {"id": world.files["evaluator"], "parent_id": world.logs["in_run"]}
    yield Step("POST", "/v5/evaluators/log", body={**judgment, "judgment": False})
    yield Step("POST", "/v5/evaluators/log", body={**judgment, "judgment": None})
    judge = {"version_id": world.versions["evaluator"]}
    yield Step("PUT", "/v5/review/evaluators/{version_id}/examples", judge, body={"ids": [world.logs["prompt"]]})
    yield Step("POST", "/v5/evaluators/log", body={**judgment, "error": "too hard"})
    yield Step("GET", "/v5/evaluations/{id}/stats", evaluation)
    yield Step("POST", "/v5/bulk", body=bulk_records(world))
    outputs = {"outputs": [{"datapoint_id": world.other["datapoint"], "output": "more"}]}
    yield Step("POST", "/v5/evaluations/{id}/runs/{run_id}/outputs", {**evaluation, "run_id": run}, body=outputs)
    label = {"log_id": world.logs["in_run"], "judgment": "late", "note": "A day late."}
    labels = {"evaluator": {"name": "labels/mode"}, "labels": [label], "kind": "human", "author": "ann"}
    yield Step("POST", "/v5/evaluations/{id}/labels", evaluation, body=labels)
    yield Step("POST", "/v5/set-ups", body={"evaluation": "set up", "evaluators": [{"name": world.files["evaluator"]}]})
    asked = {"reviewer": "ann", "filter": {"run_ids": [run], "text": "more"}}  # one log: their even order is by chance
    yield Step("POST", "/v5/review/evaluations/{id}/next", evaluation, body=asked)
    yield Step("GET", "/v5/bulk")
    yield Step("GET", "/v5/bulk/counts")
    dataset, tool = {"id": world.files["dataset"]}, {"id": world.files["tool"]}
    rows = b"question,answer\nhow?,so\n"
    yield Step("POST", "/v5/datasets/{id}/datapoints/csv", dataset, file=rows)
    variables = "/v5/tools/{id}/environment-variables"
    yield Step("POST", variables, tool, body=[{"name": "PLACE", "value": "here"}, {"name": "TIME", "value": "now"}])
    yield Step("GET", variables, tool)
    yield Step("DELETE", variables + "/{name}", tool | {"name": "PLACE"})
    yield Step("POST", "/v5/directories", body={"path": "quite/new"})
    inner = {"id": world.other["directory"]}
    yield Step("PATCH", "/v5/directories/{id}", inner, body={"name": "renamed"})
    yield Step("PATCH", "/v5/directories/{id}", inner, body={"path": "elsewhere"})
    yield Step("DELETE", "/v5/directories/{id}", {"id": world.other["parent"]})


def bulk_records(world: World) -> tuple[Json, ...]:
    """A log of a version that is there, in a run that is there, and a judgment of it."""
    log = {"record": "log", "id": "log_of_bulk", "version_id": world.versions["flow"], "output": "new"}
    judgment = {"record": "judgment", "id": "judgment_of_bulk", "judged_log_id": "log_of_bulk", "judgment": True}
    return (
        {**log, "run_ids": [world.other["run"]], "source_datapoint_id": world.other["datapoint"]},
        {**judgment, "evaluator_version_id": world.versions["evaluator"]},
    )


def _traces(world: World) -> Iterator[Step]:
    said = (
        {"file.id": world.files["flow"], "log.output": "traced", "log.run_id": world.other["run"]},
        {"file.path": "team/flow", "log.id": world.logs["spare_flow"], "log.output": "traced"},
    )
    for number, words in enumerate(said):
        attributes = [
            {"key": f"humanloop.{name}", "value": {"stringValue": value}}
            for name, value in {"file.type": "flow", **words}.items()
        ]
        span = {"traceId": "0a", "spanId": f"0{number}", "name": "humanloop.flow", "attributes": attributes}
        times = {"startTimeUnixNano": "1900000000000000000", "endTimeUnixNano": "1900000001000000000"}
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [{**span, **times}]}]}]}
        yield Step("POST", "/v5/import/otel/v1/traces", body=body)


def _v4(world: World) -> Iterator[Step]:
    evaluation, project = {"id": world.other["evaluation"]}, {"project_id": world.files["flow"]}
    logged_to = {"evaluation_id": evaluation["id"]}
    yield Step("GET", "/v4/evaluations", query={"project_id": world.files["flow"], "start_date": "2000-01-01"})
    yield Step("GET", "/v4/projects/{project_id}/evaluations", project, {"evaluator_aggregates": True})
    yield Step("GET", "/v4/evaluations/{id}", evaluation, {"evaluator_aggregates": True})
    yield Step("GET", "/v4/evaluations/{id}/datapoints", evaluation, {"evaluatee_id": world.other["run"]})
    running = {"status": "running"}
    yield Step("PATCH", "/v4/evaluations/{id}/status", evaluation, {"evaluatee_id": world.other["run"]}, running)
    log = {"datapoint_id": world.other["datapoint"], "log": {"output": "new"}}
    yield Step("POST", "/v4/evaluations/{evaluation_id}/log", logged_to, {"evaluatee_id": world.other["run"]}, log)
    result = {"log_id": world.logs["in_run"], "evaluator_id": world.files["evaluator"], "result": True}
    yield Step(
        "POST", "/v4/evaluations/{evaluation_id}/result", logged_to, {"evaluatee_id": world.other["run"]}, result
    )
    attached = {"evaluator_version_ids": [world.later_versions["evaluator"]]}
    yield Step("PATCH", "/v4/evaluations/{id}/evaluators", evaluation, body=attached)
    new = {
        "config_id": world.versions["flow"],
        "evaluator_ids": [world.files["evaluator"]],
        "dataset_id": world.files["dataset"],
        "hl_generated": False,
    }
    yield Step("POST", "/v4/projects/{project_id}/evaluations", project, body=new)
    yield from _v4_set_up(world)


def _v4_set_up(world: World) -> Iterator[Step]:
    prompt, dataset = {"project_id": world.files["prompt"]}, {"dataset_id": world.files["dataset"]}
    yield Step("GET", "/v4/projects", query={"filter": "TEAM", "sort_by": "name", "order": "asc"})
    yield Step("POST", "/v4/projects", body={"name": "team/v4"})
    for part in ("", "/configs", "/active-config", "/datasets"):
        yield Step("GET", "/v4/projects/{project_id}" + part, prompt)
    yield Step("POST", "/v4/projects/{project_id}/datasets", prompt, body={"name": "team/v4 set", "description": ""})
    yield Step("POST", "/v4/model-configs", body={"project_id": world.files["prompt"], "model": "of v4"})
    yield Step("GET", "/v4/model-configs/{id}", {"id": world.versions["prompt"]})
    yield Step("GET", "/v4/datasets")
    yield Step("GET", "/v4/datasets/{id}", {"id": world.files["dataset"]})
    yield Step("GET", "/v4/datasets/{dataset_id}/datapoints", dataset)
    yield Step("POST", "/v4/datasets/{dataset_id}/datapoints", dataset, body=[{"inputs": {"question": "of v4"}}])
    yield Step("GET", "/v4/evaluators")
    yield Step("GET", "/v4/evaluators/{id}", {"id": world.files["evaluator"]})
    judge = {"arguments_type": "target_free", "return_type": "boolean", "type": "external"}
    yield Step("POST", "/v4/evaluators", body={"name": "team/v4 judge", "description": "", **judge})
    yield Step("POST", "/v4/logs", body={"config_id": world.versions["prompt"], "output": "of v4"})
    yield Step("GET", "/v4/logs", query=prompt)
    yield Step("GET", "/v4/logs/{id}", {"id": world.logs["prompt"]})
    yield Step("PATCH", "/v4/logs/{id}", {"id": world.logs["prompt"]}, body={"duration": 2})
    yield Step("POST", "/v4/feedback", body={"data_id": world.logs["prompt"], "type": "rating", "value": "good"})
    yield Step("POST", "/v4/sessions", body={})


def _ends(world: World) -> Iterator[Step]:
    evaluation = {"id": world.other["evaluation"]}
    in_run = evaluation | {"run_id": world.other["run"]}
    yield Step("POST", "/v5/journal/{id}/undo", {"id": world.other["write"]})
    yield Step("DELETE", "/v5/logs", query={"id": [world.logs["spare_flow"], world.logs["judgment"]]})
    yield Step("PATCH", "/v5/evaluations/{id}/runs/{run_id}", in_run, body={"status": "completed"})
    yield Step("DELETE", "/v5/evaluations/{id}/runs/{run_id}", in_run)
    attached = evaluation | {"evaluator_version_id": world.versions["evaluator"]}
    yield Step("DELETE", "/v5/evaluations/{id}/evaluators/{evaluator_version_id}", attached)
    yield Step("DELETE", "/v5/evaluations/{id}", evaluation)
    for kind in KERNELS:
        files = f"/v5/{kind}s"
        deployed = {"id": world.files[kind], "environment_id": world.other["environment"]}
        yield Step("DELETE", files + "/{id}/environments/{environment_id}", deployed)
        unused = {"id": world.files[kind], "version_id": world.unused_versions[kind]}
        yield Step("DELETE", files + "/{id}/versions/{version_id}", unused)
        yield Step("DELETE", files + "/{id}", {"id": world.spare_files[kind]})


@functools.cache
def document() -> Json:
    """The OpenAPI document of the API; making it takes seconds."""
    return create_app(OpenAccess.__new__(OpenAccess)).openapi()


def operations() -> set[tuple[str, str]]:
    """Method and path of every route of the API."""
    paths = document()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods if path not in OPEN_PATHS}

"""Every endpoint once: what is sent for it, what comes back, and that starting costs nothing."""

import importlib
import json
import pkgutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

import evals_mcp.client
from evals_mcp.client.client import EvalsClient
from evals_mcp.client.paging import pages
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.models.agents import AgentRequest
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest, DatasetResponse
from evals_mcp.models.directories import CreateDirectoryRequest, UpdateDirectoryRequest
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.evaluators import EvaluatorRequest, ExternalEvaluatorRequest
from evals_mcp.models.flows import FlowRequest
from evals_mcp.models.log_requests import (
    AgentLogRequest,
    EvaluatorLogRequest,
    FlowLogRequest,
    PromptLogRequest,
    ToolLogRequest,
    UpdateFlowLogRequest,
    UpdatePromptLogRequest,
    UpdateToolLogRequest,
)
from evals_mcp.models.logs import FlowLogResponse
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, VersionReference
from evals_mcp.models.runs import CreateRunRequest, UpdateRunRequest
from evals_mcp.models.stats import BooleanEvaluatorStatsResponse
from evals_mcp.models.tools import ToolRequest
from evals_mcp.models.v4.evaluations import V4AddEvaluatorsRequest, V4CreateEvaluationRequest
from evals_mcp.models.v4.logs import V4CreateEvaluationLogRequest, V4CreateEvaluationResultLogRequest, V4LogRequest
from evals_mcp.models.versions import MoveFileRequest, UpdateVersionRequest

pytestmark = pytest.mark.anyio

ENDPOINTS = Path(__file__).parents[3] / "shared" / "contract" / "endpoints.json"

Call = Callable[[EvalsClient], Awaitable[Any]]

SPEC = ExternalEvaluatorRequest(arguments_type="target_free", return_type="boolean")
SPEC_JSON = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)

EVALUATIONS: list[tuple[str, Call, Any]] = [
    ("GET /v5/evaluations?file_id=pr_1&page=1&size=10", lambda c: c.evaluations.list("pr_1"), None),
    (
        "POST /v5/evaluations",
        lambda c: c.evaluations.create(
            CreateEvaluationRequest(evaluators=[EvaluatorReference(path="e")], file=FileReference(id="pr_1"), name="n")
        ),
        {"evaluators": [{"path": "e", "orchestrated": True}], "file": {"id": "pr_1"}, "name": "n"},
    ),
    ("GET /v5/evaluations/{evr_1}", lambda c: c.evaluations.get("evr_1"), None),
    ("DELETE /v5/evaluations/{evr_1}", lambda c: c.evaluations.delete("evr_1"), None),
    (
        "POST /v5/evaluations/{evr_1}/evaluators",
        lambda c: c.evaluations.add_evaluators("evr_1", [EvaluatorReference(version_id="evv_1", orchestrated=False)]),
        {"evaluators": [{"version_id": "evv_1", "orchestrated": False}]},
    ),
    (
        "DELETE /v5/evaluations/{evr_1}/evaluators/{evv_1}",
        lambda c: c.evaluations.remove_evaluator("evr_1", "evv_1"),
        None,
    ),
    ("GET /v5/evaluations/{evr_1}/stats", lambda c: c.evaluations.stats("evr_1"), None),
    (
        "GET /v5/evaluations/{evr_1}/logs?page=2&size=5&run_id=run_1&run_id=run_2",
        lambda c: c.evaluations.logs("evr_1", page=2, size=5, run_ids=["run_1", "run_2"]),
        None,
    ),
    ("GET /v5/evaluations/{evr_1}/runs", lambda c: c.runs.list("evr_1"), None),
    (
        "POST /v5/evaluations/{evr_1}/runs",
        lambda c: c.runs.create("evr_1", CreateRunRequest(dataset=VersionReference(id="ds_1"), orchestrated=False)),
        {"dataset": {"id": "ds_1"}, "orchestrated": False, "use_existing_logs": False},
    ),
    ("POST /v5/evaluations/{evr_1}/runs/{run_1}", lambda c: c.runs.add_existing("evr_1", "run_1"), None),
    ("DELETE /v5/evaluations/{evr_1}/runs/{run_1}", lambda c: c.runs.remove("evr_1", "run_1"), None),
    (
        "PATCH /v5/evaluations/{evr_1}/runs/{run_1}",
        lambda c: c.runs.update("evr_1", "run_1", UpdateRunRequest(status="cancelled")),
        {"status": "cancelled"},
    ),
    (
        "POST /v5/evaluations/{evr_1}/runs/{run_1}/logs",
        lambda c: c.runs.add_logs("evr_1", "run_1", ["log_1", "log_2"]),
        {"log_ids": ["log_1", "log_2"]},
    ),
]

V4: list[tuple[str, Call, Any]] = [
    (
        "GET /v4/evaluations/{ev_1}?evaluator_aggregates=true&evaluatee_id=evv_1",
        lambda c: c.v4.get("ev_1", evaluator_aggregates=True, evaluatee_id="evv_1"),
        None,
    ),
    ("GET /v4/evaluations/{ev_1}/datapoints?page=1&size=10", lambda c: c.v4.list_datapoints("ev_1"), None),
    (
        "POST /v4/projects/{pr_1}/evaluations",
        lambda c: c.v4.create(
            "pr_1", V4CreateEvaluationRequest(config_id="config_1", evaluator_ids=["evfn_1"], dataset_id="evts_1")
        ),
        {"config_id": "config_1", "evaluator_ids": ["evfn_1"], "dataset_id": "evts_1", "hl_generated": True},
    ),
    (
        "POST /v4/evaluations/{ev_1}/log?evaluatee_id=evv_1",
        lambda c: c.v4.log(
            "ev_1",
            V4CreateEvaluationLogRequest(datapoint_id="dp_1", log=V4LogRequest(output="hi")),
            evaluatee_id="evv_1",
        ),
        {"datapoint_id": "dp_1", "log": {"inputs": {}, "save": True, "output": "hi"}},
    ),
    (
        "POST /v4/evaluations/{ev_1}/result",
        lambda c: c.v4.result(
            "ev_1", V4CreateEvaluationResultLogRequest(log_id="data_1", evaluator_id="evfn_1", result=True)
        ),
        {"log_id": "data_1", "evaluator_id": "evfn_1", "result": True},
    ),
    (
        "PATCH /v4/evaluations/{ev_1}/status",
        lambda c: c.v4.update_status("ev_1", "completed"),
        {"status": "completed"},
    ),
    (
        "PATCH /v4/evaluations/{ev_1}/evaluators",
        lambda c: c.v4.add_evaluators("ev_1", V4AddEvaluatorsRequest(evaluator_version_ids=["evv_1"])),
        {"evaluator_version_ids": ["evv_1"]},
    ),
    (
        "GET /v4/evaluations?project_id=pr_1&page=0&size=10&id=a&id=b&start_date=2025-01-01T12%3A00%3A00Z",
        lambda c: c.v4.list("pr_1", ids=["a", "b"], start_date=NOON),
        None,
    ),
]

LOGS_AND_FILES: list[tuple[str, Call, Any]] = [
    ("GET /v5/logs/{log_1}", lambda c: c.logs.get("log_1"), None),
    ("DELETE /v5/logs?id=log_1&id=log_2", lambda c: c.logs.delete(["log_1", "log_2"]), None),
    (
        "GET /v5/logs?file_id=fl_1&page=1&size=10&id=a&search=x+y&in_trace_filter=true&in_trace_filter=false",
        lambda c: c.logs.list("fl_1", ids=["a"], search="x y", in_trace_filter=[True, False]),
        None,
    ),
    (
        "GET /v5/files?page=1&size=100&path=&type=prompt&type=agent&include_raw_file_content=true",
        lambda c: c.files.list(size=100, path="", types=["prompt", "agent"], include_raw_file_content=True),
        None,
    ),
    (
        "POST /v5/files/retrieve-by-path?environment=staging",
        lambda c: c.files.retrieve_by_path("a/b", environment="staging"),
        {"path": "a/b"},
    ),
    ("GET /v5/directories", lambda c: c.directories.list(), None),
    (
        "POST /v5/directories",
        lambda c: c.directories.create(CreateDirectoryRequest(path="a/b")),
        {"path": "a/b"},
    ),
    ("GET /v5/directories/{root}", lambda c: c.directories.get(), None),
    (
        "PATCH /v5/directories/{dir_1}",
        lambda c: c.directories.update("dir_1", UpdateDirectoryRequest(name="n")),
        {"name": "n"},
    ),
    ("DELETE /v5/directories/{dir_1}", lambda c: c.directories.delete("dir_1"), None),
    (
        "GET /v5/datasets/{ds_1}?version_id=dsv_1&include_datapoints=true",
        lambda c: c.datasets.get("ds_1", version_id="dsv_1", include_datapoints=True),
        None,
    ),
    (
        "GET /v5/datasets/{ds_1}/versions?include_datapoints=false",
        lambda c: c.datasets.list_versions("ds_1", include_datapoints=False),
        None,
    ),
    (
        "GET /v5/datasets/{ds_1}/datapoints?page=1&size=50&environment=staging",
        lambda c: c.datasets.list_datapoints("ds_1", environment="staging"),
        None,
    ),
]

UPSERTS_AND_LOGS: list[tuple[str, Call, Any]] = [
    (
        "POST /v5/prompts",
        lambda c: c.prompts.upsert(PromptRequest(path="p", model="m", temperature=0.0)),
        {"path": "p", "model": "m", "temperature": 0.0},
    ),
    (
        "POST /v5/flows",
        lambda c: c.flows.upsert(FlowRequest(path="f", attributes={"kept": None})),
        {"path": "f", "attributes": {"kept": None}},
    ),
    (
        "POST /v5/tools",
        lambda c: c.tools.upsert(ToolRequest(path="t", source_code="x")),
        {"path": "t", "source_code": "x"},
    ),
    ("POST /v5/agents", lambda c: c.agents.upsert(AgentRequest(path="a", model="m")), {"path": "a", "model": "m"}),
    (
        "POST /v5/evaluators",
        lambda c: c.evaluators.upsert(EvaluatorRequest(path="e", spec=SPEC)),
        {"path": "e", "spec": SPEC_JSON},
    ),
    (
        "POST /v5/datasets?include_datapoints=true",
        lambda c: c.datasets.upsert(
            DatasetRequest(path="d", datapoints=[CreateDatapointRequest(inputs={"q": "é", "n": None})]),
            include_datapoints=True,
        ),
        {"path": "d", "datapoints": [{"inputs": {"q": "é", "n": None}}], "action": "set"},
    ),
    (
        "POST /v5/prompts/log?version_id=prv_1",
        lambda c: c.prompts.log(PromptLogRequest(id="pr_1", run_id="run_1", output="hi"), version_id="prv_1"),
        {"id": "pr_1", "run_id": "run_1", "output": "hi", "save": True},
    ),
    (
        "POST /v5/flows/log?environment=staging",
        lambda c: c.flows.log(FlowLogRequest(path="f", end_time=NOON, environment="label"), environment="staging"),
        {"path": "f", "end_time": "2025-01-01T12:00:00Z", "environment": "label", "save": True},
    ),
    ("POST /v5/tools/log", lambda c: c.tools.log(ToolLogRequest(path="t")), {"path": "t", "save": True}),
    ("POST /v5/agents/log", lambda c: c.agents.log(AgentLogRequest(path="a")), {"path": "a", "save": True}),
    (
        "POST /v5/evaluators/log",
        lambda c: c.evaluators.log(EvaluatorLogRequest(id="ev_1", parent_id="log_1", error="timed out")),
        {"id": "ev_1", "parent_id": "log_1", "error": "timed out", "save": True},
    ),
    (
        "POST /v5/evaluators/log?version_id=evv_1",
        lambda c: c.evaluators.log(
            EvaluatorLogRequest(id="ev_1", parent_id="log_1", judgment=None), version_id="evv_1"
        ),
        {"id": "ev_1", "parent_id": "log_1", "judgment": None, "save": True},
    ),
    (
        "PATCH /v5/prompts/{pr_1}/log/{log_1}",
        lambda c: c.prompts.update_log("pr_1", "log_1", UpdatePromptLogRequest(output="x")),
        {"output": "x"},
    ),
    (
        "PATCH /v5/tools/{tl_1}/log/{log_1}",
        lambda c: c.tools.update_log("tl_1", "log_1", UpdateToolLogRequest(output="x")),
        {"output": "x"},
    ),
    (
        "PATCH /v5/agents/{ag_1}/log/{log_1}",
        lambda c: c.agents.update_log("ag_1", "log_1", UpdateFlowLogRequest(output="x")),
        {"output": "x"},
    ),
    (
        "PATCH /v5/flows/logs/{log_1}",
        lambda c: c.flows.update_log("log_1", UpdateFlowLogRequest(log_status="complete")),
        {"log_status": "complete"},
    ),
]


def of_type(noun: str) -> list[tuple[str, Call, Any]]:
    """What can be asked of files of each type alike."""

    def of(client: EvalsClient) -> Any:
        return getattr(client, noun)

    path = f"/v5/{noun}/{{x_1}}"
    return [
        (f"GET {path}?environment=staging", lambda c: of(c).get("x_1", environment="staging"), None),
        (f"DELETE {path}", lambda c: of(c).delete("x_1"), None),
        (f"PATCH {path}", lambda c: of(c).move("x_1", MoveFileRequest(path="new/place")), {"path": "new/place"}),
        (f"GET {path}/versions", lambda c: of(c).list_versions("x_1"), None),
        (
            f"PATCH {path}/versions/{{xv_1}}",
            lambda c: of(c).update_version("x_1", "xv_1", UpdateVersionRequest(name="best")),
            {"name": "best"},
        ),
        (f"DELETE {path}/versions/{{xv_1}}", lambda c: of(c).delete_version("x_1", "xv_1"), None),
        (f"GET {path}/environments", lambda c: of(c).list_environments("x_1"), None),
        (
            f"POST {path}/environments/{{env_1}}?version_id=xv_1",
            lambda c: of(c).set_deployment("x_1", "env_1", "xv_1"),
            None,
        ),
        (f"DELETE {path}/environments/{{env_1}}", lambda c: of(c).remove_deployment("x_1", "env_1"), None),
        (
            f"GET /v5/{noun}?page=3&size=10&name=bot&sort_by=name&order=asc",
            lambda c: of(c).list(page=3, name="bot", sort_by="name", order="asc"),
            None,
        ),
    ]


TYPES = ("prompts", "flows", "tools", "agents", "evaluators", "datasets")

CALLS = EVALUATIONS + V4 + LOGS_AND_FILES + UPSERTS_AND_LOGS + [call for noun in TYPES for call in of_type(noun)]


def answering(status: int, body: Any, requests: list[httpx.Request] | None = None) -> EvalsClient:
    """A client of a server that gives one answer to everything."""

    def answer(request: httpx.Request) -> httpx.Response:
        if requests is not None:
            requests.append(request)
        return httpx.Response(status, json=body)

    return EvalsClient(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(("expected", "call", "body"), CALLS, ids=[line.partition("?")[0] for line, _, _ in CALLS])
async def test_a_method_sends_its_request(expected: str, call: Call, body: Any) -> None:
    """Method, path, query and body are the contract's, without what was not given."""
    requests: list[httpx.Request] = []
    async with answering(404, {"detail": "It is gone."}, requests) as client:
        with pytest.raises(NotFound, match="It is gone"):
            await call(client)
    (request,) = requests
    line = f"{request.method} {request.url.raw_path.decode()}"
    assert line == expected.replace("{", "").replace("}", "")
    assert (json.loads(request.content) if request.content else None) == body
    assert ("content-type" in request.headers) == (body is not None)


async def test_a_csv_file_is_sent_as_a_form() -> None:
    """The file and the version's name travel as multipart."""
    requests: list[httpx.Request] = []
    async with answering(404, {"detail": "It is gone."}, requests) as client:
        with pytest.raises(NotFound):
            await client.datasets.upload_csv("ds_1", b"q,a\n1,2\n", environment="staging", version_name="v2")
    (request,) = requests
    assert request.url.raw_path == b"/v5/datasets/ds_1/datapoints/csv?environment=staging"
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b"q,a\n1,2\n" in request.content
    assert b'name="version_name"\r\n\r\nv2' in request.content
    assert b"version_description" not in request.content


def test_every_endpoint_has_a_method() -> None:
    """The whole contract is covered, but for what this project does not do: calls, monitoring and the like."""
    if not ENDPOINTS.exists():
        pytest.skip("the shared contract is not beside the repository")
    left_out = {
        *("call", "continue", "serialize", "deserialize", "populate", "environment-variables", "traces"),
        *("pin-evaluatee", "csv"),
    }
    wanted = set()
    for endpoint in json.loads(ENDPOINTS.read_text()):
        path = endpoint["path"].split("/")
        monitoring = path[-1] == "evaluators" and path[2] != "evaluations" and endpoint["method"] == "POST" and path[3:]
        superseded = endpoint["operation"] in ("update_setup", "list_all_for_project") or (
            endpoint["api_version"] == "v5" and endpoint["operation"] == "update_status"
        )
        if not (left_out & set(path) or monitoring or superseded):
            wanted.add(f"{endpoint['method']} {_shape(endpoint['path'])}")
    sent = {_shape(line.partition("?")[0]) for line, _, _ in CALLS}
    assert wanted - sent == {"GET /v5/directories/root"}
    assert sent - wanted == set()


def _shape(path: str) -> str:
    return "/".join("{}" if piece.startswith("{") else piece for piece in path.split("/"))


VERSION = {
    "path": "bot/answers",
    "id": "fl_1",
    "name": "answers",
    "version_id": "flv_1",
    "created_at": "2025-01-01T12:00:00Z",
    "updated_at": "2025-01-01T12:00:00",
    "last_used_at": "2025-01-01T13:00:00+01:00",
}
FLOW = {**VERSION, "type": "flow", "attributes": {}, "version_logs_count": 0, "unknown": "key"}
DATASET = {**VERSION, "type": "dataset", "datapoints_count": 2}
FLOW_LOG = {"id": "log_1", "evaluator_logs": [], "flow": FLOW, "output": "hi", "inputs": {"q": 1}}


async def test_a_page_of_logs_is_typed() -> None:
    """Logs are told apart by the file they carry; times are in UTC; unknown keys are dropped."""
    record = {"run_id": "run_1", "log": FLOW_LOG, "evaluator_logs": [], "datapoint": {"id": "dp_1", "inputs": None}}
    async with answering(200, {"records": [record], "page": 1, "size": 10, "total": 1}) as client:
        page = await client.evaluations.logs("evr_1")
    log = page.records[0].log
    assert isinstance(log, FlowLogResponse)
    assert log.flow.created_at == log.flow.updated_at == log.flow.last_used_at == NOON
    assert page.records[0].datapoint is not None
    assert page.records[0].datapoint.inputs == {}


async def test_statistics_are_typed() -> None:
    """An evaluator's statistics are told apart by their keys."""
    counts = {"evaluator_version_id": "evv_1", "total_logs": 3, "num_judgments": 2, "num_nulls": 1, "num_errors": 0}
    run = {
        "run_id": "run_1",
        "num_logs": 3,
        "evaluator_stats": [{**counts, "num_true": 2, "num_false": 0}],
        "status": "completed",
    }
    async with answering(200, {"run_stats": [run], "status": "completed"}) as client:
        stats = await client.evaluations.stats("evr_1")
    assert isinstance(stats.run_stats[0].evaluator_stats[0], BooleanEvaluatorStatsResponse)


async def test_files_of_several_types_are_typed() -> None:
    """Files are told apart by their type, in pages, alone and under environments."""
    async with answering(200, {"records": [FLOW, DATASET], "page": 1, "size": 10, "total": 2}) as client:
        assert [file.type for file in (await client.files.list()).records] == ["flow", "dataset"]
    async with answering(200, DATASET) as client:
        assert isinstance(await client.files.retrieve_by_path("bot/answers"), DatasetResponse)
    environment = {"id": "env_1", "created_at": "2025-01-01T12:00:00Z", "name": "production", "tag": "default"}
    async with answering(200, [{**environment, "file": FLOW}, {**environment, "file": None}]) as client:
        assert [item.file is None for item in await client.flows.list_environments("fl_1")] == [False, True]


async def test_a_single_log_is_typed() -> None:
    """One log, alone or changed, is told apart as in a list."""
    async with answering(200, FLOW_LOG) as client:
        assert isinstance(await client.logs.get("log_1"), FlowLogResponse)
        assert (await client.flows.update_log("log_1", UpdateFlowLogRequest())).output == "hi"


async def test_the_datapoints_of_v4_are_typed() -> None:
    """A datapoint comes with its log and its results, or without a log."""
    times = {"created_at": "2025-01-01T12:00:00Z", "updated_at": "2025-01-01T12:00:00Z"}
    result = {"id": "x", "evaluator_id": "evfn_1", "evaluator_version_id": "evv_1", "log_id": "data_1", **times}
    log = {
        "id": "data_1",
        "config": {"type": "model", "id": "config_1", "model": "m"},
        "evaluation_results": [],
        "observability_status": "completed",
        **times,
    }
    records = [
        {"datapoint": {"id": "dp_1"}, "evaluation_results": [{**result, "value": 0.5}], "log": log},
        {"datapoint": {"id": "dp_2"}, "evaluation_results": []},
    ]
    async with answering(200, {"records": records, "page": 1, "size": 10, "total": 2}) as client:
        page = await client.v4.list_datapoints("ev_1")
    assert [record.log is None for record in page.records] == [False, True]
    assert page.records[0].evaluation_results[0].value == 0.5


async def test_all_pages_of_a_list_are_read() -> None:
    """A list is followed with the number of each page."""

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        return httpx.Response(200, json={"records": [DATASET][: 4 - number], "page": number, "size": 1, "total": 3})

    async with EvalsClient(transport=httpx.MockTransport(answer)) as client:
        numbers = [page.page async for page in pages(lambda number: client.datasets.list(page=number, size=1))]
    assert numbers == [1, 2, 3]


async def test_an_argument_that_json_cannot_carry_is_refused() -> None:
    """Lone surrogates, circles and URLs beyond all measure are the caller's mistakes, and nothing is sent."""
    requests: list[httpx.Request] = []
    circle: dict[str, Any] = {}
    circle["self"] = circle
    async with answering(200, {}, requests) as client:
        with pytest.raises(Invalid, match="JSON"):
            await client.runs.add_logs("evr_1", "run_1", ["\ud800"])
        with pytest.raises(Invalid, match="JSON"):
            await client.files.retrieve_by_path("\ud800")
        with pytest.raises(Invalid, match="JSON"):
            await client.flows.upsert(FlowRequest(path="f", attributes=circle))
        with pytest.raises(Invalid, match="JSON"):
            await client.flows.log(FlowLogRequest(path="f", inputs={"q": "\udfff"}))
        with pytest.raises(Invalid, match="JSON"):
            await client.evaluators.log(EvaluatorLogRequest(parent_id="p", metadata={"q": "\udfff"}))
        with pytest.raises(Invalid, match="fit into a URL"):
            await client.evaluations.get("x" * 1_000_000)
    assert requests == []


def test_every_answer_has_a_shape_that_can_be_built() -> None:
    """Models are built when first needed, so that a broken one would be noticed only then."""
    for module in pkgutil.iter_modules(evals_mcp.client.__path__):
        for value in vars(importlib.import_module(f"evals_mcp.client.{module.name}")).values():
            if isinstance(value, TypeAdapter):
                value.rebuild(raise_errors=True)
                assert value.pydantic_complete


def test_httpx_is_named_in_one_module_only() -> None:
    """Everything else in the client is free of the HTTP library, but for the type of a transport."""
    package = Path(__file__).parents[2] / "server" / "evals_mcp"
    naming = {path.name for path in package.rglob("*.py") if "import httpx" in path.read_text(encoding="utf-8")}
    assert naming == {"connection.py", "client.py"}

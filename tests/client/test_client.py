"""Every method once: what is sent for it, what comes back, and that starting costs nothing."""

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
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.evaluators import EvaluatorRequest, ExternalEvaluatorRequest
from evals_mcp.models.flows import FlowRequest
from evals_mcp.models.log_requests import (
    AgentLogRequest,
    EvaluatorLogRequest,
    FlowLogRequest,
    PromptLogRequest,
    ToolLogRequest,
)
from evals_mcp.models.logs import FlowLogResponse
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, VersionReference
from evals_mcp.models.runs import CreateRunRequest, UpdateRunRequest
from evals_mcp.models.tools import ToolRequest
from evals_mcp.models.v4.logs import V4CreateEvaluationLogRequest, V4LogRequest

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
    ("DELETE /v5/evaluations/{evr_1}", lambda c: c.evaluations.delete("evr_1"), None),
    (
        "POST /v5/evaluations/{evr_1}/evaluators",
        lambda c: c.evaluations.add_evaluators("evr_1", [EvaluatorReference(version_id="evv_1", orchestrated=False)]),
        {"evaluators": [{"version_id": "evv_1", "orchestrated": False}]},
    ),
    ("GET /v5/evaluations/{evr_1}/runs", lambda c: c.runs.list("evr_1"), None),
    (
        "POST /v5/evaluations/{evr_1}/runs",
        lambda c: c.runs.create("evr_1", CreateRunRequest(dataset=VersionReference(id="ds_1"), orchestrated=False)),
        {"dataset": {"id": "ds_1"}, "orchestrated": False, "use_existing_logs": False},
    ),
    ("POST /v5/evaluations/{evr_1}/runs/{run_1}", lambda c: c.runs.add_existing("evr_1", "run_1"), None),
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

LOGS: list[tuple[str, Call, Any]] = [
    (
        "POST /v4/evaluations/{ev_1}/log?evaluatee_id=evv_1",
        lambda c: c.v4.log(
            "ev_1",
            V4CreateEvaluationLogRequest(datapoint_id="dp_1", log=V4LogRequest(output="hi")),
            evaluatee_id="evv_1",
        ),
        {"datapoint_id": "dp_1", "log": {"inputs": {}, "save": True, "output": "hi"}},
    ),
    ("GET /v5/logs/{log_1}", lambda c: c.logs.get("log_1"), None),
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
]

CALLS = EVALUATIONS + LOGS + UPSERTS_AND_LOGS


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
EVALUATION = {
    "id": "evr_1",
    "name": "n",
    "evaluators": [],
    "runs_count": 0,
    "created_at": "2025-01-01T12:00:00Z",
    "updated_at": "2025-01-01T12:00:00Z",
    "url": "",
}
FLOW_LOG = {"id": "log_1", "evaluator_logs": [], "flow": FLOW, "output": "hi", "inputs": {"q": 1}}


async def test_a_single_log_is_typed() -> None:
    """Logs are told apart by the file they carry; times are in UTC; unknown keys are dropped."""
    async with answering(200, FLOW_LOG) as client:
        log = await client.logs.get("log_1")
    assert isinstance(log, FlowLogResponse)
    assert log.flow.created_at == log.flow.updated_at == log.flow.last_used_at == NOON


async def test_all_pages_of_a_list_are_read() -> None:
    """A list is followed with the number of each page."""

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        return httpx.Response(200, json={"records": [EVALUATION][: 4 - number], "page": number, "size": 1, "total": 3})

    async with EvalsClient(transport=httpx.MockTransport(answer)) as client:
        fetched = pages(lambda number: client.evaluations.list("fl_1", page=number, size=1))
        numbers = [page.page async for page in fetched]
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
            await client.flows.upsert(FlowRequest(path="f", attributes=circle))
        with pytest.raises(Invalid, match="JSON"):
            await client.flows.log(FlowLogRequest(path="f", inputs={"q": "\udfff"}))
        with pytest.raises(Invalid, match="JSON"):
            await client.evaluators.log(EvaluatorLogRequest(parent_id="p", metadata={"q": "\udfff"}))
        with pytest.raises(Invalid, match="fit into a URL"):
            await client.logs.get("x" * 1_000_000)
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

"""Tests of logs as they are answered."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from evals_mcp.models.datapoints import DatapointResponse
from evals_mcp.models.evaluations import EvaluationLogResponse
from evals_mcp.models.files import FileResponse
from evals_mcp.models.logs import (
    EvaluatorLogResponse,
    FlowLogResponse,
    LogResponse,
    PromptLogResponse,
    log_kind,
)
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.prompts import PromptResponse

TIME = "2026-01-02T03:04:05Z"
VERSION = {
    "path": "Bots/Support",
    "id": "x_1",
    "name": "Support",
    "version_id": "xv_1",
    "created_at": TIME,
    "updated_at": TIME,
    "last_used_at": TIME,
}
LOGGED = VERSION | {"version_logs_count": 1}
COUNTED = LOGGED | {"total_logs_count": 1, "inputs": [{"name": "question"}]}
SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
FILES: dict[str, dict[str, Any]] = {
    "prompt": COUNTED | {"type": "prompt", "model": "m", "template": "{{question}}"},
    "tool": COUNTED | {"type": "tool", "source_code": "x"},
    "evaluator": COUNTED | {"type": "evaluator", "spec": SPEC},
    "flow": LOGGED | {"type": "flow", "attributes": {"v": 1}},
    "agent": COUNTED | {"type": "agent", "model": "m", "tools": [], "status": "committed"},
    "dataset": VERSION | {"type": "dataset", "datapoints_count": 2},
}
LOG_KINDS = ["prompt", "tool", "evaluator", "flow", "agent"]
LOG: TypeAdapter[Any] = TypeAdapter(LogResponse)
FILE: TypeAdapter[Any] = TypeAdapter(FileResponse)


def log_of(kind: str, **keys: Any) -> dict[str, Any]:
    """A log of a file of this type, as JSON."""
    return {"id": f"log_{kind}", "evaluator_logs": [], kind: FILES[kind]} | keys


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_told_by_its_type_and_round_trips(kind: str) -> None:
    """Each type of file is read as its own model, and written with its type and all it said."""
    file = FILE.validate_python(FILES[kind])
    assert type(file).__name__ == f"{kind.title()}Response"
    written = file.model_dump(mode="json")
    assert set(FILES[kind]) <= set(written)
    assert written["type"] == kind
    assert FILE.validate_python(written) == file


@pytest.mark.parametrize("kind", LOG_KINDS)
def test_a_log_is_told_by_its_file_and_round_trips(kind: str) -> None:
    """Each log is read as its own model, also where other files' keys are there but null."""
    log = LOG.validate_python(dict.fromkeys(LOG_KINDS) | log_of(kind, output="hi"))
    assert type(log).__name__ == f"{kind.title()}LogResponse"
    assert LOG.validate_json(log.model_dump_json()) == log
    assert log_kind(log) == log_kind(log_of(kind)) == kind


@pytest.mark.parametrize("kind", LOG_KINDS)
def test_a_log_is_written_with_every_key(kind: str) -> None:
    """Keys without a value are written as null: clients index the answer without asking."""
    written = LOG.validate_python(log_of(kind)).model_dump(mode="json")
    assert {"output", "error", "inputs", "messages", "log_status", "trace_children"} - set(written) <= {"messages"}
    assert written["output"] is None
    assert written[kind]["type"] == kind


def test_a_file_keeps_the_key_schema() -> None:
    """The field `file_schema` is `schema` on the wire."""
    file = PromptResponse.model_validate(FILES["prompt"] | {"schema": {"type": "object"}})
    assert file.file_schema == {"type": "object"}
    assert file.model_dump(mode="json")["schema"] == {"type": "object"}


def test_a_trace_is_read_to_its_leaves() -> None:
    """Children of any type nest, each with its own model and its judgments."""
    judged = log_of("evaluator", judgment=True, parent_id="log_prompt")
    leaf = log_of("prompt", evaluator_logs=[judged])
    root = LOG.validate_python(log_of("flow", trace_children=[log_of("tool", trace_children=[leaf])]))
    assert isinstance(root, FlowLogResponse)
    assert root.trace_children is not None
    inner = root.trace_children[0].trace_children
    assert inner is not None
    assert isinstance(inner[0], PromptLogResponse)
    assert isinstance(inner[0].evaluator_logs[0], EvaluatorLogResponse)
    assert inner[0].evaluator_logs[0].judgment is True


def test_unknown_words_and_keys_of_another_server_are_read() -> None:
    """Statuses, roles and content that a later API may add do not make an answer unreadable."""
    message = {"role": "critic", "content": [{"type": "audio", "data": "x"}, {"type": "text", "text": "hi"}]}
    log = LOG.validate_python(log_of("prompt", log_status="paused", messages=[message], new_key=1))
    assert log.log_status == "paused"
    assert log.messages[0].model_dump(mode="json", exclude_none=True) == message


def test_a_page_of_evaluation_logs_round_trips() -> None:
    """A page keeps its logs, judgments and datapoints."""
    record = {
        "run_id": "run_1",
        "log": log_of("prompt"),
        "evaluator_logs": [log_of("evaluator", judgment=0.5)],
        "datapoint": {"id": "dp_1", "inputs": {"n": 1}},
    }
    page = PaginatedData[EvaluationLogResponse].model_validate({"records": [record], "page": 1, "size": 10, "total": 1})
    assert PaginatedData[EvaluationLogResponse].model_validate_json(page.model_dump_json()) == page
    assert page.records[0].datapoint == DatapointResponse(id="dp_1", inputs={"n": 1})


def test_the_inputs_of_a_datapoint_are_never_null() -> None:
    """Absent and null inputs are the empty object."""
    assert DatapointResponse.model_validate({"id": "dp_1", "inputs": None}).inputs == {}
    assert DatapointResponse(id="dp_1").model_dump(mode="json")["inputs"] == {}


def test_a_log_built_without_validation_is_written_alike() -> None:
    """Models constructed from trusted values are written like validated ones."""
    file = PromptResponse.model_validate(FILES["prompt"])
    built = PromptLogResponse.model_construct(id="log_prompt", evaluator_logs=[], prompt=file)
    assert built.model_dump_json() == LOG.validate_python(log_of("prompt")).model_dump_json()

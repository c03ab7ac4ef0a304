"""Versions of files in v4 form: configs, datasets and evaluators. No queries."""

from collections.abc import Iterable, Mapping
from typing import Any

from evals_mcp.models.agents import AgentResponse
from evals_mcp.models.datasets import DatasetResponse
from evals_mcp.models.evaluators import EvaluatorResponse
from evals_mcp.models.files import RunVersionResponse
from evals_mcp.models.flows import FlowResponse
from evals_mcp.models.kernels import ModelParameters
from evals_mcp.models.messages import ToolFunction
from evals_mcp.models.model import JsonObject
from evals_mcp.models.prompts import PromptResponse
from evals_mcp.models.tools import ToolResponse
from evals_mcp.models.v4.configs import (
    V4AgentConfigResponse,
    V4ConfigResponse,
    V4EvaluatorConfigResponse,
    V4GenericConfigResponse,
    V4ModelConfigResponse,
    V4ToolConfigResponse,
)
from evals_mcp.models.v4.evaluations import V4DatasetResponse, V4EvaluatorResponse
from evals_mcp.models.v4.projects import V4ProjectConfigResponse, V4ProjectResponse
from evals_mcp.store.v4.projects import Project

PROJECT = "project_id"
"""The attribute of a dataset with the id of the project that it was created for."""

_STATUS = "committed"
_CONFIG_TYPES = {"prompt": "model", "flow": "generic", "tool": "tool", "agent": "agent", "evaluator": "evaluator"}
_MODEL_FIELDS = V4ModelConfigResponse.model_fields.keys() & ModelParameters.model_fields.keys()


def config_response(version: RunVersionResponse) -> V4ConfigResponse:
    """A version as a v4 config. Flows, which v4 did not have, become generic configs."""
    match version:
        case PromptResponse():
            return _model_config(version)
        case ToolResponse():
            return _tool_config(version)
        case EvaluatorResponse():
            return _evaluator_config(version)
        case AgentResponse():
            return _agent_config(version)
        case FlowResponse():
            return V4GenericConfigResponse.model_validate(_named(version) | {"other": version.attributes})


def evaluator_response(version: EvaluatorResponse) -> V4EvaluatorResponse:
    """An evaluator with the content of its version."""
    spec = _spec(version)
    return V4EvaluatorResponse.model_validate(
        spec
        | {
            "id": version.id,
            "name": version.name,
            "description": version.description or "",
            "type": spec["evaluator_type"],
            "created_at": version.created_at,
            "updated_at": version.updated_at,
        }
    )


def dataset_response(version: DatasetResponse, project_id: str | None = None) -> V4DatasetResponse:
    """A dataset with its number of datapoints, in the project that uses it, or that it was created for, if any."""
    return V4DatasetResponse(
        id=version.id,
        project_id=project_id or str((version.attributes or {}).get(PROJECT, "")),
        name=version.name,
        datapoint_count=version.datapoints_count,
        created_at=version.created_at,
        updated_at=version.updated_at,
        description=version.description,
    )


def project_config_response(version: RunVersionResponse) -> V4ProjectConfigResponse:
    """A version as a config in its project."""
    return V4ProjectConfigResponse(
        project_id=version.id,
        project_name=version.path,
        created_at=version.created_at,
        updated_at=version.updated_at,
        last_used=version.last_used_at,
        config=config_response(version),
        num_datapoints=version.version_logs_count,
    )


def project_response(project: Project) -> V4ProjectResponse:
    """A file as a project, with its default version as the active config."""
    return V4ProjectResponse(
        id=project.id,
        name=project.path,
        data_count=project.logs_count,
        created_at=project.created_at,
        updated_at=project.updated_at,
        active_config=None if project.version is None else project_config_response(project.version),
        config_type=_CONFIG_TYPES[project.file_type],
        directory_id=project.directory_id,
    )


def _model_config(version: PromptResponse) -> V4ModelConfigResponse:
    linked = [(tool.version_id, tool) for tool in version.linked_tools or []]
    inline = [(tool.name, tool) for tool in version.tools or []]
    return V4ModelConfigResponse.model_validate(
        _model(version.model_dump(exclude_none=True))
        | {
            "id": version.version_id,
            "name": version.version_name,
            "description": version.version_description,
            "tool_configs": _tool_configs([*linked, *inline]) or None,
        }
    )


def _tool_config(version: ToolResponse) -> V4ToolConfigResponse:
    function = {} if version.function is None else version.function.model_dump(exclude={"strict"})
    return V4ToolConfigResponse.model_validate(
        _named(version)
        | function
        | {"source_code": version.source_code, "signature": version.signature, "other": version.attributes}
    )


def _evaluator_config(version: EvaluatorResponse) -> V4EvaluatorConfigResponse:
    return V4EvaluatorConfigResponse.model_validate(_named(version) | _spec(version))


def _spec(version: EvaluatorResponse) -> JsonObject:
    """The specification of an evaluator. The model config of an LLM evaluator has no version of its own."""
    spec = version.spec.model_dump(exclude_none=True)
    prompt = spec.get("prompt")
    return {
        "evaluator_type": spec.get("evaluator_type", "external"),
        "llm_config": None if prompt is None else {"id": version.version_id, **_model(prompt)},
        "code": spec.get("code"),
        "arguments_type": spec["arguments_type"],
        "return_type": spec["return_type"],
        "other": spec.get("attributes"),
    }


def _agent_config(version: AgentResponse) -> V4AgentConfigResponse:
    inline = [tool.json_schema for tool in version.tools if tool.type == "inline"]
    linked = [tool.link.file_id for tool in version.tools if tool.type == "file"]
    return V4AgentConfigResponse.model_validate(
        _named(version)
        | {
            "agent_class": version.type,
            "llm_config": _model(version.model_dump(exclude_none=True)),
            "tools": [{"type": "tool", **tool.model_dump(exclude_none=True)} for tool in inline]
            + [{"type": "tool", "name": file_id} for file_id in linked],
            "other": version.attributes,
        }
    )


def _named(version: Any) -> JsonObject:
    return {
        "id": version.version_id,
        "status": _STATUS,
        "name": version.name,
        "description": version.version_description,
        "created_by": version.created_by,
    }


def _model(content: Mapping[str, Any]) -> JsonObject:
    """The keys of a model config. A template is a text or a chat. `other` holds what v4 has no key for."""
    document = {name: content[name] for name in _MODEL_FIELDS if name in content}
    if "reasoning_effort" in content:
        document["other"] = {"reasoning_effort": content["reasoning_effort"], **document.get("other", {})}
    if "template" in content:
        key = "prompt_template" if isinstance(content["template"], str) else "chat_template"
        document[key] = content["template"]
    return document


def _tool_configs(tools: Iterable[tuple[str, ToolFunction]]) -> list[JsonObject]:
    """The tools of a prompt by id: a linked tool has its version's id, an inline tool only its name."""
    return [
        {
            "id": tool_id,
            "status": _STATUS,
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        }
        for tool_id, tool in tools
    ]

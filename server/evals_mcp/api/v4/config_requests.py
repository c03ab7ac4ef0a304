"""v4 configs in requests as the content of versions. No store."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from evals_mcp.errors import Invalid
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.kernels import PromptKernelRequest, ToolKernelRequest
from evals_mcp.models.v4.configs import V4ModelConfigRequest, V4ToolConfigRequest
from evals_mcp.models.v4.datasets import V4CreateEvaluatorRequest

_RENAMED = {"type", "name", "description", "project", "project_id", "prompt_template", "chat_template", "tools"}


def config_content(config: V4ModelConfigRequest | V4ToolConfigRequest) -> tuple[str, dict[str, Any]]:
    """The file type and the content of the version that a config in a log stands for."""
    if isinstance(config, V4ToolConfigRequest):
        function = {
            "name": config.name,
            "description": config.description or "",
            "strict": config.strict,
            "parameters": config.parameters,
        }
        tool = {"function": function, "source_code": config.source_code, "attributes": config.other}
        return "tool", ToolKernelRequest.model_validate(tool).kernel()
    return "prompt", prompt_content(config)


def prompt_content(config: V4ModelConfigRequest) -> dict[str, Any]:
    """The content of the prompt version that a config stands for: what is given, without v4's defaults."""
    content = config.model_dump(exclude=_RENAMED, exclude_unset=True, exclude_none=True)
    template = config.prompt_template
    if config.chat_template is not None:
        content["template"] = [
            item.model_dump(exclude={"tool_call"}, exclude_none=True) for item in config.chat_template
        ]
    elif template is not None:
        content["template"] = template
    return PromptKernelRequest.model_validate(content | _tools(config.tools or [])).kernel()


def evaluator_content(request: V4CreateEvaluatorRequest) -> dict[str, Any]:
    """The content of the evaluator version. Raises Invalid (422) if its type is unknown or lacks its content."""
    prompt = None if request.llm_config is None else prompt_content(request.llm_config)
    try:
        spec = EvaluatorRequest.model_validate({"path": request.name, "spec": request.spec(prompt)}).kernel()
    except ValidationError as error:
        raise Invalid(str(error.errors()[0]["msg"]), ("body", "type")) from None
    return {"spec": spec}


def _tools(tools: Sequence[Any]) -> dict[str, Any]:
    linked = [tool.id for tool in tools if getattr(tool, "id", None)]
    inline = [
        {"name": tool.name, "description": tool.description or "", "strict": tool.strict, "parameters": tool.parameters}
        for tool in tools
        if not getattr(tool, "id", None)
    ]
    return {name: value for name, value in (("linked_tools", linked), ("tools", inline)) if value}

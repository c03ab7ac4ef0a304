"""Tests of the content that identifies a version."""

from typing import Any

import pytest
from pydantic import ValidationError

from evals_mcp.models.agents import AgentRequest
from evals_mcp.models.flows import FlowRequest
from evals_mcp.models.kernels import PromptKernelRequest
from evals_mcp.models.log_requests import PromptLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.tools import ToolRequest

DESCRIPTION = {
    "path": "a/b",
    "id": "x_1",
    "version_name": "v",
    "version_description": "d",
    "description": "e",
    "tags": ["t"],
    "readme": "r",
}
PROMPT = {"model": "m", "temperature": 0.5, "template": [{"role": "system", "content": "Be brief."}]}


@pytest.mark.parametrize(
    ("request_model", "content"),
    [
        (PromptRequest, PROMPT),
        (ToolRequest, {"function": {"name": "f", "description": "d", "parameters": {"enum": [None]}}}),
        (FlowRequest, {"attributes": {"a": None, "b": {"c": 1}}}),
        (AgentRequest, {"model": "m", "max_iterations": 3}),
    ],
)
def test_the_content_has_neither_descriptions_nor_nulls(request_model: Any, content: dict[str, Any]) -> None:
    """Only the kernel's own keys remain, and nulls inside free objects with them."""
    optional = dict.fromkeys(("seed", "tools", "source_code", "setup_values", "attributes"))
    request = request_model.model_validate(optional | DESCRIPTION | content)
    assert request.kernel() == content


def test_equal_requests_have_equal_content() -> None:
    """The order of keys and the spelling of a number do not matter."""
    one = PromptKernelRequest.model_validate({"model": "m", "temperature": 0, "stop": None})
    two = PromptKernelRequest.model_validate({"temperature": 0.0, "model": "m"})
    assert one.kernel() == two.kernel()


def test_the_type_of_a_tool_does_not_identify_it() -> None:
    """`tool_type` describes a tool."""
    assert ToolRequest(source_code="x", tool_type="python").kernel() == {"source_code": "x"}


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "talk"},
        {"provider": "nobody"},
        {"template_language": "mustache"},
        {"template": [{"role": "robot", "content": "x"}]},
        {"response_format": {"type": "xml"}},
        {"reasoning_effort": "huge"},
    ],
)
def test_unknown_words_in_a_request_are_refused(change: dict[str, Any]) -> None:
    """Every closed set of words is closed in requests."""
    with pytest.raises(ValidationError):
        PromptRequest.model_validate(PROMPT | change)


def test_a_log_takes_a_prompt_as_object_or_text() -> None:
    """`prompt` is a kernel, or the text of a prompt file."""
    log = PromptLogRequest.model_validate({"path": "a", "prompt": PROMPT})
    assert isinstance(log.prompt, PromptKernelRequest)
    assert log.prompt.kernel() == PROMPT
    assert PromptLogRequest.model_validate({"path": "a", "prompt": "---\nmodel: m\n---"}).prompt == "---\nmodel: m\n---"

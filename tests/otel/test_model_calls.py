"""Calls of models in the attributes of older and newer instrumentations."""

import json
from typing import Any

import pytest

from evals_mcp.models.kernels import PromptKernelRequest
from evals_mcp.models.log_requests import PromptLogRequest
from evals_mcp.otel.model_calls import is_model_call, model_kernel, model_log

OLDEST = {
    "llm.vendor": "OpenAI",
    "llm.request.type": "chat",
    "llm.request.model": "gpt-4",
    "llm.temperature": "0.5",
    "llm.request.max_tokens": "10",
    "llm.prompts.0.role": "user",
    "llm.prompts.0.content": "hi",
    "llm.completions.0.role": "assistant",
    "llm.completions.0.content": "hello",
    "llm.completions.0.finish_reason": "stop",
    "llm.usage.prompt_tokens": "3",
    "llm.usage.completion_tokens": "1",
}
OLDER = {
    "gen_ai.system": "OpenAI",
    "llm.request.type": "chat",
    "gen_ai.request.model": "gpt-4",
    "gen_ai.request.temperature": "0.5",
    "gen_ai.request.max_tokens": "10",
    "gen_ai.prompt.0.role": "user",
    "gen_ai.prompt.0.content": "hi",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "hello",
    "gen_ai.completion.0.finish_reason": "stop",
    "gen_ai.usage.prompt_tokens": "3",
    "gen_ai.usage.completion_tokens": "1",
}
NEWEST = {
    "gen_ai.provider.name": "openai",
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4",
    "gen_ai.request.temperature": "0.5",
    "gen_ai.request.max_tokens": "10",
    "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]),
    "gen_ai.output.messages": json.dumps(
        [{"role": "assistant", "parts": [{"type": "text", "content": "hello"}], "finish_reason": "stop"}]
    ),
    "gen_ai.usage.input_tokens": "3",
    "gen_ai.usage.output_tokens": "1",
}


@pytest.mark.parametrize("attributes", [OLDEST, OLDER, NEWEST])
def test_every_generation_of_names_says_the_same(attributes: dict[str, str]) -> None:
    """Model, provider, parameters, messages, output, reason and tokens."""
    assert is_model_call(attributes)
    assert model_kernel(attributes) == {
        "model": "gpt-4",
        "provider": "openai",
        "endpoint": "chat",
        "temperature": 0.5,
        "max_tokens": 10,
    }
    assert model_log(attributes) == {
        "messages": [{"role": "user", "content": "hi"}],
        "output_message": {"role": "assistant", "content": "hello"},
        "output": "hello",
        "finish_reason": "stop",
        "prompt_tokens": 3,
        "output_tokens": 1,
    }


def test_calls_of_tools_are_read() -> None:
    """Asked for, answered, and offered, in numbered attributes and in JSON."""
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    offered = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    older = {
        "gen_ai.prompt.0.role": "assistant",
        "gen_ai.prompt.0.tool_calls.0.id": "c1",
        "gen_ai.prompt.0.tool_calls.0.name": "f",
        "gen_ai.prompt.0.tool_calls.0.arguments": '{"a": 1}',
        "gen_ai.prompt.1.role": "tool",
        "gen_ai.prompt.1.content": "42",
        "gen_ai.prompt.1.tool_call_id": "c1",
        "llm.request.functions.0.name": "f",
        "llm.request.functions.0.description": "d",
        "llm.request.functions.0.parameters": '{"type": "object"}',
    }
    parts: list[dict[str, Any]] = [
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}]},
        {"role": "user", "parts": [{"type": "tool_call_response", "id": "c1", "response": "42"}]},
    ]
    newer = {
        "gen_ai.input.messages": json.dumps(parts),
        "gen_ai.tool.definitions": json.dumps([{"type": "function", **offered}]),
    }
    for attributes in (older, newer):
        messages = model_log(attributes)["messages"]
        assert messages[0] == {"role": "assistant", "tool_calls": [call]}
        assert (messages[1]["role"], messages[1]["content"], messages[1]["tool_call_id"]) == ("tool", "42", "c1")
        assert model_kernel(attributes)["tools"] == [offered]


def test_messages_come_in_their_order() -> None:
    """The eleventh after the third."""
    attributes = {f"gen_ai.prompt.{number}.content": str(number) for number in range(12)}
    assert [message["content"] for message in model_log(attributes)["messages"]] == [str(n) for n in range(12)]


def test_instructions_are_the_first_message() -> None:
    """Where they stand apart."""
    attributes = {
        "gen_ai.system_instructions": '[{"type": "text", "content": "Be kind."}]',
        "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]',
    }
    assert [message["role"] for message in model_log(attributes)["messages"]] == ["system", "user"]


def test_parts_of_content_are_read() -> None:
    """Text parts become text, images stay parts, and what is not known stays as it was written."""
    image = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "https://x"}}]
    contents = [
        json.dumps([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        json.dumps(image),
        '[{"x": 1}]',
        "[1",
    ]
    attributes = {f"gen_ai.prompt.{number}.content": text for number, text in enumerate(contents)}
    assert [message["content"] for message in model_log(attributes)["messages"]] == ["a\nb", image, '[{"x": 1}]', "[1"]


@pytest.mark.parametrize(
    ("system", "provider"),
    [
        ("OpenAI", "openai"),
        ("azure.ai.openai", "openai_azure"),
        ("Anthropic", "anthropic"),
        ("aws.bedrock", "bedrock"),
        ("gcp.vertex_ai", "google"),
        ("Groq", "groq"),
        ("Cohere", "cohere"),
        ("Replicate", "replicate"),
        ("something", None),
    ],
)
def test_providers_have_their_names_here(system: str, provider: str | None) -> None:
    """An unknown one is left out."""
    assert model_kernel({"gen_ai.system": system}).get("provider") == provider


def test_roles_of_other_libraries_are_ours() -> None:
    """An unknown role is the one that is usual in its place."""
    attributes = {f"gen_ai.prompt.{n}.role": role for n, role in enumerate(("human", "AI", "function", "narrator"))}
    roles = [message["role"] for message in model_log(attributes)["messages"]]
    assert roles == ["user", "assistant", "tool", "user"]


def test_little_is_enough() -> None:
    """A call that says nothing but that it is one has a model called unknown; whatever is read fits a request."""
    assert model_kernel({"llm.is_streaming": "True"}) == {"model": "unknown"}
    assert model_log({"llm.is_streaming": "True"}) == {}
    odd = {"gen_ai.prompt": "text", "gen_ai.completion.0": "text", "gen_ai.input.messages": "{", "llm.request": "x"}
    PromptKernelRequest.model_validate(model_kernel(odd))
    PromptLogRequest.model_validate({"path": "p", **model_log(odd)})

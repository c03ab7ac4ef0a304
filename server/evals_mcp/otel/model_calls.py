"""Model calls in the attributes of instrumentations (`gen_ai.*`, `llm.*`): parameters, messages and usage. No I/O.

The names changed over the years: numbered attributes (`gen_ai.prompt.0.content`, before that `llm.prompts.0.content`)
became JSON (`gen_ai.input.messages`), and `prompt_tokens` became `input_tokens`. We read all of them.
"""

import json
from collections.abc import Mapping
from typing import Any

from evals_mcp.otel.attributes import nested, read_literal, with_lists

_PARAMETERS = {
    "temperature": ("gen_ai.request.temperature", "llm.temperature"),
    "top_p": ("gen_ai.request.top_p", "llm.top_p"),
    "max_tokens": ("gen_ai.request.max_tokens", "llm.request.max_tokens"),
    "presence_penalty": ("gen_ai.request.presence_penalty", "llm.presence_penalty"),
    "frequency_penalty": ("gen_ai.request.frequency_penalty", "llm.frequency_penalty"),
    "seed": ("gen_ai.request.seed", "gen_ai.openai.request.seed", "llm.request.seed"),
    "stop": ("gen_ai.request.stop_sequences", "llm.chat.stop_sequences"),
    "reasoning_effort": ("gen_ai.request.reasoning_effort", "gen_ai.openai.request.reasoning_effort"),
}
_USAGE = {
    "prompt_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens"),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens"),
    "reasoning_tokens": ("gen_ai.usage.reasoning_tokens", "llm.usage.reasoning_tokens"),
}
_MODEL = ("gen_ai.request.model", "llm.request.model", "gen_ai.response.model", "llm.response.model")
_PROVIDER = ("gen_ai.provider.name", "gen_ai.system", "llm.vendor", "llm.system")
_ENDPOINTS = {"chat": "chat", "completion": "complete", "text_completion": "complete"}
_PROVIDERS = (
    ("azure", "openai_azure"),
    ("az.ai", "openai_azure"),
    ("openai", "openai"),
    ("bedrock", "bedrock"),
    ("aws", "bedrock"),
    ("anthropic", "anthropic"),
    ("gcp", "google"),
    ("google", "google"),
    ("vertex", "google"),
    ("gemini", "google"),
    ("cohere", "cohere"),
    ("deepseek", "deepseek"),
    ("groq", "groq"),
    ("replicate", "replicate"),
)
_ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "chatbot": "assistant", "function": "tool"}
_KNOWN_ROLES = ("user", "assistant", "system", "tool", "developer")


def is_model_call(attributes: Mapping[str, Any]) -> bool:
    """Whether attributes describe a model call."""
    return any(name.startswith(("gen_ai.", "llm.")) for name in attributes)


def model_kernel(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the call as a prompt kernel. The model is `unknown` if no attribute names it."""
    provider = str(_first(attributes, *_PROVIDER) or "").lower()
    kernel = {name: read_literal(_first(attributes, *names)) for name, names in _PARAMETERS.items()}
    kernel["model"] = str(_first(attributes, *_MODEL) or "unknown")
    kernel["provider"] = next((name for part, name in _PROVIDERS if part in provider), None)
    kernel["endpoint"] = _ENDPOINTS.get(str(_first(attributes, "gen_ai.operation.name", "llm.request.type")))
    kernel["tools"] = _tools(attributes)
    return {name: value for name, value in kernel.items() if value is not None}


def model_log(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The log fields of the call: messages, output, finish reason and tokens."""
    tree = nested(attributes)
    prompts = _numbered(tree, ("gen_ai", "prompt"), ("llm", "prompts")) or _written(attributes, "gen_ai.input.messages")
    completions = _numbered(tree, ("gen_ai", "completion"), ("llm", "completions"))
    completions = completions or _written(attributes, "gen_ai.output.messages")
    log: dict[str, Any] = {name: read_literal(_first(attributes, *names)) for name, names in _USAGE.items()}
    log["messages"] = _instructions(attributes) + [_message(message, "user") for message in prompts] or None
    if completions:
        message = _message(completions[0], "assistant")
        log["output_message"] = message
        log["output"] = message["content"] if isinstance(message.get("content"), str) else None
        log["finish_reason"] = completions[0].get("finish_reason")
    if log.get("finish_reason") is None:
        reasons = read_literal(_first(attributes, "gen_ai.response.finish_reasons", "llm.response.finish_reason"))
        log["finish_reason"] = reasons[0] if isinstance(reasons, list) and reasons else reasons or None
    return {name: value for name, value in log.items() if value is not None}


def _first(attributes: Mapping[str, Any], *names: str) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) not in (None, "")), None)


def _json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _numbered(tree: Mapping[str, Any], *prefixes: tuple[str, str]) -> list[dict[str, Any]]:
    """Messages in numbered attributes, under the first prefix that has any."""
    for namespace, name in prefixes:
        found = (tree.get(namespace) or {}).get(name) if isinstance(tree.get(namespace), dict) else None
        if isinstance(found, dict) and (messages := _objects(_in_order(found))):
            return messages
    return []


def _in_order(numbered: Mapping[str, Any]) -> list[Any]:
    keys = sorted((key for key in numbered if key.isdecimal()), key=int)
    return [with_lists(numbered[key]) for key in keys]


def _written(attributes: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Messages in one attribute as JSON."""
    return _objects(_json(attributes.get(name)))


def _instructions(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = _objects(_json(attributes.get("gen_ai.system_instructions")))
    text = "\n".join(str(part["content"]) for part in parts if part.get("content"))
    return [{"role": "system", "content": text}] if text else []


def _message(message: Mapping[str, Any], default_role: str) -> dict[str, Any]:
    role = str(message.get("role") or default_role).lower()
    role = _ROLES.get(role, role)
    read: dict[str, Any] = {"role": role if role in _KNOWN_ROLES else default_role}
    if isinstance(message.get("parts"), list):
        return read | _read_parts(_objects(message["parts"]), read["role"])
    content = message.get("content")
    if content is not None:
        read["content"] = _content(content)
    calls = [_tool_call(call) for call in _objects(message.get("tool_calls"))]
    if calls:
        read["tool_calls"] = calls
    for name in ("tool_call_id", "name"):
        if isinstance(message.get(name), str):
            read[name] = message[name]
    return read


def _content(content: Any) -> Any:
    """Text, or the message parts that it contains as JSON."""
    written = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    parts = _json(content) if written.startswith("[") else None
    if not isinstance(parts, list) or not parts:
        return written
    known = [part for part in _objects(parts) if part.get("type") in ("text", "image_url")]
    if len(known) < len(parts):
        return written
    if any(part["type"] != "text" for part in known):
        return known
    return "\n".join(str(part.get("text")) for part in known)


def _read_parts(parts: list[dict[str, Any]], role: str) -> dict[str, Any]:
    """The content and tool calls of a message in the newest form, which consists of parts."""
    read: dict[str, Any] = {}
    texts = [str(part.get("content") or "") for part in parts if part.get("type") == "text"]
    calls = [_tool_call(part) for part in parts if part.get("type") == "tool_call"]
    answers = [part for part in parts if part.get("type") == "tool_call_response"]
    if texts:
        read["content"] = "\n".join(texts)
    if calls:
        read["tool_calls"] = calls
    if answers:
        result = answers[0].get("response", answers[0].get("result"))
        read["content"] = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
        read["tool_call_id"] = str(answers[0].get("id"))
        read["role"] = "tool"
    if not read:
        read["content"] = json.dumps(parts, ensure_ascii=False)
    return {"role": role} | read


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function") if isinstance(call.get("function"), dict) else call
    arguments = function.get("arguments") if isinstance(function, dict) else None
    written = arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False)
    name = function.get("name") if isinstance(function, dict) else None
    return {
        "id": str(call.get("id") or ""),
        "type": "function",
        "function": {"name": str(name or ""), "arguments": written},
    }


def _tools(attributes: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The functions that the model could call."""
    functions = nested(attributes).get("llm", {})
    request = functions.get("request") if isinstance(functions, dict) else None
    numbered = request.get("functions") if isinstance(request, dict) else None
    offered = _objects(_in_order(numbered)) if isinstance(numbered, dict) else []
    offered = offered or _objects(_json(attributes.get("gen_ai.tool.definitions")))
    tools = [item["function"] if isinstance(item.get("function"), dict) else item for item in offered]
    return [_tool(tool) for tool in tools if tool.get("name")] or None


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    parameters = _json(tool.get("parameters"))
    read: dict[str, Any] = {"name": str(tool["name"]), "description": str(tool.get("description") or "")}
    return read | ({"parameters": parameters} if isinstance(parameters, dict) else {})

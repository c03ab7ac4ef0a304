"""The input variables that a version's template names; no queries."""

import re
from typing import Any

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")


def input_names(content: dict[str, Any]) -> list[str]:
    """Names of the `{{variables}}` in a prompt's template (text or messages), each once, in order of appearance."""
    prompt = content.get("spec", content).get("prompt") or content
    template = prompt.get("template")
    texts = [template] if isinstance(template, str) else _message_texts(template or [])
    return list(dict.fromkeys(match[1] for text in texts for match in _VARIABLE.finditer(text)))


def _message_texts(messages: list[Any]) -> list[str]:
    contents = [message.get("content") for message in messages if isinstance(message, dict)]
    texts = [content for content in contents if isinstance(content, str)]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return texts + [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]

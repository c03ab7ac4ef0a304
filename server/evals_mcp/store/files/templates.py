"""Input variables of templates: find their names, and fill in values. No queries."""

import re
from collections.abc import Mapping
from typing import Any

from evals_mcp.errors import Invalid

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")


def input_names(content: dict[str, Any]) -> list[str]:
    """The names of the `{{variables}}` in a template (text or messages), each once, in order of appearance."""
    prompt = content.get("spec", content).get("prompt") or content
    template = prompt.get("template")
    texts = [template] if isinstance(template, str) else _message_texts(template or [])
    return list(dict.fromkeys(match[1] for text in texts for match in _VARIABLE.finditer(text)))


def fill_template(content: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """Fill the `{{variables}}` of a prompt's template (text, messages or None) with inputs.

    Raises Invalid (400) for a variable without an input, and for a template in another language.
    """
    if content.get("template_language") == "jinja":
        raise Invalid("This server cannot render Jinja templates.")
    missing = [name for name in input_names(dict(content)) if inputs.get(name) is None]
    if missing:
        raise Invalid(f"The template needs these inputs: {', '.join(missing)}.")
    template = content.get("template")
    if not isinstance(template, list):
        return None if template is None else _filled(template, inputs)
    return [{**message, "content": _filled_content(message.get("content"), inputs)} for message in template]


def _filled_content(content: Any, inputs: Mapping[str, Any]) -> Any:
    if isinstance(content, list):
        return [{**part, "text": _filled(part["text"], inputs)} if "text" in part else part for part in content]
    return _filled(content, inputs) if isinstance(content, str) else content


def _filled(text: str, inputs: Mapping[str, Any]) -> str:
    return _VARIABLE.sub(lambda match: str(inputs[match[1]]), text)


def _message_texts(messages: list[Any]) -> list[str]:
    contents = [message.get("content") for message in messages if isinstance(message, dict)]
    texts = [content for content in contents if isinstance(content, str)]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return texts + [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]

"""Arguments that are rows of JSON objects, as arrays of text: what every host passes on unharmed."""

import json
from typing import Any

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.errors import Invalid
from evals_mcp.models.model import JsonObject


def as_rows(value: Any) -> Any:
    """Accept one text as a list, also a JSON array in a text."""
    if not isinstance(value, str):
        return value
    try:
        content = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    return content if isinstance(content, list) else [value]


def read_row(argument: Quoted, text: str, position: int, example: Quoted) -> JsonObject:
    """The JSON object in row `position` (from 1). Raises Invalid that names the row."""
    content = read_object(text)
    if content is None:
        raise Invalid(f"{in_row(argument, position)}: must be a JSON object such as {example}. Nothing was stored.")
    return content


def read_object(text: str) -> JsonObject | None:
    """The JSON object in a text; None if it has none."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def in_row(argument: Quoted, position: int) -> Quoted:
    """The words of an error for a row, which counts from 1."""
    return f"{name(argument)}, row {count(position)}"

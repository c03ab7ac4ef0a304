"""Cells that hold lists, objects or chat messages, in tables whose cells are text, too."""

import ast
import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from evals_mcp.importers.tables.cells import is_empty
from evals_mcp.models.json_values import storable
from evals_mcp.models.messages import ChatMessage

MESSAGES = frozenset(("messages", "input_messages", "prompt_messages", "chat_messages"))
"""The names of columns that have a datapoint's messages, if they do not end with an answer."""

_NOT_WRITTEN = (ValueError, SyntaxError, MemoryError, RecursionError, TypeError)


def holds_structures(cells: Iterable[Any]) -> bool:
    """Whether the cells are texts of lists or objects, and nothing else."""
    filled = [cell for cell in cells if not is_empty(cell)]
    return bool(filled) and all(isinstance(cell, str) and not isinstance(structure(cell), str) for cell in filled)


def structure(cell: Any) -> Any:
    """The list or object in a text, as JSON or as pandas writes it. The cell itself if it has none that is stored."""
    text = cell.strip() if isinstance(cell, str) else ""
    if text[:1] + text[-1:] not in ("[]", "{}"):
        return cell
    try:
        return storable(json.loads(text))
    except (ValueError, RecursionError):
        pass
    try:
        value = ast.literal_eval(text)
        return storable(value) if repr(value) == text else cell  # not so of ['a' 'b'], which NumPy writes
    except _NOT_WRITTEN:
        return cell


def holds_messages(cells: Iterable[Any]) -> bool:
    """Whether the cells are messages that do not end with an answer, and nothing else."""
    filled = [cell for cell in cells if not is_empty(cell)]
    return bool(filled) and all((read := messages_in(cell)) and read[-1].role != "assistant" for cell in filled)


def messages_in(cell: Any) -> list[ChatMessage]:
    """The chat messages in a cell; none if it has anything else, or what a message does not hold."""
    items = structure(cell)
    if not isinstance(items, list) or not all(isinstance(item, dict) and "role" in item for item in items):
        return []
    try:
        messages = [ChatMessage.model_validate(item) for item in items]
    except ValidationError:
        return []
    return messages if [message.model_dump(mode="json", exclude_unset=True) for message in messages] == items else []

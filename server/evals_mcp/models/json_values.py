"""JSON values that did not come as JSON: checked, so that every database can hold them."""

import json
from typing import Any


def storable(value: Any) -> Any:
    """The value as JSON content: tuples become lists, and keys text.

    Raises ValueError for what JSON or a database cannot hold: other objects, NaN and infinities, NUL characters,
    halves of surrogate pairs, and nesting that is too deep.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
        content = json.loads(text)
    except (TypeError, RecursionError):
        raise ValueError("the value is not JSON") from None
    if "\\u0000" in text and _holds_nul(content):
        raise ValueError("text must not hold NUL characters")
    return content


def _holds_nul(content: Any) -> bool:
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if "\x00" in value:
                return True
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
    return False

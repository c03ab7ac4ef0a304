"""Check JSON values from outside a request body, so that every database and parser can handle them."""

import json
from typing import Any

DEEPEST_JSON = 100
"""The deepest nesting that we accept. JSON parsers, including ours, fail at little more."""

MANY_VALUES = 20_000
"""JSON values, commas in texts among them. Bodies with more of them take turns, as large ones do."""

MOST_VALUES = 300_000
"""The most JSON values of a request to a server, names apart: as objects, they may take a thousand bytes each."""

NDJSON = "application/x-ndjson"
"""The media type of JSON lines, such as an evaluation document in transit."""


def storable(value: Any) -> Any:
    """The value as JSON content. Tuples become lists, and keys become text.

    Raises ValueError for values that JSON or a database cannot store: other objects, NaN and infinities, NUL
    characters, halves of surrogate pairs, and more than `DEEPEST_JSON` levels.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
        content = json.loads(text)
    except (TypeError, RecursionError):
        raise ValueError("the value is not JSON") from None
    _check(content)
    return content


def _check(content: Any) -> None:
    waiting = [(content, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST_JSON:
            raise ValueError(f"the value has more than {DEEPEST_JSON} levels")
        if isinstance(value, str):
            if "\x00" in value:
                raise ValueError("text must not contain NUL characters")
        elif isinstance(value, dict):
            waiting += [(item, depth + 1) for pair in value.items() for item in pair]
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]

"""The scalar fields of a datapoint's content, flattened for filters and slices."""

import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Literal, NamedTuple, get_args

Part = Literal["input", "target", "metadata"]

PARTS: tuple[Part, ...] = get_args(Part)
"""The parts of a datapoint that have fields. Tables hold the index of a part: `INPUT`, `TARGET` or `METADATA`."""

INPUT, TARGET, METADATA = range(len(PARTS))

LONGEST_VALUE = 200
"""The characters of a value that are stored. Only these can be searched for."""

LONGEST_KEY = 200
"""Fields with longer keys are left out, because they do not fit into an index."""

DEEPEST_KEY = 3
"""The most names in a key: objects below are left out."""

MOST_FIELDS = 64
"""The most fields of each part of a datapoint. Further ones, in the order of their keys, are left out."""

JSON_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
"""The pattern of a number in JSON, in Python and PostgreSQL."""

_CONTENT_KEYS = ("inputs", "target", "metadata")
_EXACT = 2.0**53


class DatapointField(NamedTuple):
    """A scalar in a datapoint, at a key like `customer.country`; "" for a part that is a scalar itself.

    `part` is an index in `PARTS`. `value` is text as it is, or JSON for other scalars, cut at `LONGEST_VALUE`
    characters: then `whole` is false. `number` is a number, true and false as 1 and 0, or text that is a JSON number.
    """

    part: int
    key: str
    value: str
    number: float | None
    whole: bool


def datapoint_fields(content: Mapping[str, Any]) -> list[DatapointField]:
    """The fields of a datapoint's content by part and key. Nulls and lists have none. Keys are unique in a part.

    The order of keys in the content does not matter. Where `a.b` is both a key and the path of a nested value, the
    nested value counts.
    """
    found: list[DatapointField] = []
    for part, name in enumerate(_CONTENT_KEYS):
        fields: dict[str, Any] = {}
        for key, scalar in islice(_scalars(content.get(name), "", DEEPEST_KEY), MOST_FIELDS):
            fields.setdefault(key, scalar)
        found += [_field(part, key, fields[key]) for key in sorted(fields)]
    return found


def _scalars(value: Any, key: str, levels: int) -> Iterator[tuple[str, Any]]:
    """The scalars in a value of this key, with their keys, sorted by the names on their paths."""
    if isinstance(value, str | int | float):
        if len(key) <= LONGEST_KEY:
            yield key, value
    elif isinstance(value, dict) and levels:
        for name in sorted(value):
            yield from _scalars(value[name], f"{key}.{name}" if levels < DEEPEST_KEY else name, levels - 1)


def _field(part: int, key: str, scalar: str | int | float) -> DatapointField:
    if isinstance(scalar, str):
        return DatapointField(part, key, scalar[:LONGEST_VALUE], number_in_text(scalar), len(scalar) <= LONGEST_VALUE)
    is_whole = isinstance(scalar, float) and scalar.is_integer() and abs(scalar) < _EXACT
    value = str(int(scalar) if is_whole else scalar).lower()  # as JSON
    return DatapointField(part, key, value[:LONGEST_VALUE], _finite(scalar), len(value) <= LONGEST_VALUE)


def number_in_text(text: str) -> float | None:
    """The number that a text is in JSON. None for another text, and for one that is too long for a number."""
    return _finite(text) if len(text) <= LONGEST_VALUE and re.fullmatch(JSON_NUMBER, text) else None


def _finite(scalar: str | int | float) -> float | None:
    try:
        number = float(scalar)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None

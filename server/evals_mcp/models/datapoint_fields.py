"""The scalar fields of a datapoint's content, flattened for filters and slices."""

import json
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

_CONTENT_KEYS = ("inputs", "target", "metadata")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
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
        for key, scalar in islice(_scalars(content.get(name), ()), MOST_FIELDS):
            fields.setdefault(key, scalar)
        found += (_field(part, key, scalar) for key, scalar in sorted(fields.items()))
    return found


def _scalars(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        if len(path) < DEEPEST_KEY:
            for name in sorted(value):
                yield from _scalars(value[name], (*path, name))
    elif isinstance(value, str | int | float):
        key = ".".join(path)
        if len(key) <= LONGEST_KEY:
            yield key, value


def _field(part: int, key: str, scalar: str | int | float) -> DatapointField:
    value, number = _text(scalar), _number(scalar)
    return DatapointField(part, key, value[:LONGEST_VALUE], number, len(value) <= LONGEST_VALUE)


def _text(scalar: str | int | float) -> str:
    if isinstance(scalar, str):
        return scalar
    if isinstance(scalar, float) and scalar.is_integer() and abs(scalar) < _EXACT:
        return str(int(scalar))
    return json.dumps(scalar)


def _number(scalar: str | int | float) -> float | None:
    if isinstance(scalar, str) and (len(scalar) > LONGEST_VALUE or not _NUMBER.fullmatch(scalar)):
        return None
    try:
        number = float(scalar)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None

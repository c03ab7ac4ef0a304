"""Large JSON that is only stored, made compact part by part: as objects, it would take twenty times its bytes."""

from __future__ import annotations

import json
import re
import secrets
from array import array
from collections.abc import Container
from typing import TYPE_CHECKING, Any, get_args

from pydantic import WrapValidator
from pydantic_core import to_json

from evals_mcp.errors import TooManyValues
from evals_mcp.models.json_structure import Structure, count_values, most_values, structure
from evals_mcp.models.json_values import MOST_VALUES

if TYPE_CHECKING:
    from pydantic import ValidatorFunctionWrapHandler

LARGE_JSON = 1 << 20
"""Bytes. Smaller JSON is parsed as a whole."""

LARGE_VALUE = 1 << 16
"""Bytes. Smaller values of large JSON become objects."""

_AT_ONCE = 1 << 18
_MOST_MEMBERS = 10_000
_COMMA, _COLON, _OPEN_OBJECT, _OPEN_LIST = b",:{["
_BLANKS = b" \t\n\r"
_AN_OBJECT = re.compile(rb"[ \t\n\r]*\{")
_CLOSING = bytes.maketrans(b"{[", b"}]")


class CompactJson:
    """A JSON object as the text that storage has of it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        """Whether the content is equal, also to that of a `dict`."""
        content = json.loads(self.text)
        return bool(content == (json.loads(other.text) if isinstance(other, CompactJson) else other))

    __hash__ = None  # type: ignore[assignment]


def content_of(value: Any) -> Any:
    """The content of `CompactJson`. Raises TypeError for any other value."""
    if not isinstance(value, CompactJson):
        raise TypeError(f"A {type(value).__name__} is not JSON.")
    return json.loads(value.text)


def _keep_compact(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    return value if isinstance(value, CompactJson) else handler(value)


MAY_BE_COMPACT = WrapValidator(_keep_compact)
"""Marks a field of free JSON that is only stored: it may come as `CompactJson`."""


def compact_names(model: Any) -> frozenset[str]:
    """The names of a model's fields that may come as `CompactJson`. None of what is no model."""
    fields = getattr(model, "model_fields", {})
    return frozenset(name for name, field in fields.items() if MAY_BE_COMPACT in _marks(field.annotation))


def _marks(annotation: Any) -> list[Any]:
    return [mark for choice in get_args(annotation) for mark in getattr(choice, "__metadata__", ())]


def require_few_values(body: bytes, most: int | None = MOST_VALUES) -> None:
    """Raise TooManyValues if JSON, or JSON lines, have more than `most` values; None is no bound."""
    if most is not None and most_values(body) > most and (count := count_values(body)) > most:
        raise too_many_values(count)


def require_few_lines(body: bytes, most: int | None) -> None:
    """Raise TooManyValues if JSON lines, empty ones among them, are more than `most`; None is no bound."""
    if most is not None and (count := body.count(b"\n")) > most:
        raise TooManyValues(
            f"The body has {count:,} lines, and a request may have {most:,}. Send them in several requests."
        )


def too_many_values(count: int) -> TooManyValues:
    """The refusal of a body with so many values."""
    return TooManyValues(
        f"The body has {count:,} JSON values, and a request may have {MOST_VALUES:,}. Send them in several requests."
    )


def read_large(
    body: bytes,
    free: Container[str],
    *,
    most: int | None = None,
    large: int = LARGE_VALUE,
    at_once: int = _AT_ONCE,
) -> Any:
    """What `json.loads` makes of a JSON object, but its large members of the names in `free` are `CompactJson`.

    None if that cannot be told, as of what is no JSON: then only a parser can tell. Raises TooManyValues if its other
    members have more than `most` values.
    """
    try:
        return _read(body, free, most, large, at_once)
    except (ValueError, RecursionError):
        return None


def _read(body: bytes, free: Container[str], most: int | None, large: int, at_once: int) -> dict[str, Any]:
    kept: list[memoryview] = []
    free_values: dict[str, tuple[int, int]] = {}
    for start, colon, end in _members(body, at_once):
        if end - colon > large and _AN_OBJECT.match(body, colon + 1):
            name = json.loads(body[start:colon])
            if not isinstance(name, str) or name in free_values:
                raise ValueError("no name, or one that stands twice")
            if name in free:
                free_values[name] = (colon + 1, end)
                continue
        kept.append(memoryview(body)[start:end])
    rest = b"".join((b"{", b",".join(kept), b"}")) if free_values else body
    kept.clear()
    require_few_values(rest, most)
    content: dict[str, Any] = json.loads(rest)
    compact = {name: CompactJson(_Compacted(body, *at, at_once).text()) for name, at in free_values.items()}
    if compact.keys() & content.keys():
        raise ValueError("a name stands twice")
    return content | compact


def _members(body: bytes, at_once: int) -> list[tuple[int, int, int]]:
    """Where each member of an object starts, has its colon, and ends. Raises ValueError if there are too many."""
    import numpy as np

    opening, closing = _AN_OBJECT.match(body), body.rfind(b"}")
    if opening is None or closing < 0 or body[closing + 1 :].strip(_BLANKS) or b"\x00" in body[:4]:
        raise ValueError("no object in UTF-8")
    marks: list[int] = []
    for part in structure(body, at_once):
        found = (part.depths == 1) & ((part.codes == _COMMA) | (part.codes == _COLON))
        marks += (np.flatnonzero(found) + part.start).tolist()
        if len(marks) > _MOST_MEMBERS:
            raise ValueError("too many members")
    colons, commas = marks[::2], marks[1::2]
    if any(body[at] != _COLON for at in colons) or any(body[at] != _COMMA for at in commas) or len(marks) % 2 == 0:
        raise ValueError("no members")
    starts = [opening.end(), *(at + 1 for at in commas)]
    return list(zip(starts, colons, [*commas, closing], strict=True))


class _Compacted:
    """A value in compact form, cut at commas wherever they stand.

    A piece between two cuts begins and ends inside of objects and lists. It is parsed with brackets around it that open
    and close these, and with a name that nobody else knows at the places where they go on.
    """

    def __init__(self, body: bytes, start: int, end: int, at_once: int) -> None:
        self._body, self._start, self._end, self._at_once = body, start, end, at_once
        self._first, self._last = (secrets.token_hex(8) for _ in range(2))
        self._pieces: list[bytes] = []
        self._before = b""  # brackets that are open where the present piece begins
        self._names: list[array[int]] = []  # hashes of the names in each of them, so far

    def text(self) -> str:
        """The whole value. Raises ValueError if it is no JSON, or if a name stands twice in an object that was cut."""
        import numpy as np

        done, stack, lowest = self._start, b"", 0
        for part in structure(self._body, self._at_once, self._start, self._end):
            commas = np.flatnonzero((part.codes == _COMMA) & (part.depths > 0))
            if len(commas):
                cut = int(commas[-1]) + 1
                after, low = _opened(stack, part, 0, cut)
                self._add(done, part.start + cut - 1, after, min(lowest, low))
                done = part.start + cut
                stack, lowest = _opened(after, part, cut, len(part.codes))
            else:
                stack, low = _opened(stack, part, 0, len(part.codes))
                lowest = min(lowest, low)
        self._add(done, self._end, b"", 0)
        text = b",".join(self._pieces)
        self._pieces.clear()
        return text.decode()

    def _add(self, start: int, end: int, after: bytes, lowest: int) -> None:
        """Add the piece from `start` to `end`, where the brackets `after` are open; `lowest` of them were all along."""
        piece = self._body[start:end].strip(_BLANKS)
        is_last = end == self._end
        if not piece or (self._before and piece[0] in b"]},") or (not is_last and piece[-1] in b"[{:,"):
            raise ValueError("nothing stands before or after a comma")
        opening = _opening(self._before, self._first)
        closing = b"" if is_last else _closing(after, self._last)
        piece = opening + piece + closing
        content = json.loads(piece)
        del piece  # may be most of the value
        compact = to_json(content)
        if b"NaN" in compact or b"Infinity" in compact:
            json.dumps(content, allow_nan=False)
        if not (compact.startswith(opening) and compact.endswith(closing)):
            raise ValueError("a name stands twice")
        self._pieces.append(compact[len(opening) : len(compact) - len(closing)])
        self._note_names(content, after, lowest)
        self._before = after

    def _note_names(self, content: Any, after: bytes, lowest: int) -> None:
        import numpy as np

        nodes, node = [], content
        for depth in range(len(self._before)):
            nodes.append(node)
            self._names[depth].extend(self._hashes(node))
            if depth + 1 < len(self._before):
                node = node[self._first] if isinstance(node, dict) else node[0]
        for ended in self._names[lowest:]:
            if ended and len(np.unique(np.frombuffer(ended, dtype=np.int64))) < len(ended):
                raise ValueError("a name stands twice")
        del self._names[lowest:], nodes[lowest:]
        for _ in range(lowest, len(after)):
            node = _last_of(nodes[-1]) if nodes else content
            nodes.append(node)
            self._names.append(array("q", self._hashes(node)))

    def _hashes(self, node: Any) -> list[int]:
        if not isinstance(node, dict):
            return []
        return [hash(name) for name in node if name not in (self._first, self._last)]


def _last_of(node: Any) -> Any:
    return next(reversed(node.values())) if isinstance(node, dict) else node[-1]


def _opening(stack: bytes, name: str) -> bytes:
    inner = b'{"%s":' % name.encode()
    return b"".join(inner if code == _OPEN_OBJECT else b"[" for code in stack[:-1]) + stack[-1:]


def _closing(stack: bytes, name: str) -> bytes:
    end = b',"%s":0' if stack[-1] == _OPEN_OBJECT else b',"%s"'
    return end % name.encode() + stack[::-1].translate(_CLOSING)


def _opened(stack: bytes, part: Structure, start: int, stop: int) -> tuple[bytes, int]:
    """The brackets that are open at `stop`, and how many of the `stack` at `start` were open all along."""
    import numpy as np

    codes, depths = part.codes[start:stop], part.depths[start:stop]
    if not len(codes):
        return stack, len(stack)
    lowest = min(len(stack), int(depths.min()))
    if lowest < 0:
        raise ValueError("more brackets close than open")
    opens = (codes == _OPEN_OBJECT) | (codes == _OPEN_LIST)
    more = [codes[np.flatnonzero(opens & (depths == level))[-1]] for level in range(lowest + 1, int(depths[-1]) + 1)]
    return stack[:lowest] + bytes(more), lowest

"""Calls that an answer offers: the same tool with a cursor or other arguments.

A cursor is base64url of: one byte of version, six bytes of digest over the list and the position, the position as JSON.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, harmless, quote
from evals_mcp.errors import Invalid

_VERSION = b"\x01"
_DIGEST = 6
_LONGEST = 8_000
_LONGEST_ARGUMENT = 120
_AS_BEFORE = "<as before>"
_EMPTY: tuple[object, ...] = ("", [], None, False)
_REFUSAL = "cursor: this cursor belongs to another call. Omit it, or repeat all other arguments unchanged."


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `arguments` are what a caller writes, without empty ones.

    `listed` determines the list in the answer and its order. A cursor is valid for one list. The `state` is that of the
    data, where it decides about the order: a cursor tells whether it was another.
    """

    tool: Quoted
    arguments: Mapping[str, object]
    listed: Mapping[str, object]
    state: str = ""

    def text(self, **changes: object) -> Quoted:
        """The call as a model writes it, with changed arguments."""
        return next_call(self.tool, **self.given(**changes))

    def given(self, **changes: object) -> dict[str, object]:
        """The arguments of the call with changes, without empty ones."""
        return {key: value for key, value in {**self.arguments, **changes}.items() if value not in _EMPTY}

    def at(self, *position: object) -> Quoted:
        """The call that continues at a position in the list. A position is a few JSON values."""
        return self.text(cursor=self.cursor(*position, *self._mark))

    def cursor(self, *position: object) -> str:
        """The cursor of a position in the list."""
        return encode(position, {"tool": self.tool, **self.listed})

    def position(self, cursor: str) -> list[object] | None:
        """The position in a cursor; None without one. Raises Invalid for a cursor of another list."""
        return decode(cursor, {"tool": self.tool, **self.listed}) if cursor else None

    def offset(self, cursor: str) -> int:
        """The offset in a cursor, from 0. Raises Invalid as `position`."""
        position = self.position(cursor)
        return 0 if position is None else int(str(position[0]))

    def has_changed(self, cursor: str) -> bool:
        """Whether the state was another for the page that gave a cursor. Raises Invalid as `position`."""
        mark = (self.position(cursor) or [])[1:]
        return bool(mark) and mark != self._mark

    @property
    def _mark(self) -> list[object]:
        return [crc32(self.state.encode()) % 2**16] if self.state else []


def next_call(tool: Quoted, **arguments: object) -> Quoted:
    """A call as a model writes it: `get_logs(evaluation="evr_x", runs=["a"], cursor="abc")`. None is omitted.

    Arguments that are too long to repeat become `<as before>`.
    """
    given = (f"{harmless(key)}={_argument(value)}" for key, value in arguments.items() if value is not None)
    return f"{tool}({', '.join(given)})"


def undo_line(writes: Sequence[str]) -> Quoted:
    """How to take the writes of a call back, the last one first: `Undo: undo(write="write_12_ab12cd34")`."""
    calls = [next_call("undo", write=write) for write in reversed(dict.fromkeys(writes))]
    return f"Undo: {', '.join(calls)}"


def left_out(amount: int, noun: Quoted, call: Quoted) -> Quoted:
    """What is omitted and how to get it: `1,590 more logs: get_logs(…)`; "" if nothing is."""
    return f"{count(amount, f'more {noun}')}: {call}" if amount > 0 else ""


def encode(position: Sequence[object], listed: Mapping[str, object]) -> str:
    """A cursor for a position (a few JSON values) in a list.

    `listed` identifies the list. Empty values count as absent.
    """
    body = json.dumps(list(position), separators=(",", ":")).encode()
    return urlsafe_b64encode(_VERSION + _digest(body, listed) + body).rstrip(b"=").decode()


def decode(cursor: str, listed: Mapping[str, object]) -> list[object]:
    """The position in a cursor. Raises Invalid if it is damaged or was made for another list."""
    try:
        raw = urlsafe_b64decode(cursor[:_LONGEST].encode("ascii") + b"==")
        body = raw[1 + _DIGEST :]
        if raw[:1] == _VERSION and raw[1 : 1 + _DIGEST] == _digest(body, listed):
            return list(json.loads(body))
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid(_REFUSAL) from error
    raise Invalid(_REFUSAL)


def _digest(body: bytes, listed: Mapping[str, object]) -> bytes:
    given = {key: value for key, value in listed.items() if value not in _EMPTY}
    text = json.dumps(given, sort_keys=True, default=str, separators=(",", ":"))
    return blake2b(text.encode() + b"\n" + body, digest_size=_DIGEST).digest()


def _argument(value: object) -> Quoted:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, list | tuple):
        items = [_argument(item) for item in value]
        text = _AS_BEFORE if _AS_BEFORE in items else f"[{', '.join(items)}]"
    elif isinstance(value, int | float):
        text = harmless(str(value))
    else:
        text = quote(str(value), _LONGEST_ARGUMENT)
    return text if len(text) <= _LONGEST_ARGUMENT else _AS_BEFORE

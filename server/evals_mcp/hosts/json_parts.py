"""Where the members of a JSON text are, so that one can be changed and every other byte stays.

Comments and commas behind the last member are allowed, as hosts allow them.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from evals_mcp.errors import Invalid

_BETWEEN = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
_WORD = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)")
DEEPEST = 100
_MOST_DIGITS = 600


@dataclass(slots=True)
class Member:
    """A member of an object: where its key begins, and its value."""

    start: int
    value: "Part"


@dataclass(slots=True)
class Part:
    """A value of a JSON text: from `start` to before `end`. An object has members; of equal keys, the last counts.

    `content` is where the last member, comma or comment in an object ends. It `has_last_comma` if a comma follows the
    last member.
    """

    start: int
    end: int = 0
    data: Any = None
    members: dict[str, Member] = field(default_factory=dict)
    content: int = 0
    has_last_comma: bool = False

    @property
    def is_object(self) -> bool:
        """Whether it has members."""
        return isinstance(self.data, dict)


def read_parts(text: str, *, comments: bool = True, last_commas: bool = True) -> Part:
    """The parts of a JSON text, which may have `comments` and commas behind the last member.

    Raises Invalid with the line and column of what is wrong.
    """
    reader = _Reader(text, comments=comments, last_commas=last_commas)
    start = reader.between(1 if text.startswith("\ufeff") else 0)
    part = reader.value(start, 0)
    reader.end(reader.between(part.end))
    return part


def skip_blanks(text: str, at: int) -> int:
    """Where blanks and comments end."""
    found = _BETWEEN.match(text, at)
    assert found is not None
    return found.end()


def _number(text: str) -> int | float:
    """A whole number; a long one, which Python refuses to read, about as it is."""
    return int(text) if len(text) < _MOST_DIGITS else float(text)


class _Reader:
    def __init__(self, text: str, *, comments: bool, last_commas: bool) -> None:
        self._text = text
        self._comments = comments
        self._last_commas = last_commas

    def between(self, at: int) -> int:
        end = skip_blanks(self._text, at)
        comment = self._text.find("/", at, end)
        if comment >= 0 and not self._comments:
            self._fail(comment, "this host reads no comments")
        return end

    def end(self, at: int) -> None:
        if at < len(self._text):
            self._fail(at, "more text follows the value")

    def value(self, at: int, depth: int) -> Part:
        if depth > DEEPEST:
            self._fail(at, f"it is nested more than {DEEPEST} levels deep")
        if self._is(at, "{"):
            return self._object(at, depth)
        if self._is(at, "["):
            return self._array(at, depth)
        found = _STRING.match(self._text, at) or _WORD.match(self._text, at)
        if found is None:
            self._fail(at, "a value is missing")
        return Part(at, found.end(), json.loads(found[0], parse_int=_number))

    def _object(self, at: int, depth: int) -> Part:
        part = Part(at, data={}, content=at + 1)
        at = self.between(at + 1)
        while not self._is(at, "}"):
            if part.members and not part.has_last_comma:
                self._fail(at, "a comma or } is missing")
            key = _STRING.match(self._text, at)
            if key is None:
                self._fail(at, "a name in double quotes or } is missing")
            colon = self.between(key.end())
            if not self._is(colon, ":"):
                self._fail(colon, "a colon is missing")
            value = self.value(self.between(colon + 1), depth + 1)
            name = json.loads(key[0])
            part.members.pop(name, None)
            part.members[name] = Member(at, value)
            part.data[name] = value.data
            at = self.between(value.end)
            part.has_last_comma = self._is(at, ",")
            at = self.between(at + 1) if part.has_last_comma else at
        self._end_of(at, part.has_last_comma)
        part.content = part.start + 1 + len(self._text[part.start + 1 : at].rstrip())
        part.end = at + 1
        return part

    def _array(self, at: int, depth: int) -> Part:
        part = Part(at, data=[])
        at, may_follow, has_last_comma = self.between(at + 1), True, False
        while not self._is(at, "]"):
            if not may_follow:
                self._fail(at, "a comma or ] is missing")
            item = self.value(at, depth + 1)
            part.data.append(item.data)
            at = self.between(item.end)
            may_follow = self._is(at, ",")
            at = self.between(at + 1) if may_follow else at
            has_last_comma = may_follow
        self._end_of(at, has_last_comma)
        part.end = at + 1
        return part

    def _end_of(self, at: int, has_last_comma: bool) -> None:
        if has_last_comma and not self._last_commas:
            self._fail(at, "this host reads no comma before the end")

    def _is(self, at: int, character: str) -> bool:
        return self._text.startswith(character, at)

    def _fail(self, at: int, what: str) -> NoReturn:
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        raise Invalid(f"line {line}, column {column}: {what}")

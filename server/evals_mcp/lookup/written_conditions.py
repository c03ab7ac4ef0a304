"""The grammar of a condition: `name operator value`, split at the first operator outside quotes and brackets. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple, cast

from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.errors import Invalid
from evals_mcp.lookup.names import quoted
from evals_mcp.models.conditions import Operator

_SPELLINGS = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!=", "<>": "!="}
_OPERATOR = re.compile("!=|!~|<=|>=|<>|==|[=<>~≤≥≠]")
_PASSES = re.compile(r"(passes|fails|passes_count)\((.*)\)", re.DOTALL)


class Word(NamedTuple):
    """A value, or a part of a name. What is quoted is never a reserved word."""

    text: str
    is_quoted: bool = False


class WrittenCondition(NamedTuple):
    """A condition as written: the name's parts (split at dots), an operator, and one or more values.

    `stated` is what stands in brackets after `passes`, `fails` or `passes_count`. A name alone has no values.
    `argument` is the tool's argument that it was given in.
    """

    text: str
    name: tuple[Word, ...]
    operator: Operator
    values: tuple[Word, ...]
    stated: str = ""
    argument: Quoted = "where"

    @property
    def whole_name(self) -> str:
        """The name without quotes."""
        return ".".join(part.text for part in self.name)


def read_condition(text: str) -> WrittenCondition:
    """Read one condition. Raises Invalid with the right form."""
    start, end = _find_operator(text)
    written = text[start:end]
    operator = cast(Operator, _SPELLINGS.get(written, written))
    left, right = text[:start].strip(), text[end:].strip()
    stated = ""
    if (match := _PASSES.fullmatch(left)) is not None:
        left, stated = match[1], match[2].strip()
    name = tuple(_word(part) for part in _split(left, "."))
    if not any(part.text for part in name):
        raise Invalid(f'where: {quoted(text)} has no name before {quoted(written)}. Write, for example, "latency>5".')
    values = tuple(_word(part) for part in _split(right, "|"))
    if not all(value.text or value.is_quoted for value in values):
        raise Invalid(
            f'where: {quoted(text)} has no value after {quoted(written)}. Use "missing" for no value, quotes for "".'
        )
    if operator in ("<", "<=", ">", ">=") and len(values) > 1:
        raise Invalid(f"where: {quoted(text)} compares with several values. Only =, != and ~ take several.")
    return WrittenCondition(text, name, operator, values, stated)


def read_name(text: str, argument: Quoted) -> WrittenCondition:
    """Read a name alone, as in a condition. Raises Invalid for quotes that do not end."""
    return WrittenCondition(text, tuple(_word(part) for part in _split(text.strip(), ".")), "=", (), argument=argument)


def _find_operator(text: str) -> tuple[int, int]:
    depth = 0
    for at, char in _outside_quotes(text):
        if char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
        elif depth == 0 and (match := _OPERATOR.match(text, at)) is not None:
            return match.start(), match.end()
    raise Invalid(
        f"where: {quoted(text)} is no condition. Write name, operator and value, such as "
        '"category=law", "groundedness<3", "output~refund" or "error=true".'
    )


def _outside_quotes(text: str) -> Iterator[tuple[int, str]]:
    """The characters that no quotes enclose, with their indexes. Raises Invalid for quotes that do not end."""
    is_inside = is_escaped = False
    for at, char in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif is_inside and char == "\\":
            is_escaped = True
        elif char == '"':
            is_inside = not is_inside
        elif not is_inside:
            yield at, char
    if is_inside:
        raise Invalid(f"where: a quote in {quoted(text)} does not end.")


def _split(text: str, separator: str) -> list[str]:
    cuts = [at for at, char in _outside_quotes(text) if char == separator]
    return [text[start + 1 : end] for start, end in zip([-1, *cuts], [*cuts, len(text)], strict=True)]


def _word(part: str) -> Word:
    written = part.strip()
    if len(written) > 1 and written[0] == written[-1] == '"':
        return Word(re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL), True)
    return Word(written)

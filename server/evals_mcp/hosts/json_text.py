"""Changes of one member of a JSON text. Comments, blanks, the order and all other members stay byte for byte."""

import json
import re
from collections.abc import Sequence
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.hosts.json_parts import DEEPEST, Part, read_parts, skip_blanks

_INDENT = "  "


def read(text: str, *, comments: bool = True, last_commas: bool = True) -> dict[str, Any]:
    """The object that a text holds; an empty text holds an empty one. Raises Invalid as `read_parts`."""
    if not _has_content(text):
        return {}
    try:  # most files are JSON as Python reads it, and some have a history of megabytes in them
        data = json.loads(text.removeprefix("\ufeff"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        data = None
    if data is None or _is_deep(data):
        data = read_parts(text, comments=comments, last_commas=last_commas).data
    if not isinstance(data, dict):
        raise Invalid("line 1, column 1: it is no object in braces")
    return data


def set_value(text: str, path: Sequence[str], value: Any) -> str:
    """Set the member at a path of names, which may be new. Raises Invalid where a part of the path is no object."""
    if not _has_content(text):
        text = text.strip(" \t\r\n") + f"{{}}{_line_end(text)}"
    part = root = read_parts(text)
    for depth, name in enumerate(path):
        if not part.is_object:
            raise Invalid(f"{'.'.join(path[:depth]) or 'it'} is no object in braces")
        if name not in part.members:
            for outer in reversed(path[depth + 1 :]):
                value = {outer: value}
            return _insert(text, part, name, value, _step(text, root))
        part = part.members[name].value
    written = _written(value, _indent_at(text, part.start), _step(text, root), _line_end(text))
    return text if part.data == value else text[: part.start] + written + text[part.end :]


def remove(text: str, path: Sequence[str]) -> str:
    """Remove the member at a path, if it is there; then what holds it if nothing else, no comment, is left there."""
    parts = [read_parts(text)]
    for name in path:
        if name not in parts[-1].members:
            return text
        parts.append(parts[-1].members[name].value)
    text = _removed(text, parts[-2], path[-1])
    if len(path) > 1 and _is_empty(text, path[:-1]):
        return remove(text, path[:-1])
    return text


def _is_empty(text: str, path: Sequence[str]) -> bool:
    part = read_parts(text)
    for name in path:
        part = part.members[name].value
    return text[part.start : part.end] == "{}"


def _removed(text: str, part: Part, name: str) -> str:
    """The text without a member and its comma."""
    index, member = list(part.members).index(name), part.members[name]
    end, cut = member.value.end, list[tuple[int, int]]()
    if index < len(part.members) - 1 or part.has_last_comma:
        comma = skip_blanks(text, end)
        cut.append((comma, comma + 1))
    elif index:
        comma = skip_blanks(text, list(part.members.values())[index - 1].value.end)
        cut.append((comma, comma + 1))
    start = len(text[: member.start].rstrip())
    after = text[cut[0][1] if cut and cut[0][0] >= end else end :]
    if "\n" in text[start : member.start] and not re.match(r"[ \t]*\r?\n", after):
        start = member.start  # what stands before may be a comment, which the end of its line ends
    for first, last in sorted([*cut, (start, end)], reverse=True):
        text = text[:first] + text[last:]
    blank = re.compile(r"\{\s*\}").match(text, part.start)
    return text if blank is None else f"{text[: part.start]}{{}}{text[blank.end() :]}"


def _insert(text: str, part: Part, name: str, value: Any, step: str) -> str:
    end_of_line = _line_end(text)
    is_on_one_line = bool(part.members) and "\n" not in text[part.start : part.end]
    if is_on_one_line:
        written = f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        around = ("", ",") if part.has_last_comma else (",", "")
        return f"{text[: part.content]}{around[0]} {written}{around[1]}{text[part.content :]}"
    outer = _indent_at(text, part.start)
    indent = _indent_at(text, next(iter(part.members.values())).start) if part.members else outer + step
    member = f"{end_of_line}{indent}{json.dumps(name)}: {_written(value, indent, step, end_of_line)}"
    after = text[part.content :]
    if not re.match(r"[ \t]*\r?\n", after):
        after = f"{end_of_line}{outer}{after.lstrip()}"
    if not part.members:
        return text[: part.content] + member + after
    last = list(part.members.values())[-1].value.end
    if part.has_last_comma:
        return f"{text[: part.content]}{member},{after}"
    return f"{text[:last]},{text[last : part.content]}{member}{after}"


def _written(value: Any, indent: str, step: str, end_of_line: str) -> str:
    """A value as JSON, indented as the text around it. Short lists stay on one line."""
    if isinstance(value, dict) and value:
        inner = indent + step
        members = (f"{inner}{json.dumps(k)}: {_written(v, inner, step, end_of_line)}" for k, v in value.items())
        return f"{{{end_of_line}{f',{end_of_line}'.join(members)}{end_of_line}{indent}}}"
    return json.dumps(value, ensure_ascii=False)


def _indent_at(text: str, at: int) -> str:
    """The blanks at the beginning of a line."""
    found = re.match(r"[ \t]*", text[text.rfind("\n", 0, at) + 1 : at].removeprefix("\ufeff"))
    return found[0] if found else ""


def _step(text: str, root: Part) -> str:
    """The indentation of one level, as the text with these parts has it."""
    first = next((member.start for member in root.members.values()), root.start)
    return (_indent_at(text, first) if "\n" in text[root.start : first] else "") or _INDENT


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _is_deep(data: Any) -> bool:
    """Whether values are nested more than `DEEPEST` levels deep."""
    level = [data] if isinstance(data, dict | list) else []
    for _ in range(DEEPEST):
        inner = (part for group in level for part in (group.values() if isinstance(group, dict) else group))
        level = [part for part in inner if isinstance(part, dict | list)]
    return bool(level)


def _has_content(text: str) -> bool:
    return bool(text.strip("\ufeff \t\r\n"))

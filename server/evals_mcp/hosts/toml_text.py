"""Changes of one value of a TOML text. Comments, blanks, the order and all other values stay."""

import copy
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from evals_mcp.errors import Invalid

_BYTE_ORDER_MARK = "\ufeff"


def read(text: str) -> dict[str, Any]:
    """The table that a text holds. Raises Invalid with the line and column of what is wrong."""
    try:
        return tomllib.loads(text.removeprefix(_BYTE_ORDER_MARK))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid(f"{error}") from error


def set_value(text: str, path: Sequence[str], value: Any) -> str:
    """Set the value at a path of names, which may be new. Raises Invalid where that cannot be done in the text."""
    wanted = read(text)
    inner = wanted
    for depth, name in enumerate(path[:-1], 1):
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            raise Invalid(f"{'.'.join(path[:depth])} is no table")
    if path[-1] in inner and inner[path[-1]] == value:
        return text
    is_new_table = isinstance(value, Mapping) and path[-1] not in inner
    inner[path[-1]] = value
    candidates = [_appended(text, path, value)] if is_new_table else []
    return _first_equal([*candidates, *_edited(text, path, value)], wanted, path)


def remove(text: str, path: Sequence[str]) -> str:
    """Remove the value at a path, if it is there; then the tables that held nothing else. Raises Invalid."""
    wanted = read(text)
    tables: list[Any] = [wanted]
    for name in path:
        if not isinstance(tables[-1], dict) or name not in tables[-1]:
            return text
        tables.append(tables[-1][name])
    emptied = copy.deepcopy(wanted)
    for data, with_section in ((wanted, False), (emptied, True)):
        _remove_from(data, path, with_section=with_section)
    mark, body = _split_mark(text)
    document = _document(body)
    _remove_from(document, path, with_section=False)
    rest = document.as_string()
    try:
        return mark + _first_equal([_with_comments(body, rest), rest], emptied, path)
    except Invalid:
        return mark + _first_equal([_with_comments(body, rest), rest], wanted, path)


def _remove_from(data: Any, path: Sequence[str], *, with_section: bool) -> None:
    tables = [data]
    for name in path[:-1]:
        tables.append(tables[-1][name])
    del tables[-1][path[-1]]
    for index in range(len(path) - 2, -1, -1):
        if with_section and not tables[index + 1]:
            del tables[index][path[index]]


def _first_equal(candidates: Sequence[str], wanted: Mapping[str, Any], path: Sequence[str]) -> str:
    """The first text that holds what is wanted: no library writes every TOML back without a loss."""
    for text in candidates:
        try:
            if read(text) == wanted:
                return text
        except Invalid:
            continue
    raise Invalid(f"{'.'.join(path)} cannot be changed without a change to something else")


def _appended(text: str, path: Sequence[str], value: Mapping[str, Any]) -> str:
    """The text with a table at its end."""
    import tomlkit

    document = tomlkit.document()
    inner: Any = document
    for name in path[:-1]:
        inner[name] = tomlkit.table(is_super_table=True)
        inner = inner[name]
    inner[path[-1]] = value
    end_of_line = _line_end(text)
    written = document.as_string().strip("\n").replace("\n", end_of_line) + end_of_line
    before = text + ("" if not text.strip() or text.endswith("\n") else end_of_line)
    return f"{before}{end_of_line if text.strip() else ''}{written}"


def _edited(text: str, path: Sequence[str], value: Any) -> list[str]:
    """The text with a value in a table that is there; an inline table where no other fits."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    mark, body = _split_mark(text)
    edited = []
    for inline in (False, True):
        document: Any = _document(body)
        inner = document
        new: Any = value
        if inline and isinstance(value, Mapping):
            new = tomlkit.inline_table()
            new.update(value)
        try:
            for name in path[:-1]:
                if name not in inner:
                    inner[name] = tomlkit.inline_table() if inline else tomlkit.table()
                inner = inner[name]
            inner[path[-1]] = new
        except (TOMLKitError, ValueError, TypeError):
            continue
        edited.append(mark + document.as_string())
    return edited


def _with_comments(before: str, after: str) -> str:
    """A text after something was removed, with the comments that followed it: they are about what comes next."""
    start = next((at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), len(after))
    start = before.rfind("\n", 0, start) + 1
    end = len(before) - (len(after) - start)
    if end < start or before[end:] != after[start:]:
        return after
    removed = before[start:end].splitlines(keepends=True)
    kept: list[str] = []
    while removed and re.match(r"\s*(#|$)", removed[-1]):
        kept.insert(0, removed.pop())
    head = before[:start]
    if not any(line.strip() for line in kept):
        kept = []
    if not before[end:].strip() and not kept:  # it was appended behind an empty line
        line_end = _line_end(before)
        head = head[: -len(line_end)] if head.endswith(line_end * 2) else head
    return head + "".join(kept) + before[end:]


def _document(text: str) -> Any:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise Invalid(f"{error}") from error


def _split_mark(text: str) -> tuple[str, str]:
    body = text.removeprefix(_BYTE_ORDER_MARK)
    return text[: len(text) - len(body)], body


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"

"""The rows of a dump, as `pg_restore` writes them. Nothing that a dump says is run: it is read, and names are data."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, NoReturn

from evals_mcp.errors import Unavailable

_NAME = r'(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")'
_SETTING = re.compile(r"SET \w+ = [^;]*;|SELECT pg_catalog\.set_config\('search_path', '', false\);")
_COPY = re.compile(rf"COPY ({_NAME})\.({_NAME}) \(({_NAME}(?:, {_NAME})*)\) FROM stdin;")
_NUMBERING = re.compile(r"SELECT pg_catalog\.setval\('((?:[^']|'')+)', (\d{1,19}), (true|false)\);")
_QUALIFIED = re.compile(rf"({_NAME})\.({_NAME})")
_END = b"\\."


class TableRows(NamedTuple):
    """Lines to load into columns of a table. The reader must take them before what comes next."""

    table: str
    columns: list[str]
    lines: Iterator[bytes]


class Numbering(NamedTuple):
    """Where the numbers of a sequence go on: after a number, or (unless `is_used`) with it."""

    sequence: str
    number: int
    is_used: bool


def read_rows(lines: Iterable[bytes], schema: str) -> Iterator[TableRows | Numbering]:
    """What `pg_restore --data-only` writes of the tables of a schema. Settings are left out: they are a session's.

    Raises Unavailable for anything else than rows and numbers of tables in that schema.
    """
    source = iter(lines)
    for text in _texts(source):
        if _SETTING.fullmatch(text):
            continue
        if match := _COPY.fullmatch(text):
            _require(schema, match[1])
            columns = [_plain(name) for name in re.findall(_NAME, match[3])]
            yield TableRows(_plain(match[2]), columns, _rows(source))
        elif (match := _NUMBERING.fullmatch(text)) and (named := _QUALIFIED.fullmatch(match[1].replace("''", "'"))):
            _require(schema, named[1])
            yield Numbering(_plain(named[2]), int(match[2]), match[3] == "true")
        else:
            refuse()


def refuse() -> NoReturn:
    """Raise Unavailable for a dump that is not what a backup of a workspace holds."""
    raise Unavailable("The backup holds what no workspace has. Nothing was restored.")


def _require(schema: str, name: str) -> None:
    if _plain(name) != schema:
        refuse()


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _texts(source: Iterator[bytes]) -> Iterator[str]:
    """Each statement without comments and commands of psql."""
    parts: list[str] = []
    for line in source:
        text = line.decode(errors="replace").rstrip("\r\n")
        if not parts and (not text or text.startswith(("--", "\\"))):
            continue
        parts.append(text)
        if text.endswith(";"):
            yield "\n".join(parts)
            parts = []
    if parts:
        refuse()


def _rows(source: Iterator[bytes]) -> Iterator[bytes]:
    for line in source:
        if line.rstrip(b"\r\n") == _END:
            return
        yield line
    raise Unavailable("The backup ends in the middle of a table. Nothing was restored.")

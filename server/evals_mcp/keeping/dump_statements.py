"""The statements of a dump, as `pg_restore` writes them, for a schema of another name and in a transaction of ours."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from evals_mcp.errors import Unavailable

_SETTING = re.compile(r"(SET |SELECT pg_catalog\.set_config\()")
_OF_TABLES = re.compile(
    r"(CREATE (SCHEMA|TABLE|SEQUENCE|INDEX|UNIQUE INDEX|STATISTICS) "
    r"|ALTER (TABLE|SEQUENCE|INDEX|STATISTICS) |SELECT pg_catalog\.setval\(|COMMENT ON )"
)
_COPY = re.compile(r"COPY .* FROM stdin;$", re.DOTALL)
_END = b"\\."


class Statement(NamedTuple):
    """A statement; `rows` are the lines that it loads, which the reader must take before the next statement."""

    sql: str
    rows: Iterator[bytes] | None


def read_statements(lines: Iterable[bytes], schema: str, name: str) -> Iterator[Statement]:
    """The statements that make tables and load them, with the name of their schema changed; never a text in data.

    Settings are left out: they are those of a session, and newer programs set what older servers do not know. Raises
    Unavailable for a statement that no dump of a workspace has.
    """
    renamed = re.compile(rf"\b{re.escape(schema)}\b")
    source = iter(lines)
    for sql in _texts(source):
        if _SETTING.match(sql):
            continue
        if _COPY.match(sql):
            yield Statement(renamed.sub(name, sql, count=1), _rows(source))
        elif _OF_TABLES.match(sql):
            yield Statement(renamed.sub(name, sql), None)
        else:
            raise Unavailable("The backup holds a statement that no workspace has. Nothing was restored.")


def _texts(source: Iterator[bytes]) -> Iterator[str]:
    """Each statement without comments and commands of psql."""
    parts: list[str] = []
    for line in source:
        text = line.decode().rstrip("\r\n")
        if not parts and (not text or text.startswith(("--", "\\"))):
            continue
        parts.append(text)
        if text.endswith(";"):
            yield "\n".join(parts)
            parts = []


def _rows(source: Iterator[bytes]) -> Iterator[bytes]:
    for line in source:
        if line.rstrip(b"\r\n") == _END:
            return
        yield line
    raise Unavailable("The backup ends in the middle of a table. Nothing was restored.")

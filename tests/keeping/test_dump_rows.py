"""Of a dump only rows and numbers are read; what else somebody wrote into it is refused, and never run."""

import pytest

from evals_mcp.errors import Unavailable
from evals_mcp.keeping.dump_rows import Numbering, TableRows, read_rows

_SETTINGS = "SET client_encoding = 'UTF8';\nSELECT pg_catalog.set_config('search_path', '', false);\n\\restrict x\n"
_ROWS = '--\n-- Data\n--\n\nCOPY s.logs (number, "user") FROM stdin;\n1\tSET x;\n2\t--\n\\.\n\n'
_NUMBERING = "SELECT pg_catalog.setval('s.logs_number_seq', 9, true);\n"


def _read(text: str, schema: str = "s") -> list[object]:
    return [
        (part.table, part.columns, b"".join(part.lines)) if isinstance(part, TableRows) else part
        for part in read_rows((line.encode() for line in text.splitlines(keepends=True)), schema)
    ]


def test_rows_and_numbers_are_read() -> None:
    """Whatever texts the rows hold, and whatever quotes the name of the schema needs."""
    rows = ("logs", ["number", "user"], b"1\tSET x;\n2\t--\n")
    assert _read(_SETTINGS + _ROWS + _NUMBERING) == [rows, Numbering("logs_number_seq", 9, True)]
    quoted = (_ROWS + _NUMBERING).replace("s.logs", '"s-2".logs')
    assert _read(quoted, "s-2") == [rows, Numbering("logs_number_seq", 9, True)]


@pytest.mark.parametrize(
    "statement",
    [
        "DROP SCHEMA other CASCADE;",
        "CREATE TABLE s.x(); DROP SCHEMA other CASCADE;",
        "CREATE TABLE s.x AS SELECT pg_read_file('/etc/passwd');",
        "ALTER TABLE other.logs ADD COLUMN x text;",
        "COPY other.logs (number) FROM stdin;",
        "COPY s.logs (number) FROM PROGRAM 'id';",
        "COPY s.logs (number) FROM stdin; DROP SCHEMA other CASCADE;",
        "COPY s.logs (number) FROM stdin WHERE pg_sleep(1) IS NULL;",
        "SELECT pg_catalog.setval('other.logs_number_seq', 9, true);",
        "SELECT pg_catalog.setval('s.logs_number_seq', 9, true), pg_sleep(1);",
        "SELECT pg_catalog.setval('s.logs_number_seq', (SELECT 9), true);",
        "SET ROLE postgres; DROP SCHEMA other CASCADE;",
        "SELECT pg_catalog.set_config('search_path', pg_read_file('/etc/passwd'), false);",
        "DO $$ BEGIN\nEND $$;",
        "SELECT 1",
    ],
)
def test_any_other_statement_is_refused(statement: str) -> None:
    """In one text with an innocent one, too."""
    with pytest.raises(Unavailable, match=r"The backup holds what no workspace has\. Nothing was restored\."):
        _read(f"{_SETTINGS}{_ROWS}{statement}\n")


def test_a_dump_that_ends_in_a_table_is_refused() -> None:
    """The rows that came may not be all."""
    with pytest.raises(Unavailable, match="ends in the middle of a table"):
        _read(_ROWS.partition("\\.")[0])

"""PostgreSQL's programs, in place of which scripts stand here: whatever they say, nobody waits for them for ever."""

import os
from pathlib import Path

import pytest

from evals_mcp.errors import Unavailable
from evals_mcp.keeping.postgresql_programs import Program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such scripts")


def _program(folder: Path, script: str) -> Program:
    path = folder / "pg_restore"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Program(str(path), 17, os.environ)


@pytest.mark.parametrize("status", [0, 1])
def test_many_complaints_hold_up_nobody(tmp_path: Path, status: int) -> None:
    """More of them than a pipe takes, before and between the rows; the last one is the reason of a failure."""
    complain = "yes 'pg_restore: warning' | head -n 20000 >&2"
    script = f"{complain}\necho one\n{complain}\necho two\necho 'pg_restore: error: last' >&2\nexit {status}"
    found: list[bytes] = []
    failure = None
    try:
        with _program(tmp_path, script).reading([]) as lines:
            found += lines
    except Unavailable as error:
        failure = str(error)
    assert found == [b"one\n", b"two\n"]
    assert failure == (None if status == 0 else "pg_restore failed: pg_restore: error: last")


def test_a_program_that_is_not_read_to_its_end_is_ended(tmp_path: Path) -> None:
    """Also if it would go on to write."""
    with pytest.raises(ZeroDivisionError), _program(tmp_path, "yes").reading([]) as lines:
        assert 1 // (len(next(lines)) - 2)

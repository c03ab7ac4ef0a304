"""Opening a workspace from several processes, and from one that is killed."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect
from tests.e2e.stdio import SERVER

from evals_mcp.store.database.tables import metadata
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import open_store

_DATABASES = 4
_PATIENCE = 240


def test_processes_may_open_at_once(tmp_path: Path) -> None:
    """One makes the tables, the others wait for it; what each writes is there afterwards."""
    code = (
        "import sys\n"
        "from evals_mcp.store.files.files import FileChange\n"
        "from evals_mcp.store.store import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "store.files.upsert('flow', None, sys.argv[2], {'attributes': {}}, FileChange())\n"
    )
    path = tmp_path / "new" / "evals.db"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path), f"f{number}"],
            env={"PYTHONPATH": str(SERVER)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    try:
        for process in processes:
            _, errors = process.communicate(timeout=_PATIENCE)
            assert process.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
    with closing(open_store(str(path))) as store:
        assert store.files.page().total == 4


@pytest.mark.usefixtures("real_migrations")
def test_one_process_may_make_several_at_once(database_address: str) -> None:
    """As a server does that many teams ask at once after an upgrade: each gets its own tables, all of them."""
    together = threading.Barrier(_DATABASES, timeout=_PATIENCE)

    def tables(number: int) -> set[str]:
        address, schema = f"{database_address}{number}", None
        if "://" in database_address:
            address, schema = database_address, f"team{number}"
        together.wait()
        with closing(open_store(address, schema)) as store:
            store.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
            with store.database.read() as connection:
                return set(inspect(connection).get_table_names(schema=schema))

    with ThreadPoolExecutor(_DATABASES) as pool:
        found = list(pool.map(tables, range(_DATABASES)))
    assert found == [{"alembic_version", *metadata.tables}] * _DATABASES


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    """The process ends without a word right after the write."""
    code = (
        "import os, sys\n"
        "from evals_mcp.store.files.files import FileChange\n"
        "from evals_mcp.store.store import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "store.files.upsert('flow', None, 'f', {'attributes': {}}, FileChange())\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "evals.db"
    result = subprocess.run([sys.executable, "-c", code, str(path)], env={"PYTHONPATH": str(SERVER)}, check=False)
    assert result.returncode == -9
    with closing(open_store(str(path))) as store:
        assert store.files.page().total == 1

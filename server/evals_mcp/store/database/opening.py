"""Open a workspace or the tables of teams: upgrade them, or refuse them unchanged. No queries of the API."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, MetaData, inspect, text

from evals_mcp.errors import Conflict, Unavailable
from evals_mcp.store.database.database import Database


class Migrations(NamedTuple):
    """A set of tables with common migrations: the package of the migrations and the table that stores the revision.

    `is_guest`: on SQLite they share a file with our other tables.
    """

    package: str
    version_table: str
    is_guest: bool = False

    @property
    def directory(self) -> Traversable:
        """The directory of the migrations."""
        return files(self.package) / "migrations"


WORKSPACE = Migrations("evals_mcp.store.database", "alembic_version")
"""The migrations of `tables`, for each workspace."""


def migrate(database: Database, migrations: Migrations = WORKSPACE) -> None:
    """Create or upgrade the tables of a workspace. Safe if several processes try at once.

    Raises Conflict for a database that a newer evals-mcp wrote or that holds other tables, and leaves it unchanged.
    Raises Unavailable if it cannot be read or written.
    """
    known = revisions(migrations)
    if database.file is not None:
        _ensure_folder(database.file)
        _look_only(database.file, known, migrations)
    with database.read() as connection:
        if current_revision(connection, database.schema, migrations) == known[-1]:
            return
    with database.write() as connection:
        current = current_revision(connection, database.schema, migrations)
        is_guest = migrations.is_guest and database.is_sqlite
        tables = [] if is_guest else inspect(connection).get_table_names(schema=database.schema)
        _refuse(current, known, holds_others=bool(tables))
        if database.schema:
            _enter_schema(connection, database.schema)
        if current != known[-1]:
            _upgrade(connection, database.schema, migrations)


def revisions(migrations: Migrations = WORKSPACE) -> list[str]:
    """The ids of the schema's revisions, oldest first."""
    names = (entry.name for entry in (migrations.directory / "versions").iterdir())
    return sorted(match[1] for name in names if (match := re.fullmatch(r"(\d{4})_\w+\.py", name)))


def current_revision(connection: Connection, schema: str | None, migrations: Migrations = WORKSPACE) -> str | None:
    """The revision of a database; None if it has none."""
    table = migrations.version_table
    if not inspect(connection).has_table(table, schema=schema):
        return None
    qualified = f'"{schema}".{table}' if schema else table
    return connection.execute(text(f"SELECT version_num FROM {qualified}")).scalar()  # noqa: S608 - checked names


def _look_only(path: Path, known: Sequence[str], migrations: Migrations) -> None:
    """Refuse a SQLite file that is not ours or is newer, over a connection that cannot change it."""
    if not path.is_file() or migrations.is_guest:
        return
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = []
            if migrations.version_table in tables:
                rows = connection.execute(f"SELECT version_num FROM {migrations.version_table}").fetchall()  # noqa: S608
    except sqlite3.Error:
        return  # The real opening will report what is wrong.
    _refuse(rows[0][0] if rows else None, known, holds_others=bool(tables))


def _refuse(current: str | None, known: Sequence[str], *, holds_others: bool) -> None:
    if current is not None and current not in known:
        raise Conflict(
            "A newer version of evals-mcp wrote this database. It was not changed. "
            "Upgrade evals-mcp or choose another database."
        )
    if current is None and holds_others:
        raise Conflict("This database belongs to another program. It was not changed. Choose another database.")


def _enter_schema(connection: Connection, schema: str) -> None:
    """Create the schema if it does not exist, and make it the current one until the transaction ends."""
    if not inspect(connection).has_schema(schema):
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    connection.execute(text(f'SET LOCAL search_path TO "{schema}"'))


def _upgrade(connection: Connection, schema: str | None, migrations: Migrations) -> None:
    # Import Alembic here, because most openings find nothing to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations.directory).replace("%", "%%"))
    config.attributes.update(connection=connection, schema=schema, version_table=migrations.version_table)
    command.upgrade(config, "head")


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
    except OSError:
        raise Unavailable("The folder of the database cannot be created. Choose another folder.") from None

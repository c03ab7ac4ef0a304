"""What an address stands for, as people write it: a file, or a workspace of a PostgreSQL database.

Here alone the address of a PostgreSQL database becomes a store for people. One that names no workspace is refused,
unless an earlier version has made tables in the schema `public`: that data goes on, and can be copied to a workspace.
"""

from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

from sqlalchemy import inspect, select

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.store.database.database import Database, create_database
from evals_mcp.store.database.opening import WORKSPACE, has_tables
from evals_mcp.store.journal.plain_entries import DEFAULT_DAYS
from evals_mcp.store.store import Store, open_store
from evals_mcp.store.teams.control import open_control
from evals_mcp.store.teams.control_tables import CONTROL_SCHEMA, workspaces
from evals_mcp.variables import split_workspace

_NONE_YET = "none yet"


class Place(NamedTuple):
    """What an address names: a workspace of a PostgreSQL database and its schema, or (both None) all that is there.

    `workspaces` are the names of all workspaces of the database.
    """

    workspace: str | None
    schema: str | None
    workspaces: Sequence[str]


def open_addressed(address: str, journal_days: int = DEFAULT_DAYS) -> Store:
    """Open what an address names. Closing it closes all connections. Raises as `find_place` and `open_store`."""
    place = find_place(address)
    if place.workspace is None:
        return open_store(address, journal_days=journal_days)
    control = open_control(address, journal_days=journal_days)
    try:
        return control.open(control.workspace(place.workspace))
    except BaseException:
        control.close()
        raise


def find_place(address: str) -> Place:
    """What an address names. Creates and changes nothing.

    Raises Invalid for an address of PostgreSQL that must name a workspace and does not, NotFound for a workspace that
    does not exist, and Unavailable if the database cannot be reached.
    """
    name = split_workspace(address)[1]
    with closing(create_database(address, CONTROL_SCHEMA)) as database:
        if database.is_sqlite:
            return Place(None, None, ())
        schemas = _schemas(database)
        names = list(schemas)
        if name is None and not has_tables(Database(database.engine), WORKSPACE):
            raise Invalid(
                "A PostgreSQL database has workspaces: name one. Set EVALS_MCP_WORKSPACE, or add ?workspace=NAME to "
                f"the address. {_listed(names)}"
            )
        if name is not None and name not in schemas:
            raise NotFound(f"Workspace `{name}` does not exist. {_listed(names)}")
        return Place(name, schemas.get(name or ""), names)


def workspace_names(address: str) -> list[str]:
    """The names of a database's workspaces, in order; none on SQLite. Changes nothing. Raises as `open_store`."""
    with closing(create_database(address, CONTROL_SCHEMA)) as database:
        return [] if database.is_sqlite else list(_schemas(database))


def _schemas(database: Database) -> dict[str, str]:
    """The schemas of all workspaces, by their names."""
    with database.read() as connection:
        if not inspect(connection).has_table(workspaces.name, CONTROL_SCHEMA):
            return {}
        found = select(workspaces.c.name, workspaces.c.schema).order_by(workspaces.c.name)
        return {row.name: row.schema for row in connection.execute(found)}


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names) or _NONE_YET
    return f"Workspaces: {listed}. To create one: `evals-mcp workspaces create NAME`."

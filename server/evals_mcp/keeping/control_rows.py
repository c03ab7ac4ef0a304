"""A workspace's rows in the tables of teams: read for a backup, and stored again by a restore."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, Table, inspect, select

from evals_mcp.errors import Unavailable
from evals_mcp.models.roles import Role
from evals_mcp.store.database.columns import Moment, microseconds, moment
from evals_mcp.store.teams.control_tables import CONTROL_SCHEMA, api_keys, metadata, workspaces

_IN_CONTROL = {"schema_translate_map": {None: CONTROL_SCHEMA}}
KEYS = "api_keys"
"""The table of keys. It has digests of random keys, of which nobody can make a key."""

_ROLES = frozenset(role.word for role in Role)
_FIRST, _LAST = microseconds(datetime.min.replace(tzinfo=UTC)), microseconds(datetime.max.replace(tzinfo=UTC))


def name_of(connection: Connection, schema: str) -> str | None:
    """The name of the workspace that has a schema; None if none has it any more."""
    wanted = select(workspaces.c.name).where(workspaces.c.schema == schema)
    name: str | None = connection.execute(wanted, execution_options=_IN_CONTROL).scalar()
    return name


def keys_there(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The keys among the rows of a backup that the database has: of a workspace that has another name now."""
    ids = set(connection.execute(select(api_keys.c.id), execution_options=_IN_CONTROL).scalars())
    return [row for row in rows.get(KEYS, []) if row.get("id") in ids]


def names_of_working(keys: Iterable[Mapping[str, Any]], now: datetime) -> list[str]:
    """The names of the keys, as rows with stored values, that are neither revoked nor expired."""
    moment_now = microseconds(now)
    return [
        str(key["name"])
        for key in keys
        if key.get("revoked_at") is None and (key.get("expires_at") is None or key["expires_at"] > moment_now)
    ]


def require_rows(rows: dict[str, list[dict[str, Any]]], workspace: str) -> None:
    """Raise Unavailable unless rows of a backup are those of one workspace, with values that their columns take."""
    known = {table.name: table for table, _ in _tables()}
    fitting = all(
        row.keys() >= {column.name for column in known[name].c if not (column.nullable or column.server_default)}
        and all(_fits(known[name].c[field], value) for field, value in row.items() if field in known[name].c)
        for name, found in rows.items()
        if name in known
        for row in found
    )
    ids = [row.get("id") for row in rows.get(KEYS, [])]
    if len(rows.get(workspaces.name, [])) != 1 or not fitting or len(set(ids)) < len(ids):
        raise Unavailable(f"The backup's manifest is damaged: it lacks what workspace `{workspace}` needs.")


def _fits(column: Column[Any], value: Any) -> bool:
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, Moment | Integer):
        return type(value) is int and _is_in_range(column, value)
    if isinstance(column.type, Boolean):
        return type(value) is bool
    return type(value) is str and _is_text(value) and (column is not api_keys.c.role or value in _ROLES)


def _is_in_range(column: Column[Any], value: int) -> bool:
    if isinstance(column.type, Moment):
        return _FIRST <= value <= _LAST
    bits = 64 if isinstance(column.type, BigInteger) else 32
    return value.bit_length() < bits


def _is_text(value: str) -> bool:
    """Whether PostgreSQL can hold a text: without NUL, and without halves of surrogate pairs."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)


def read_rows(connection: Connection, workspace: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a workspace by table, as JSON values."""
    found = {}
    for table, column in _tables():
        rows = connection.execute(select(table).where(column == workspace), execution_options=_IN_CONTROL).mappings()
        found[table.name] = [{name: _stored(table.c[name], value) for name, value in row.items()} for row in rows]
    return found


def store_rows(
    connection: Connection, rows: dict[str, list[dict[str, Any]]], workspace: str, schema: str, *, with_keys: bool
) -> None:
    """Store the rows of a workspace under this name and schema. Columns that are not known here are left out."""
    for table, column in _tables():
        if table.name == KEYS and not with_keys:
            continue
        for row in rows.get(table.name, []):
            known = {name: _loaded(table.c[name], value) for name, value in row.items() if name in table.c}
            known[column.name] = workspace
            if "schema" in table.c:
                known["schema"] = schema
            connection.execute(table.insert().values(**known), execution_options=_IN_CONTROL)


def free_schema(connection: Connection, name: str) -> str:
    """The name of a schema that no workspace has or had, because servers may still have theirs open."""
    schema = f"{CONTROL_SCHEMA}_{name}"
    known = (table.c.schema for table in metadata.sorted_tables if "schema" in table.c)
    used = (select(column).where(column == schema) for column in known)
    if inspect(connection).has_schema(schema) or any(
        connection.execute(statement, execution_options=_IN_CONTROL).first() for statement in used
    ):
        return f"{schema}_{secrets.token_hex(4)}"
    return schema


def _tables() -> Iterator[tuple[Table, Column[Any]]]:
    """The tables of teams, and the column that names the workspace; referenced tables come first."""
    for table in metadata.sorted_tables:
        column = table.c.get("name" if table.name == "workspaces" else "workspace")
        if column is not None:
            yield table, column


def _stored(column: Column[Any], value: Any) -> Any:
    return microseconds(value) if isinstance(column.type, Moment) and value is not None else value


def _loaded(column: Column[Any], value: Any) -> Any:
    return moment(value) if isinstance(column.type, Moment) and value is not None else value

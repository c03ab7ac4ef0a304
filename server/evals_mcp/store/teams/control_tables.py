"""The tables of teams: workspaces, those that were removed, and API keys. `tables` has the tables of a workspace.

On PostgreSQL they have their own schema, `CONTROL_SCHEMA`. On SQLite they are in the file of its one workspace,
`ONLY_WORKSPACE` of `variables`.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, MetaData, String, Table

from evals_mcp.store.database.columns import Moment
from evals_mcp.store.database.tables import metadata as workspace_metadata

CONTROL_SCHEMA = "evals_mcp"

metadata = MetaData(naming_convention=workspace_metadata.naming_convention)

workspaces = Table(
    "workspaces",
    metadata,
    Column("name", String, primary_key=True),
    Column("schema", String, unique=True),  # null: the SQLite file
    Column("created_at", Moment, nullable=False),
    Column("most_logs", BigInteger),  # null: no limit
    Column("most_bytes", BigInteger),
    Column("most_requests", Integer),  # a minute
)

removed_workspaces = Table(
    "removed_workspaces",
    metadata,
    Column("schema", String, primary_key=True),  # never used again: servers may still have it open
    Column("name", String, nullable=False),
    Column("removed_at", Moment, nullable=False),
    Column("left_schema", String),  # what its data is called until it is deleted
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String, primary_key=True),  # part of the key, not secret
    Column("workspace", ForeignKey("workspaces.name"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("read_only", Boolean, nullable=False),  # true for every key: servers before revision 0002 write nothing
    Column("digest", String, nullable=False, index=True),  # of the whole key, which we never store
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("role", String, nullable=False, server_default="write"),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    Column("created_by", String),  # the name of the person who made or rotated it; null: nobody knows
    Column("revoked_by", String),
    Column("replaces", String),  # the id of the key that was rotated
)

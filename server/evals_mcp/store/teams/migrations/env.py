"""Alembic runs this file to migrate a database."""

from evals_mcp.store.database.opening import run_migrations
from evals_mcp.store.teams.control_tables import metadata

run_migrations(metadata)

"""Runs Alembic on the connection that `evals_mcp.store.database.opening` provides."""

from alembic import context

from evals_mcp.store.teams.control_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
    version_table_schema=context.config.attributes["schema"],
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()

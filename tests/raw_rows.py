"""Everything that a database holds, to see whether it has changed."""

from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import metadata


def raw_rows(database: Database) -> dict[str, list[str]]:
    """The rows of each table as the driver gives them, which takes less than to read each column as its type."""
    schema = f'"{database.schema}".' if database.schema else ""
    with database.read() as connection:
        return {
            table.name: sorted(map(str, connection.exec_driver_sql(f'SELECT * FROM {schema}"{table.name}"')))
            for table in metadata.sorted_tables
        }

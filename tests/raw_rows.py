"""Everything that a database holds, to see whether it has changed."""

from contextlib import closing

from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import metadata

_MOVES_ON = {"revision", "updated_at", "last_used_at"}


def raw_rows(database: Database) -> dict[str, list[str]]:
    """The rows of each table as the driver gives them, which takes a tenth of reading each column as its type."""
    return _rows(database, {table.name: "*" for table in metadata.sorted_tables})


def undone_rows(database: Database) -> dict[str, list[str]]:
    """What an undo brings back: the rows of all tables but the journal, without the columns that only grow."""
    columns = {
        table.name: ", ".join(f'"{column.name}"' for column in table.columns if column.name not in _MOVES_ON)
        for table in metadata.sorted_tables
        if table.name not in ("journal", "journal_names")
    }
    return _rows(database, columns)


def _rows(database: Database, columns: dict[str, str]) -> dict[str, list[str]]:
    schema = f'"{database.schema}".' if database.schema else ""
    asked = {table: f'SELECT {named} FROM {schema}"{table}"' for table, named in columns.items()}
    found = {}
    with database.read() as connection, closing(connection.connection.cursor()) as cursor:
        if not database.is_sqlite:
            cursor.execute("; ".join(asked.values()))  # one journey
        for table, statement in asked.items():
            if database.is_sqlite:
                cursor.execute(statement)
            found[table] = sorted(map(str, cursor.fetchall()))
            if not database.is_sqlite:
                cursor.nextset()
    return found

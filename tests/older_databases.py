"""Databases of earlier revisions: a new one loses what later migrations have added."""

from sqlalchemy import Connection, text

_ADDED = {
    "0011": ["DROP TABLE journal_names"],
    "0010": [f"ALTER TABLE {table} DROP COLUMN created_by" for table in ("versions", "evaluations", "runs")],
}
"""What undoes a migration, without those that tests undo themselves because they are about them."""


def set_back(connection: Connection, revision: str) -> None:
    """Let a workspace have a revision; what migrations before 0009 brought must be gone already."""
    for later in sorted(_ADDED, reverse=True):
        for statement in _ADDED[later] if later > revision else ():
            connection.execute(text(statement))
    connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))

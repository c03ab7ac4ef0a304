"""On PostgreSQL, the large tables are analysed and vacuumed after a fiftieth of their rows, and not after a fifth.

Only the catalogue changes, so it takes as long for ten million rows as for none.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LARGE = ("logs", "run_logs", "judgments", "journal")
_SETTINGS = (
    "autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.02, "
    "autovacuum_vacuum_insert_scale_factor = 0.02"
)


def upgrade() -> None:
    """Set the parameters of the tables; SQLite has none."""
    if op.get_bind().dialect.name == "postgresql":
        for table in _LARGE:
            op.execute(f"ALTER TABLE {table} SET ({_SETTINGS})")

"""What an entry of the journal brought beside its subject: the rows of an import, and those of the server itself."""

import sqlalchemy as sa
from alembic import op

from evals_mcp.store.database.columns import RowNumber

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and its index."""
    op.create_table(
        "journal_rows",
        sa.Column("number", RowNumber, autoincrement=True, nullable=False),
        sa.Column("entry", RowNumber, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal_rows")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_rows_entry", "journal_rows", ["entry", "kind"])

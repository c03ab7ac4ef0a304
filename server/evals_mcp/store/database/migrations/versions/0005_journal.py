"""A journal of writes. What was written before has no entries."""

import sqlalchemy as sa
from alembic import op

from evals_mcp.store.database.columns import Moment, RowNumber

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "journal",
        sa.Column("number", RowNumber, autoincrement=True, nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("tool", sa.String(), nullable=True),
        sa.Column("route", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("request_digest", sa.String(), nullable=True),
        sa.Column("undone_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_subject", "journal", ["subject"])
    has_request = sa.text("request_id IS NOT NULL")
    op.create_index(
        "ix_journal_request",
        "journal",
        ["key_id", "request_id"],
        unique=True,
        sqlite_where=has_request,
        postgresql_where=has_request,
    )

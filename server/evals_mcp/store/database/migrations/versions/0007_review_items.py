"""The logs that were handed out for review."""

import sqlalchemy as sa
from alembic import op

from evals_mcp.store.database.columns import Moment, RowNumber

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and its index."""
    op.create_table(
        "review_items",
        sa.Column("evaluation_id", sa.String(), nullable=False),
        sa.Column("log_number", RowNumber, nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("sample_rank", sa.BigInteger(), nullable=True),
        sa.Column("handed_out_at", Moment(), nullable=False),
        sa.Column("leased_until", Moment(), nullable=False),
        sa.Column("skipped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_review_items_evaluation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["log_number"], ["logs.number"], name=op.f("fk_review_items_log_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "log_number", "reviewer", name=op.f("pk_review_items")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_review_items_log_number", "review_items", ["log_number"])

"""Limits of workspaces, and the workspaces that were removed."""

import sqlalchemy as sa
from alembic import op

from evals_mcp.store.database.columns import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, which limit nothing, and the table, in which there is nothing yet."""
    op.add_column("workspaces", sa.Column("most_logs", sa.BigInteger(), nullable=True))
    op.add_column("workspaces", sa.Column("most_bytes", sa.BigInteger(), nullable=True))
    op.add_column("workspaces", sa.Column("most_requests", sa.Integer(), nullable=True))
    op.create_table(
        "removed_workspaces",
        sa.Column("schema", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=False),
        sa.Column("left_schema", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("schema", name=op.f("pk_removed_workspaces")),
    )

"""What results of evaluation tools hold: cached tokens, judgments that pass or not, figures that a tool reported."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three columns. Nothing stored before has values for them."""
    op.add_column("logs", sa.Column("cached_tokens", sa.BigInteger(), nullable=True))
    op.add_column("judgments", sa.Column("passed", sa.Boolean(), nullable=True))
    op.add_column("runs", sa.Column("reported_figures", sa.JSON(none_as_null=True), nullable=True))

"""Who created versions, evaluations and runs."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Nobody knows who created what is there."""
    for table in ("versions", "evaluations", "runs"):
        op.add_column(table, sa.Column("created_by", sa.String(), nullable=True))

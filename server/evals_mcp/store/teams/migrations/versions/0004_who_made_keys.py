"""Who made and revoked a key, and which key it replaces. Of earlier keys nobody knows."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for name in ("created_by", "revoked_by", "replaces"):
        op.add_column("api_keys", sa.Column(name, sa.String(), nullable=True))

"""The first tables."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from evals_mcp.store.database.columns import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables. A SQLite file starts with its one workspace."""
    workspaces = op.create_table(
        "workspaces",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("schema", sa.String(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("schema", name=op.f("uq_workspaces_schema")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name=op.f("fk_api_keys_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_workspace"), "api_keys", ["workspace"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.bulk_insert(workspaces, [{"name": "default", "schema": None, "created_at": datetime.now(UTC)}])

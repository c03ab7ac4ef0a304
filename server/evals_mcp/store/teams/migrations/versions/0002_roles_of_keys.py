"""Keys have a role, an end and a last use. Existing keys keep what they may do: `read` if they only read, else `write`.

`read_only` stays for servers of the version before that still run, and is true for every key from now on. So they read,
and write nothing: they would write datapoints and judgments without what later revisions of a workspace keep of them.
"""

import sqlalchemy as sa
from alembic import op

from evals_mcp.store.database.columns import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and an index to find keys by."""
    op.add_column("api_keys", sa.Column("role", sa.String(), nullable=False, server_default="write"))
    op.add_column("api_keys", sa.Column("expires_at", Moment(), nullable=True))
    op.add_column("api_keys", sa.Column("last_used_at", Moment(), nullable=True))
    op.execute("UPDATE api_keys SET role = 'read' WHERE read_only")
    op.execute("UPDATE api_keys SET read_only = true")
    op.create_index(op.f("ix_api_keys_digest"), "api_keys", ["digest"], unique=False)

"""The scalar fields of datapoints in a table of their own, for filters and slices."""

import sqlalchemy as sa
from alembic import op

from evals_mcp.models.datapoint_fields import datapoint_fields
from evals_mcp.store.database.columns import CodePointText

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 1000
_datapoints = sa.table("datapoints", sa.column("id"), sa.column("dataset_id"), sa.column("content", sa.JSON()))


def upgrade() -> None:
    """Create the table, and fill it from the datapoints."""
    fields = op.create_table(
        "datapoint_fields",
        sa.Column("datapoint_id", sa.String(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("key", CodePointText, nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("value", CodePointText, nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["datapoint_id"], ["datapoints.id"], name=op.f("fk_datapoint_fields_datapoint_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("datapoint_id", "part", "key", name=op.f("pk_datapoint_fields")),
        sqlite_with_rowid=False,
    )
    connection, last = op.get_bind(), ""
    while found := connection.execute(_after(last)).all():
        rows = [
            {"datapoint_id": row.id, "dataset_id": row.dataset_id, **field._asdict()}
            for row in found
            for field in datapoint_fields(row.content)
        ]
        if rows:
            connection.execute(sa.insert(fields), rows)
        last = found[-1].id
    valued = ["dataset_id", "part", "key", "value", "datapoint_id"]
    op.create_index("ix_datapoint_fields_value", "datapoint_fields", valued)
    numbered, has_number = ["dataset_id", "part", "key", "number"], sa.text("number IS NOT NULL")
    op.create_index(
        "ix_datapoint_fields_number",
        "datapoint_fields",
        numbered,
        sqlite_where=has_number,
        postgresql_where=has_number,
    )


def _after(last: str) -> sa.Select[tuple[str, str, object]]:
    return sa.select(_datapoints).where(_datapoints.c.id > last).order_by(_datapoints.c.id).limit(_BATCH)

"""Evaluators that came with labels: runs do not wait for their judgments."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_attached = sa.table(
    "evaluation_evaluators",
    sa.column("evaluation_id"),
    sa.column("evaluator_id"),
    sa.column("for_review", sa.Boolean()),
)
_journal = sa.table(
    "journal", sa.column("kind"), sa.column("result", sa.JSON()), sa.column("before", sa.JSON()), sa.column("undone_at")
)


def upgrade() -> None:
    """Add the column, and set it for the evaluators that, as the journal says, labels attached."""
    column: sa.Column[bool] = sa.Column("for_review", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("evaluation_evaluators", column)
    connection = op.get_bind()
    of_labels = (_journal.c.kind == "label_logs", _journal.c.undone_at.is_(None))
    for entry in connection.execute(sa.select(_journal.c.result, _journal.c.before).where(*of_labels)).all():
        if _brought(entry.before):
            mine = {key: entry.result[key] for key in ("evaluation_id", "evaluator_id")}
            same = [_attached.c[key] == value for key, value in mine.items()]
            connection.execute(sa.update(_attached).where(*same).values(for_review=True))


def _brought(before: dict[str, Any] | None) -> bool:
    return before is not None and before["is_newly_attached"] and before["replaced"] is None

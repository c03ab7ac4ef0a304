"""Which evaluations and runs an entry of the journal names: it is found by them without a pass over all entries.

One pass over the journal fills it, a second for each 100,000 writes that are not the creation of a log.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from evals_mcp.store.database.columns import RowNumber

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000
_NAMING = ("id", "evaluation_id", "run_id", "run_ids", "created", "changed", "deleted")
_logs = sa.table("logs", sa.column("id"))
_journal = sa.table(
    "journal",
    sa.column("number", RowNumber),
    sa.column("kind"),
    sa.column("subject"),
    sa.column("result", sa.JSON()),
)
_names = sa.table("journal_names", sa.column("entry", RowNumber), sa.column("id"))


def upgrade() -> None:
    """Create the table, and fill it from the entries that are not about a log that is there."""
    op.create_table(
        "journal_names",
        sa.Column("entry", RowNumber, autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("entry", "id", name=op.f("pk_journal_names")),
    )
    op.create_index("ix_journal_names_id", "journal_names", ["id", "entry"])
    connection = op.get_bind()
    has_log = sa.exists().where(_logs.c.id == _journal.c.subject)
    wanted = sa.select(_journal.c.number, _journal.c.subject, _journal.c.result).where(
        sa.or_(_journal.c.kind.not_in(("create_log", "create_judgment")), ~has_log)
    )
    last = 0
    while rows := connection.execute(
        wanted.where(_journal.c.number > last).order_by(_journal.c.number).limit(_AT_ONCE)
    ).all():
        last = rows[-1].number
        found = [{"entry": row.number, "id": id} for row in rows for id in _named(row.result) if id != row.subject]
        if found:
            connection.execute(sa.insert(_names), found)


def _named(result: Mapping[str, Any]) -> list[str]:
    ids: set[str] = set()
    for value in (result[key] for key in _NAMING if key in result):
        ids.update(id for id in ([value] if isinstance(value, str) else value or ()) if not id.startswith("log_"))
    return sorted(ids)

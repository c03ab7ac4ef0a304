"""The tables of the journal: an entry for each write, and what else the entry brought. No queries."""

from sqlalchemy import JSON, Column, Index, String, Table, text

from evals_mcp.store.database.columns import Moment, RowNumber
from evals_mcp.store.database.metadata import metadata

journal = Table(
    "journal",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("tag", String, nullable=False),  # random, so that a handle of another database fits no entry
    Column("created_at", Moment, nullable=False),
    Column("key_id", String, nullable=False),  # of the API key; empty without keys
    Column("actor", String),
    Column("tool", String),
    Column("route", String),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),  # the id of what was written
    Column("result", JSON, nullable=False),
    Column("before", JSON(none_as_null=True)),  # null: nothing can bring it back
    Column("request_id", String),
    Column("request_digest", String),
    Column("undone_at", Moment),
    Index("ix_journal_subject", "subject"),
    Index("ix_journal_request", "key_id", "request_id", unique=True, sqlite_where=text("request_id IS NOT NULL")),
    sqlite_autoincrement=True,
)

journal_names = Table(
    "journal_names",
    metadata,
    Column("entry", RowNumber, primary_key=True, autoincrement=False),
    Column("id", String, primary_key=True),  # in the result of the entry, of a run, an evaluation or a like part
    Index("ix_journal_names_id", "id", "entry"),
)

journal_rows = Table(
    "journal_rows",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("entry", RowNumber, nullable=False),
    Column("kind", String, nullable=False),  # import: a batch; server: logs that the server wrote because of the entry
    Column("content", JSON, nullable=False),
    Index("ix_journal_rows_entry", "entry", "kind"),
    sqlite_autoincrement=True,
)

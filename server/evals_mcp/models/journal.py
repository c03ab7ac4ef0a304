"""The journal: every write with its time, its author and what it changed."""

from typing import Literal

from evals_mcp.models.model import JsonObject, Model, UtcDatetime

WriteKind = Literal[
    "create_log", "create_judgment", "update_log", "create_run", "update_run", "create_evaluation", "undo"
]


class JournalEntry(Model):
    """A write. `id` is the handle to undo it; `subject` is the id of what was written.

    `actor` is the name of the API key. `changed` names the fields that had another value before, `result` has the ids
    that the write answered. `undoable` says that the write has an inverse and was not undone; later writes may still
    prevent it.
    """

    id: str
    created_at: UtcDatetime
    actor: str | None = None
    tool: str | None = None
    route: str | None = None
    kind: WriteKind
    subject: str
    result: JsonObject
    changed: list[str]
    request_id: str | None = None
    undoable: bool
    undone_at: UtcDatetime | None = None

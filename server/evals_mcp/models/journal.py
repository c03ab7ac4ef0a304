"""The journal: every write with its time, its author and what it changed."""

from typing import Literal

from evals_mcp.models.model import Added, JsonObject, Model, UtcDatetime

WriteKind = Literal[
    "create_log",
    "create_judgment",
    "update_log",
    "create_run",
    "update_run",
    "create_evaluation",
    "log_outputs",
    "add_logs",
    "add_evaluators",
    "set_up",
    "label_logs",
    "mark_examples",
    "import",
    "undo",
]
"""The kinds of writes that say more than their request does."""


class JournalEntry(Model):
    """A write. `id` is the handle to undo it; `subject` is the id of what was written.

    `actor` is the name of the API key, else the one that the request gave. `kind` is a `WriteKind`, or for any other
    write the name of its operation. `changed` names the fields that had another value before, `result` has the ids that
    the write answered, and an undo takes back `rows_count` things. `undoable` says that the write has an inverse and
    was not undone; later writes may still prevent it. Only where that is asked for, `refusal` says why an undo would be
    refused now, and `undo_first` has the newest write that stands on this one. `evaluator` is the path of the evaluator
    of labels.
    """

    id: str
    created_at: UtcDatetime
    actor: str | None = None
    tool: str | None = None
    route: str | None = None
    kind: str
    subject: str
    result: JsonObject
    changed: list[str]
    rows_count: int
    request_id: str | None = None
    undoable: bool
    refusal: Added[str] = None
    undo_first: Added[str] = None
    evaluator: Added[str] = None
    undone_at: UtcDatetime | None = None


class JournalPage(Model):
    """A page of writes, newest first. Entries are kept for `kept_days`; the oldest that is there is of `since`.

    `total` counts up to 10,000 writes after the page. If there are more, `total_is_least` is true.
    """

    records: list[JournalEntry]
    page: int
    size: int
    total: int
    total_is_least: Added[bool] = None
    kept_days: int
    since: UtcDatetime | None = None

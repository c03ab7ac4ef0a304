"""Who writes, through what, and as which request: known to every transaction of the request."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True)
class Act:
    """A request that may write. The write adds its `entry`, whether it is `undoable`, and whether it `repeats` another.

    `digest` is of the whole request; it is None without a `request_id`. A write without an entry of its own gets one
    from the name of its `operation`, the `ids` in its path, and what was `noted`, unless it is `unjournaled`. It cannot
    repeat its answer, unless it is `repeatable`. An act that `labels_only` may judge in the name of its `actor`, and no
    more. `kind` is of the entry, and `rows` counts new logs and judgments, until the transaction has ended.
    Before it writes, it calls `require_room`, which may refuse it.
    """

    key_id: str = ""
    actor: str | None = None
    tool: str | None = None
    route: str | None = None
    request_id: str | None = None
    digest: str | None = None
    operation: str = "write"
    ids: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    unjournaled: bool = False
    labels_only: bool = False
    require_room: Callable[[], None] | None = None
    entry: str | None = None
    repeats: bool = False
    undoable: bool = True
    noted: dict[str, list[str]] = field(default_factory=dict)
    kind: str | None = None
    rows: dict[str, int] = field(default_factory=dict)

    def forget_written(self) -> None:
        """Forget the kind of an earlier transaction's entry and its rows."""
        self.kind, self.rows = None, {}


_now: ContextVar[Act | None] = ContextVar("act", default=None)


def current_act() -> Act | None:
    """The request that the transaction belongs to; None outside of a request that may write."""
    return _now.get()


def current_actor() -> str | None:
    """Who does what the transaction does: the name of the key, or of who is said to act; None if nobody is known."""
    act = _now.get()
    return None if act is None else act.actor


def begin_act(act: Act) -> None:
    """Let all later transactions of a block belong to a request."""
    _now.set(act)


@contextmanager
def without_act() -> Iterator[None]:
    """A block whose transactions belong to no request, until one begins in it."""
    token = _now.set(None)
    try:
        yield
    finally:
        _now.reset(token)


def note(done: Literal["created", "changed", "deleted"], *ids: str) -> None:
    """Note what the current request does to what, for its entry in the journal."""
    if (act := _now.get()) is not None:
        act.noted.setdefault(done, []).extend(ids)


def count_rows(noun: Literal["log", "judgment"], number: int) -> None:
    """Count new rows of the current request."""
    if number and (act := _now.get()) is not None:
        act.rows[noun] = act.rows.get(noun, 0) + number


def leave_no_entry() -> None:
    """Keep the current request out of the journal. Only for a write that changes no files, logs or evaluations."""
    if (act := _now.get()) is not None:
        act.unjournaled = True

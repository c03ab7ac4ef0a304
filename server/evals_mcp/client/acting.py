"""What a server's journal is told of the writes in a block: the tool that makes them, and the caller's request id."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Acting:
    """A tool at work. `writes` has the handles of its writes, oldest first; `repeats` if they were done before.

    Each write has an id of its own, made of the `request_id` and its number: the same call makes the same writes.
    """

    tool: str
    request_id: str | None = None
    writes: list[str] = field(default_factory=list)
    repeats: bool = False
    _sent: int = 0

    def headers(self) -> dict[str, str]:
        """The headers of the next write."""
        self._sent += 1
        key = {} if self.request_id is None else {"Idempotency-Key": f"{self.request_id}.{self._sent}"}
        return {"X-Evals-Tool": self.tool, **key}


_now: ContextVar[Acting | None] = ContextVar("acting", default=None)


@contextmanager
def acting(tool: str, request_id: str | None = None) -> Iterator[Acting]:
    """Name the tool, and the request, of all writes in a block."""
    found = Acting(tool, request_id)
    token = _now.set(found)
    try:
        yield found
    finally:
        _now.reset(token)


def current_acting() -> Acting | None:
    """The tool at work; None outside of a block."""
    return _now.get()

"""What a server's journal is told of the writes in a block: the tool that makes them, and the caller's request id."""

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import quote

_LONGEST_HEADER = 200


@dataclass(slots=True)
class Acting:
    """A tool at work, for somebody whose name is `actor`.

    `writes` has the handles of its writes, oldest first; `repeats` if they were done before. `limits` are those of the
    workspace's storage that are nearly reached: what, how much of it, and what is left. All that it loads is one
    import. Each write has an id of its own, made of the `request_id` and its number: the same call makes the same
    writes.
    """

    tool: str
    request_id: str | None = None
    actor: str | None = None
    writes: list[str] = field(default_factory=list)
    repeats: bool = False
    limits: Sequence[tuple[str, int, int]] = ()
    import_id: str = field(default_factory=lambda: secrets.token_hex(8))
    _sent: int = 0

    def headers(self) -> dict[str, str]:
        """The headers of the next write."""
        self._sent += 1
        key = {} if self.request_id is None else {"Idempotency-Key": f"{self.request_id}.{self._sent}"}
        return {**self.names(), **key}

    def note_write(self, handle: str) -> None:
        """Add the handle of a write. The batches of an import have one."""
        if handle not in self.writes:
            self.writes.append(handle)

    def names(self) -> dict[str, str]:
        """The headers that name the tool and the actor."""
        actor = _encoded_name(self.actor or "")
        return {"X-Evals-Tool": self.tool} | ({"X-Evals-Actor": actor} if actor else {})


_now: ContextVar[Acting | None] = ContextVar("acting", default=None)


@contextmanager
def acting(tool: str, request_id: str | None = None, actor: str | None = None) -> Iterator[Acting]:
    """Name the tool, the request, and the person or host, of all writes in a block."""
    found = Acting(tool, request_id, actor)
    token = _now.set(found)
    try:
        yield found
    finally:
        _now.reset(token)


@contextmanager
def apart() -> Iterator[None]:
    """Keep writes in a block, to a workspace of this process alone, apart from those of the tool at work."""
    token = _now.set(None)
    try:
        yield
    finally:
        _now.reset(token)


def current_acting() -> Acting | None:
    """The tool at work; None outside of a block."""
    return _now.get()


def read_limits(header: str) -> list[tuple[str, int, int]]:
    """What a server says is left of its limits of storage: logs or bytes, how many, and how many more."""
    return [(found[1], int(found[2]), int(found[3])) for found in _LIMIT.finditer(header)]


_LIMIT = re.compile(r'"(logs|bytes)";q=(\d{1,18});r=(\d{1,18})(?!\d)')


def _encoded_name(name: str) -> str:
    """The beginning of a name that fits into a header, percent-encoded, without invisible characters."""
    visible = "".join(character for character in name if character.isprintable()).strip()[:_LONGEST_HEADER]
    while len(encoded := quote(visible)) > _LONGEST_HEADER:
        visible = visible[:-1]
    return encoded

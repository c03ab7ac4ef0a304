"""What was refused of a request: noted where it is found, for whoever slows down and logs such requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Attempt:
    """A request's key or token, once it was refused: its kind, in words, and the id of the key if it has its form."""

    refused: str | None = None
    key_id: str | None = None


_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextmanager
def watched() -> Iterator[Attempt]:
    """A block, of one request, in which refusals are noted."""
    attempt = Attempt()
    token = _attempt.set(attempt)
    try:
        yield attempt
    finally:
        _attempt.reset(token)


def note_refusal(kind: str, key_id: str | None = None) -> None:
    """Note that a key or token was given and refused. `kind` is one of a few texts; a secret goes nowhere."""
    if (attempt := _attempt.get()) is not None:
        attempt.refused, attempt.key_id = kind, key_id

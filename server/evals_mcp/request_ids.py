"""The id of the request that a server answers: in its log, its answers and its errors, so that one leads to another."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_now: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """The id of the request that is answered; None where requests have none, as in process."""
    return _now.get()


@contextmanager
def answering(request_id: str) -> Iterator[None]:
    """A block, with the threads and tasks that it starts, which answers a request."""
    token = _now.set(request_id)
    try:
        yield
    finally:
        _now.reset(token)


def error_reference() -> str:
    """What an unexpected error is called in the answer and in the log: the id of its request, else a new one."""
    return current_request_id() or secrets.token_hex(4)


def internal_error(reference: str) -> str:
    """What a caller is told of an unexpected error."""
    return f"Internal error {reference}. See the server's log."

"""Log records of a server that does not fill its disk: one of a kind in a minute."""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator

_Kind = tuple[str, int, str, str]

ASKED_FOR = {"is_asked_for": True}
"""The `extra` of a record that always passes: it answers somebody, such as whoever sent a signal, or its own pauses
keep it rare."""


class Sparing(logging.Filter):
    """Lets one record of a kind pass in a minute, with how many of it did not before.

    A kind is its text's pattern, and the type and place of its error: each error is there once with its traceback.
    """

    def __init__(self, seconds: float = 60.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._last: dict[_Kind, float] = {}
        self._held = Counter[_Kind]()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record passes."""
        if getattr(record, "is_asked_for", False):
            return True
        kind = (record.name, record.levelno, str(record.msg).partition("\n")[0], _place(record))
        last = self._last.get(kind)
        if last is not None and record.created - last < self._seconds:
            self._held[kind] += 1
            return False
        if len(self._last) >= 1000:
            self._last.clear()
        self._last[kind] = record.created
        held = self._held.pop(kind, 0)
        if held:
            record.msg = f"{record.msg} ({held} more like this before)"
        return True


def _place(record: logging.LogRecord) -> str:
    """Where the error of a record was raised, and its type; nothing without one."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    place = record.exc_info[2]
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    line = "" if place is None else f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
    return f"{record.exc_info[0].__name__} {line}"


@contextlib.contextmanager
def sparing_logs() -> Iterator[None]:
    """Let one record of a kind be logged in a minute, while this process serves."""
    filters = [(handler, Sparing()) for handler in logging.getLogger().handlers]
    for handler, sparing in filters:
        handler.addFilter(sparing)
    try:
        yield
    finally:
        for handler, sparing in filters:
            handler.removeFilter(sparing)

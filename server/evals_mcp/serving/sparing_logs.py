"""Log records of a server that does not fill its disk: one of a kind in a minute."""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator


class Sparing(logging.Filter):
    """Lets one record of a kind pass in a minute, with how many of it did not before. A kind is its text's pattern."""

    def __init__(self, seconds: float = 60.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._last: dict[tuple[str, int, str], float] = {}
        self._held = Counter[tuple[str, int, str]]()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record passes."""
        kind = (record.name, record.levelno, str(record.msg).partition("\n")[0])
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

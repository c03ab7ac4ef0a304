"""When to retry a request, and after how long. Pure: nothing is sent here and nothing waits."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST_TRIES = 4
LONGEST_WAIT = 15.0
"""Seconds after the first try in which another try may start."""

PASSING = frozenset({429, 502, 503, 504})
"""The statuses of temporary failures."""

_FIRST_DELAY = 0.5


def backoff(tries: int) -> float:
    """Seconds to wait after `tries` tries: doubles with each try; half of it is random."""
    return _FIRST_DELAY * 2.0 ** (tries - 1) * random.uniform(0.5, 1.0)


def read_retry_after(value: str | None) -> float | None:
    """Seconds in a `Retry-After` header (seconds or a date); None if it is absent or unreadable."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())

"""ISO dates and times in texts, and how they compare: the same in Python and in SQL. Pure."""

import re
from datetime import date
from typing import NamedTuple

_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?"
_ZONE = r"Z|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?"
MOMENT = rf"(\d{{4}})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?:[T ]{_CLOCK}(?:{_ZONE})?)?".replace(r"\d", "[0-9]")
"""The pattern of a date, or of a date and a time, in Python and PostgreSQL. A time without a zone is in UTC.

Groups: year, month, day, hour, minute, second, digits after its point, sign, hours and minutes of the zone.
"""

DATE_LENGTH = len("2026-01-31")

_EPOCH = date(1970, 1, 1).toordinal()


class Bound(NamedTuple):
    """What moments are compared with: a whole `day` as they name it, or a moment in microseconds since 1970, UTC."""

    day: str | None
    microseconds: int


def read_bound(text: str) -> Bound | None:
    """The bound that a text is: a date, or a date and a time. None for another text."""
    microseconds = moment_in_text(text)
    return None if microseconds is None else Bound(text if len(text) == DATE_LENGTH else None, microseconds)


def moment_in_text(text: str | None) -> int | None:
    """The moment that a text is, in microseconds since 1970 in UTC. None for another text."""
    match = None if text is None else re.fullmatch(MOMENT, text)
    if match is None:
        return None
    year, month, day, hour, minute, second, digits, sign, *zone = match.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH
    except ValueError:
        return None
    hours, minutes = (int(part or 0) * (-1 if sign == "-" else 1) for part in zone)
    of_day = (int(hour or 0) - hours) * 3600 + (int(minute or 0) - minutes) * 60 + int(second or 0)
    return (days * 86_400 + of_day) * 1_000_000 + int(f"{digits or 0:0<6}"[:6])

"""Column types of all tables. No tables, no queries."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

RowNumber = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit integer that SQLite can assign itself (as rowid)."""

CodePointText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that every database compares and sorts by code points."""


class Moment(TypeDecorator[datetime]):
    """A point in time: an aware datetime in UTC, stored as whole microseconds since 1970-01-01."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Aware datetime to microseconds."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Microseconds to an aware datetime in UTC."""
        return None if value is None else moment(value)


def microseconds(value: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC of an aware datetime."""
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(value: int) -> datetime:
    """The aware datetime (UTC) of microseconds since 1970-01-01."""
    return datetime.fromtimestamp(value // 1_000_000, UTC).replace(microsecond=value % 1_000_000)

"""What a cell of a table says: nothing, a boolean, a number; and its column's name in one form."""

import math
import re
from typing import Any

_NOTHING = frozenset(("", "n/a", "na", "nan", "none", "null", "-"))
_TRUE = frozenset(("true", "yes", "pass", "passed", "correct", "wahr", "ja", "vrai", "oui", "s\u00ed", "verdadero"))
_FALSE = frozenset(("false", "no", "fail", "failed", "incorrect", "wrong", "falsch", "nein", "faux", "non", "falso"))


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing: absent, null, or a number that is none. A text holds something, also `None`."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def is_missing(value: Any) -> bool:
    """Whether a cell has no judgment or figure: empty, or a text such as N/A."""
    return is_empty(value) or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def as_boolean(value: Any) -> bool | None:
    """A cell as a boolean: true, yes, pass, correct, 1 and their opposites. None if it is none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in _TRUE or word in ("1", "1.0"):
        return True
    return False if word in _FALSE or word in ("0", "0.0") else None


def as_number(value: Any) -> float | int | None:
    """A cell as a finite number. None if it is none."""
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and str(value).strip().lstrip("+-").isdigit() else number


def column_key(column: str) -> str:
    """The name of a column in lower case, with underscores between its words."""
    return re.sub(r"[\s.-]+", "_", column.strip().lower())

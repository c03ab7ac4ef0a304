"""What a cell of a table says: nothing, a boolean, a number; and its column's name in one form."""

import math
import re
from functools import lru_cache
from typing import Any

_NOTHING = frozenset(("", "n/a", "na", "nan", "none", "null", "-"))
_TRUE = frozenset(
    (
        *("true", "yes", "y", "t", "pass", "passed", "correct", "right", "\u2713", "\u2714", "\u2705", "\u2611"),
        *("wahr", "ja", "richtig", "vrai", "oui", "s\u00ed", "verdadero", "\U0001f44d"),
    )
)
_FALSE = frozenset(
    (
        *("false", "no", "n", "f", "fail", "failed", "incorrect", "wrong", "\u2717", "\u2718", "\u2716", "\u274c"),
        *("falsch", "nein", "faux", "non", "falso", "\u274e", "\u2612", "\U0001f44e"),
    )
)
_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "t", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "n", "f", "0", "0.0", "no error", "no errors", "ok", "success"), False),
}
_VARIANT = "\ufe0f"  # asks for an emoji instead of a sign
_UNIT = re.compile(
    r"\s*[(\[]\s*(ms|msec|millis\w*|s|secs?|seconds?|us\$|\$|usd|%|tokens?|y(?:es)?\s*/\s*no?|t(?:rue)?\s*/\s*f(?:alse)?|"
    r"pass\s*/\s*fail|\d+\s*(?:[-\u2013/]|to|or)\s*\d+)\s*[)\]]\s*$",
    re.IGNORECASE,
)


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing: absent, null, or a number that is none. A text holds something, also `None`."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def is_missing(value: Any) -> bool:
    """Whether a cell has no judgment or figure: empty, or a text such as N/A."""
    return is_empty(value) or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def as_boolean(value: Any) -> bool | None:
    """A cell as a boolean: true, yes, Y, pass, correct, a tick, 1 and their opposites. None if it is none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    word = value.strip().removesuffix(_VARIANT).lower() if isinstance(value, str) else ""
    if word in _TRUE or word in ("1", "1.0"):
        return True
    return False if word in _FALSE or word in ("0", "0.0") else None


def as_number(value: Any) -> float | int | None:
    """A cell as a finite number. None if it is none."""
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError):
        return None
    if not math.isfinite(number):
        return None
    if isinstance(value, int | float):
        return value
    return int(number) if number.is_integer() and str(value).strip().lstrip("+-").isdigit() else number


def as_flag(value: Any) -> bool | None:
    """Whether a cell of errors is a bare mark that there was one, or that there was none. None if it tells which."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    return _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None


@lru_cache(10_000)
def column_key(column: str) -> str:
    """The name of a column in lower case, with underscores between its words, without its unit or scale.

    `latency_ms` for `latency ms`, `latency` for `Latency (ms)`, `correct` for `Correct?`, `user_name` for `userName`.
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", _UNIT.sub("", column.strip()))
    return re.sub(r"[\s_.-]+", "_", words.lower()).rstrip("?:*_")

"""Numbers, times and money as short words. No text of logs, no statistics.

Rounding never misleads: a rate just below 1 is ">99.9%", and there is no negative zero.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from evals_mcp.answers.frame.quoting import Quoted, harmless

_EXACT = 10  # decimals that can be trusted


def count(amount: int, noun: Quoted = "") -> Quoted:
    """`12,345`, or with a noun that takes an s in the plural `1 log`, `12,345 logs`."""
    if not noun:
        return harmless(f"{amount:,}")
    return f"{count(amount)} {noun}" if amount == 1 else f"{count(amount)} {noun}s"


def about(amount: int) -> Quoted:
    """A number rounded up to two digits: `790` for 783."""
    step = 10 ** max(0, len(str(amount)) - 2)
    return count(-(-amount // step) * step)


def clause(amount: int, noun: Quoted, predicate: Quoted) -> Quoted:
    """How many do something: `1 log has an error`, `2 logs have an error`. `predicate` begins with a plural verb."""
    verb, _, rest = predicate.partition(" ")
    return f"{count(amount, noun)} {_OF_ONE.get(verb, verb) if amount == 1 else verb} {rest}".rstrip()


_OF_ONE: Mapping[Quoted, Quoted] = {"have": "has", "are": "is", "were": "was"}


def listed(words: Sequence[Quoted], most: int) -> Quoted:
    """The first words, at most `most`, and how many more there are: `a, b and 3 more`."""
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {count(more)} more" if more > 0 else "")


def number(value: float, digits: int = 2) -> Quoted:
    """A single number in its shortest useful form: `5`, `0.33`, `0.0012`, `1234.5`, `infinity`, `not a number`.

    Has at least two decimals, or as many as show `digits` digits.
    """
    if isinstance(value, int):
        return harmless(str(value))
    if not math.isfinite(value):
        return _without_number(value)
    if not 1e-6 <= abs(value) < 1e15:
        return harmless(f"{value + 0.0:.3g}")
    places = max(2, digits - 1 - math.floor(math.log10(abs(value))))
    return harmless(f"{value:.{places}f}".rstrip("0").rstrip("."))


def exact_number(value: float) -> Quoted:
    """A number out of JSON: `5`, `0.1234567`, ten digits of a fraction."""
    if isinstance(value, int):
        return harmless(str(value))
    return harmless(f"{value:.10g}") if math.isfinite(value) else _without_number(value)


def fixed(value: float, places: int) -> Quoted:
    """A number with this many decimals: `1,234.50`, never `-0.00`.

    Ignores errors in the last bits of a sum: a half that is off by less than 1e-10 is rounded as a half.
    """
    if not math.isfinite(value):
        return _without_number(value)
    text = f"{round(value, _EXACT):,.{places}f}" if abs(value) < 1e15 else f"{value:.3g}"
    return harmless(text.removeprefix("-") if not text.strip("-0.") else text)


def byte_size(amount: int) -> Quoted:
    """A size in bytes: `812 bytes`, `12 kB`, `3.4 MB`."""
    if amount < 1_000:
        return count(amount, "byte")
    return f"{fixed(amount / 1e3, 0)} kB" if amount < 999_500 else f"{fixed(amount / 1e6, 1)} MB"


def mean(value: float) -> Quoted:
    """A mean to two decimals: `4.79`."""
    return fixed(value, 2)


def rate(value: float) -> Quoted:
    """A share as a percentage: `98%`, `97.5%`, and `>99.9%` or `<0.1%` close to all or nothing."""
    if not math.isfinite(value):
        return _without_number(value)
    if 0 < value < 0.0005:
        return "<0.1%"
    if 0.9995 <= value < 1:
        return ">99.9%"
    return fixed(value * 100, 1).removesuffix(".0") + "%"


def change(before: float, after: float) -> Quoted:
    """The difference of two means as they are shown, with its sign: `+0.07`, `-0.52`, `0.00`."""
    return _signed(fixed(round(round(after, _EXACT), 2) - round(round(before, _EXACT), 2), 2))


def rate_change(before: float, after: float) -> Quoted:
    """The difference of two rates as they are shown, in percentage points: `+2.5 points`, `-5 points`, `0 points`."""
    points = round(round(after * 100, _EXACT), 1) - round(round(before * 100, _EXACT), 1)
    return _signed(fixed(points, 1).removesuffix(".0")) + (" point" if abs(points) == 1 else " points")


def p_value(value: float) -> Quoted:
    """A p-value to two digits, at most four decimals: `p=0.31`, `p=0.012`, `p=0.0004`, `p<0.0001`."""
    if not math.isfinite(value):
        return f"p={_without_number(value)}"
    if value < 0.0001:
        return "p<0.0001"
    if 0.05 < value < 0.0505:
        return "p=0.051"  # rounded up, because 0.050 would look significant
    return harmless(f"p={value:.{2 if value >= 0.1 else 3 if value >= 0.01 else 4}f}")


def duration(seconds: float) -> Quoted:
    """A duration: `420 ms`, `4.2 s`, `3 min 05 s`, `2 h 03 min`."""
    if not math.isfinite(seconds):
        return _without_number(seconds)
    if abs(seconds) < 0.9995:
        return f"{fixed(seconds * 1000, 0)} ms"
    if abs(seconds) < 59.95:
        return f"{fixed(seconds, 1)} s"
    if abs(seconds) < 3599.5:
        return harmless("{} min {:02} s".format(*divmod(round(seconds), 60)))
    if abs(seconds) >= 1e9:
        return f"{number(seconds)} s"
    return harmless("{} h {:02} min".format(*divmod(round(seconds / 60), 60)))


def cost(dollars: float) -> Quoted:
    """An amount of US dollars, to the cent or two digits: `$12.30`, `$0.0012`, `$0`."""
    if not math.isfinite(dollars):
        return _without_number(dollars)
    if dollars == 0:
        return "$0"
    places = min(max(2, 1 - math.floor(math.log10(abs(dollars)))), 8)
    return f"${fixed(dollars, places)}"


def date(moment: datetime) -> Quoted:
    """A time in UTC to the minute: `2026-11-21 01:05Z`. A naive time counts as UTC."""
    return harmless((moment.astimezone(UTC) if moment.tzinfo else moment).strftime("%Y-%m-%d %H:%MZ"))


def _signed(text: Quoted) -> Quoted:
    return text if text[0] == "-" or not text.strip("0.") or text[0].isalpha() else f"+{text}"


def _without_number(value: float) -> Quoted:
    if math.isnan(value):
        return "not a number"
    return "infinity" if value > 0 else "-infinity"

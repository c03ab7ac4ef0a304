"""The figures of a comparison, rounded alike: the shown difference is the difference of the shown values."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.models.comparisons import ComparisonRow

_MORE_PLACES = 2
_LEAST_PLACES, _MOST_PLACES = 2, 10


class ComparedFigures(NamedTuple):
    """Baseline, candidate, their difference and its interval, in one unit and with the same decimals."""

    baseline: Quoted
    candidate: Quoted
    difference: Quoted
    interval: Quoted


class _Unit(NamedTuple):
    """What a number is multiplied by, its least decimals, and how its text is completed for a value or difference."""

    factor: float
    places: int
    value: Callable[[Quoted], Quoted]
    difference: Callable[[Quoted], Quoted]


def compared_figures(row: ComparisonRow) -> ComparedFigures | None:
    """The figures of a row; None for options and without pairs.

    A row gets up to two more decimals (whole numbers: one) if its rounded figures do not add up, or if an end of the
    interval would look like zero. If that does not help, as with thirds, the difference is that of the rounded figures;
    so it is of rates, which have a decimal at most in all answers, unless an end would look like zero.
    """
    if row.baseline is None or row.candidate is None or row.difference is None:
        return None
    unit = _unit(row, max(abs(row.baseline), abs(row.candidate)))
    more = range(unit.places, unit.places + (_MORE_PLACES if unit.places else 1) + 1)
    places = next((places for places in more if _adds_up(row, unit.factor, places)), unit.places)
    baseline, candidate = (figures.fixed(value * unit.factor, places) for value in (row.baseline, row.candidate))
    difference = unit.difference(_signed(_short(_minus(candidate, baseline, places), unit)))
    interval = ""
    if row.low is not None and row.high is not None:
        low, high = (_signed(_short(figures.fixed(end * unit.factor, places), unit)) for end in (row.low, row.high))
        interval = f"{unit.difference(low).removesuffix(' points')} to {unit.difference(high)}"
    return ComparedFigures(
        unit.value(_short(baseline, unit)), unit.value(_short(candidate, unit)), difference, interval
    )


def _adds_up(row: ComparisonRow, factor: float, places: int) -> bool:
    """Whether the rounded difference is that of the rounded values, and what is not zero does not look like it."""
    baseline, candidate, difference = (
        figures.fixed((value or 0.0) * factor, places) for value in (row.baseline, row.candidate, row.difference)
    )
    if factor != _PERCENT and _minus(candidate, baseline, places) != difference:
        return False
    ends = [value for value in (row.low, row.high) if value]
    return all(_is_shown(figures.fixed(value * factor, places)) for value in ends)


def _minus(candidate: Quoted, baseline: Quoted, places: int) -> Quoted:
    return figures.fixed(float(_decimal(candidate) - _decimal(baseline)), places)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _is_shown(text: str) -> bool:
    return any(character in "123456789" for character in text)


def _signed(text: Quoted) -> Quoted:
    return text if text.startswith("-") or not _is_shown(text) else f"+{text}"


def _short(text: Quoted, unit: _Unit) -> Quoted:
    """Without the zeros of a whole percentage."""
    return text.rstrip("0").rstrip(".") if unit.factor == _PERCENT and "." in text else text


_PERCENT = 100.0


def _unit(row: ComparisonRow, largest: float) -> _Unit:
    """The unit of a row whose larger value is this."""
    if row.kind == "boolean":
        return _Unit(_PERCENT, 1, _suffix("%"), _suffix(" points"))
    if row.measure == "latency":
        if largest < 0.9995:
            return _Unit(1000.0, 0, _suffix(" ms"), _suffix(" ms"))
        return _Unit(1.0, 2 if largest < 100 else 0, _suffix(" s"), _suffix(" s"))
    if row.measure == "cost":
        return _Unit(1.0, _digits(largest, 3), _dollars, _dollars)
    if row.measure == "tokens" and largest >= 10:
        return _Unit(1.0, 0, _suffix(""), _suffix(""))
    return _Unit(1.0, _digits(largest, 2), _suffix(""), _suffix(""))


def _digits(largest: float, digits: int) -> int:
    """Decimals that show so many digits of a number: at least two decimals."""
    if not largest:
        return _LEAST_PLACES
    return min(max(_LEAST_PLACES, digits - 1 - math.floor(math.log10(largest))), _MOST_PLACES)


def _suffix(unit: Quoted) -> Callable[[Quoted], Quoted]:
    return lambda text: text + unit


def _dollars(text: Quoted) -> Quoted:
    sign = text[0] if text[0] in "+-" else ""
    return f"{sign}${text.removeprefix(sign)}"

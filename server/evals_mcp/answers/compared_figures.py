"""The figures of a comparison, rounded alike: the shown difference is the difference of the shown values."""

import math
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.models.comparisons import ComparisonRow

_MORE_PLACES = 2
_LEAST_PLACES, _MOST_PLACES = 2, 10
_KEPT = 2_000
"""Rows whose figures are kept: an answer, its verdict and its document ask for those of the same row."""


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
    return _figures(row.kind, row.measure, row.baseline, row.candidate, row.difference, row.low, row.high)


@lru_cache(_KEPT)
def _figures(
    kind: str,
    measure: str | None,
    baseline: float,
    candidate: float,
    difference: float,
    low: float | None,
    high: float | None,
) -> ComparedFigures:
    unit = _unit(kind, measure, max(abs(baseline), abs(candidate)))
    ends = [] if low is None or high is None else [low, high]
    more = range(unit.places, unit.places + (_MORE_PLACES if unit.places else 1) + 1)
    fits = (places for places in more if _adds_up((baseline, candidate, difference), ends, unit.factor, places))
    places = next(fits, unit.places)
    before, after = (figures.fixed(value * unit.factor, places) for value in (baseline, candidate))
    change = unit.difference(_signed(_short(_minus(after, before, places), unit)))
    interval = ""
    if ends:
        lower, upper = (_signed(_short(figures.fixed(end * unit.factor, places), unit)) for end in ends)
        interval = f"{unit.difference(lower).removesuffix(' points')} to {unit.difference(upper)}"
    return ComparedFigures(unit.value(_short(before, unit)), unit.value(_short(after, unit)), change, interval)


def _adds_up(values: tuple[float, float, float], ends: list[float], factor: float, places: int) -> bool:
    """Whether the rounded difference is that of the rounded values, and what is not zero does not look like it."""
    baseline, candidate, difference = (figures.fixed(value * factor, places) for value in values)
    if factor != _PERCENT and _minus(candidate, baseline, places) != difference:
        return False
    return all(_is_shown(figures.fixed(value * factor, places)) for value in ends if value)


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


def _unit(kind: str, measure: str | None, largest: float) -> _Unit:
    """The unit of a row whose larger value is this."""
    if kind == "boolean":
        return _Unit(_PERCENT, 1, _suffix("%"), _suffix(" points"))
    if measure == "latency":
        if largest < 0.9995:
            return _Unit(1000.0, 0, _suffix(" ms"), _suffix(" ms"))
        return _Unit(1.0, 2 if largest < 100 else 0, _suffix(" s"), _suffix(" s"))
    if measure == "cost":
        return _Unit(1.0, _digits(largest, 3), _dollars, _dollars)
    if measure == "tokens" and largest >= 10:
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

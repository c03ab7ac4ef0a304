"""How the cells of a column write numbers: with a decimal comma, groups of thousands, percent signs, or as `8/10`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from evals_mcp.importers.tables.cells import as_number, is_missing

Notation = Literal["comma", "grouped"]
"""How a number is written: `1.200,5`, or `1,200.5`."""

_CELL = re.compile(r"(\D{0,3}\s*[+-]?)(\d[\d.,]*)(\s*[a-z\u00b5\u03bc$\u00a2%]*)", re.IGNORECASE)
_COMMA = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d+)?")
_GROUPED = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?")
_FRACTION = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/|out of)\s*([1-9]\d*)", re.IGNORECASE)
_MOST_CELLS = 0.8
_HALF = 0.5
_A_GROUP = 3
_ALIKE = "Write all cells of the column"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The notation of a column: `comma` for `1.200,5`, `grouped` for `1,200.5`, None if each cell must tell.

    `percents` if most cells have a percent sign: `50%` is 0.5 then. `fractions` if most are such as `8/10`, which is
    0.8. `unsure` if a cell may be two numbers: one such as `1,200`, and with `doubts_points` one such as `1.200`.
    """

    notation: Notation | None = None
    percents: bool = False
    fractions: bool = False
    unsure: bool = False
    doubts_points: bool = False

    def plain(self, cell: Any) -> Any:
        """A cell with a decimal point and without groups; as it is if it is no number, or may be two."""
        match = _CELL.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if match is None:
            return cell
        before, digits, after = match.groups()
        notations = [self.notation] if self.notation else _notations(digits)
        if len(notations) != 1 or notations[0] not in _notations(digits):
            return cell
        number = digits.replace(".", "").replace(",", ".") if notations[0] == "comma" else digits.replace(",", "")
        return before + number + after

    def read(self, cell: Any) -> float | int | None:
        """A cell as a number; None if it is none, may be two, or differs from most others in its form."""
        if (fraction := _fraction(cell)) is not None:
            return fraction if self.fractions else None
        if self.doubts_points and self.may_be_two(cell):
            return None
        plain = self.plain(cell)
        has_percent = isinstance(plain, str) and plain.rstrip().endswith("%")
        number = as_number(plain.strip().removesuffix("%") if has_percent else plain)
        if number and (self.fractions or has_percent != self.percents):
            return None
        return number / 100 if number and has_percent else number

    def advice(self, cell: Any) -> str:
        """What to change in a cell that is not read, if that can be told."""
        match = _CELL.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if _fraction(cell) is not None or (self.fractions and is_number(cell)):
            return f"{_ALIKE} as parts, such as 8/10, or none."
        if (match is not None and match[3].strip() == "%") != self.percents and as_number(_bare(cell)) is not None:
            return f"{_ALIKE} with a percent sign, or none."
        if self._may_be_two(match):
            digits = match[2] if match else ""
            if "," not in digits:
                whole = digits.replace(".", "")
                return f"It may be {whole} or {digits}: write it without the point, or with a decimal comma."
            return f"It may be {digits.replace(',', '')} or {digits.replace(',', '.')}: write it without the comma."
        return ""

    def may_be_two(self, cell: Any) -> bool:
        """Whether a cell may be two numbers in this column, such as `1,200`; also `1.200` if it doubts points."""
        return self._may_be_two(_CELL.fullmatch(cell.strip()) if isinstance(cell, str) else None)

    def _may_be_two(self, match: re.Match[str] | None) -> bool:
        if match is None or self.notation is not None or len(_notations(match[2])) < 2:
            return False
        return "," in match[2] or (self.doubts_points and "." in match[2])


class _Form(NamedTuple):
    """How a cell writes a number: its notations (none for a cell that is no number), unit, and signs."""

    notations: tuple[Notation, ...] = ()
    unit: str = ""
    has_comma: bool = False
    has_point: bool = False
    is_fraction: bool = False


@lru_cache(10_000)
def _form(text: str) -> _Form:
    match = _CELL.fullmatch(text)
    if match is None:
        return _Form(is_fraction=_FRACTION.fullmatch(text) is not None)
    return _Form(tuple(_notations(match[2])), match[3].strip().lower(), "," in match[2], "." in match[2])


class NumberTally:
    """Learns from cells, one by one, how a column writes numbers."""

    def __init__(self) -> None:
        self._texts = self._found = self._percents = self._fractions = self._milliseconds = 0
        self._sure: set[Notation] = set()
        self._has_commas = self._has_groups_of_points = self._is_unsure = False

    def add(self, cell: Any) -> None:
        """Learn from one cell."""
        if not isinstance(cell, str) or is_missing(cell):
            return
        self._texts += 1
        whole, _, parts = cell.partition(".")
        if whole.isdigit() and (parts.isdigit() or whole == cell):  # most cells, and the quickest to tell
            self._found += 1
            if parts and (len(parts) != _A_GROUP or len(whole) > _A_GROUP or whole[0] == "0"):
                self._sure.add("grouped")
            self._has_groups_of_points |= bool(parts)
            return
        form = _form(cell.strip())
        if form.notations:
            self._found += 1
            self._percents += form.unit == "%"
            self._milliseconds += form.unit == "ms"
            self._has_commas |= form.has_comma
            self._has_groups_of_points |= form.has_point and len(form.notations) > 1
            self._is_unsure |= form.has_comma and len(form.notations) > 1
            if len(form.notations) == 1:
                self._sure.add(form.notations[0])
        else:
            self._fractions += form.is_fraction

    @property
    def has_decimal_commas(self) -> bool:
        """Whether a cell surely has a decimal comma."""
        return "comma" in self._sure

    def numbers(self, *, decimal_commas: bool, whole: bool = False, others_have_commas: bool = False) -> Numbers:
        """How most cells write numbers. With `decimal_commas`, the file is likely to have them.

        With `others_have_commas`, other columns surely do, so that `1.200` may be 1200.
        `whole` if the column counts what has no parts worth a comma, such as milliseconds: `1,897` are 1897 then.
        """
        fractions = self._fractions > _HALF * self._texts
        if not self._found or self._found < _MOST_CELLS * self._texts:
            return Numbers(fractions=fractions, unsure=self._is_unsure)
        percents = self._percents > _HALF * self._found
        if len(self._sure) == 1:
            return Numbers(next(iter(self._sure)), percents)
        if not self._sure and (whole or self._milliseconds > _HALF * self._found):
            if self._has_commas:
                return Numbers("grouped", percents)
            if self._has_groups_of_points and decimal_commas:
                return Numbers("comma", percents)
        if decimal_commas and self._has_commas and not self._sure:
            return Numbers("comma", percents)
        doubts = others_have_commas and self._has_groups_of_points and not self._sure
        return Numbers(None, percents, unsure=self._is_unsure or doubts, doubts_points=doubts)


def numbers_in(cells: Iterable[Any], *, decimal_commas: bool) -> Numbers:
    """How most cells of a column write numbers. With `decimal_commas`, the file is likely to have them."""
    tally = NumberTally()
    for cell in cells:
        tally.add(cell)
    return tally.numbers(decimal_commas=decimal_commas)


def is_fraction(cell: Any) -> bool:
    """Whether a cell is a part of a whole, such as `8/10` and `4 out of 5`."""
    return _fraction(cell) is not None


def is_number(cell: Any) -> bool:
    """Whether a cell is a number in any notation, also one that may be two. A fraction is none."""
    match = _CELL.fullmatch(_bare(cell)) if isinstance(cell, str) else None
    if match is None or as_number(cell) is not None:
        return as_number(cell) is not None
    return match[1].strip() in ("", "+", "-") and not match[3] and bool(_notations(match[2]))


def _fraction(cell: Any) -> float | None:
    match = _FRACTION.fullmatch(cell.strip()) if isinstance(cell, str) else None
    return None if match is None else float(match[1]) / int(match[2])


def _bare(cell: Any) -> Any:
    """A cell without its percent sign."""
    return cell.strip().removesuffix("%").strip() if isinstance(cell, str) else cell


def _notations(digits: str) -> list[Notation]:
    """The notations in which digits with points and commas are a number: both for `3`, `1,200` and `1.200`."""
    found: list[Notation] = []
    if _COMMA.fullmatch(digits):
        found.append("comma")
    if _GROUPED.fullmatch(digits):
        found.append("grouped")
    return found

"""How the cells of a column write numbers: with a decimal comma, groups of thousands, or percent signs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evals_mcp.importers.tables.cells import as_number, is_missing

_CELL = re.compile(r"(\D{0,3}\s*[+-]?)(\d[\d.,]*)(\s*[a-z\u00b5\u03bc$\u00a2%]*)", re.IGNORECASE)
_COMMA = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d+)?")
_GROUPED = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?")
_MOST_CELLS = 0.8
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Numbers:
    """The notation of a column: `comma` for `1.200,5`, `grouped` for `1,200.5`, None if each cell must tell.

    `percents` if most cells have a percent sign. `50%` is 0.5 then.
    """

    notation: Literal["comma", "grouped"] | None = None
    percents: bool = False

    def plain(self, cell: Any) -> Any:
        """A cell with a decimal point and without groups; as it is if it is no number, or may be two."""
        match = _CELL.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if match is None:
            return cell
        before, digits, after = match.groups()
        notations = [self.notation] if self.notation else _notations(digits)
        if len(notations) > 1 and "," not in digits:
            return cell
        if len(notations) != 1 or notations[0] not in _notations(digits):
            return cell
        number = digits.replace(".", "").replace(",", ".") if notations[0] == "comma" else digits.replace(",", "")
        return before + number + after

    def read(self, cell: Any) -> float | int | None:
        """A cell as a number; None if it is none, may be two, or differs from most others in its percent sign."""
        plain = self.plain(cell)
        has_percent = isinstance(plain, str) and plain.rstrip().endswith("%")
        number = as_number(plain.strip().removesuffix("%") if has_percent else plain)
        if number and has_percent != self.percents:
            return None
        return number / 100 if number and has_percent else number

    def advice(self, cell: Any) -> str:
        """What to change in a cell that is not read, if that can be told."""
        match = _CELL.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if (match is not None and match[3].strip() == "%") != self.percents and as_number(_bare(cell)) is not None:
            return "Write all cells of the column with a percent sign, or none."
        if match is not None and len(_notations(match[2])) > 1:
            return f"It may be {match[2].replace(',', '')} or {match[2].replace(',', '.')}: write it without the comma."
        return ""


def numbers_in(cells: Sequence[Any], *, decimal_commas: bool) -> Numbers:
    """How most cells of a column write numbers. With `decimal_commas`, the file is likely to have them."""
    texts = [cell.strip() for cell in cells if isinstance(cell, str) and not is_missing(cell)]
    found = [match for text in texts if (match := _CELL.fullmatch(text)) and _notations(match[2])]
    if not found or len(found) < _MOST_CELLS * len(texts):
        return Numbers()
    percents = sum(match[3].strip() == "%" for match in found) > _HALF * len(found)
    sure = {notations[0] for match in found if len(notations := _notations(match[2])) == 1}
    if len(sure) == 1:
        return Numbers(sure.pop(), percents)
    has_commas = any("," in match[2] for match in found)
    return Numbers("comma" if decimal_commas and has_commas and not sure else None, percents)


def is_number(cell: Any) -> bool:
    """Whether a cell is a number in any notation, also one that may be two."""
    match = _CELL.fullmatch(_bare(cell)) if isinstance(cell, str) else None
    if match is None or as_number(cell) is not None:
        return as_number(cell) is not None
    return match[1].strip() in ("", "+", "-") and not match[3] and bool(_notations(match[2]))


def _bare(cell: Any) -> Any:
    """A cell without its percent sign."""
    return cell.strip().removesuffix("%").strip() if isinstance(cell, str) else cell


def _notations(digits: str) -> list[Literal["comma", "grouped"]]:
    """The notations in which digits with points and commas are a number: both for `3`, `1,200` and `1.200`."""
    found: list[Literal["comma", "grouped"]] = []
    if _COMMA.fullmatch(digits):
        found.append("comma")
    if _GROUPED.fullmatch(digits):
        found.append("grouped")
    return found

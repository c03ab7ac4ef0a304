"""Cells that do not fit what their column holds, and rows without their last cells, counted for the report."""

from dataclasses import dataclass
from typing import Any

from evals_mcp.importers.results import as_text

_LONGEST = 50


@dataclass(slots=True)
class _Unread:
    first: str
    advice: str = ""
    count: int = 0


class UnreadCells:
    """Counts the cells of each column that are not what the column holds, such as no number, with the first one."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: dict[tuple[str, str], _Unread] = {}
        self._short = _Unread("")
        self._summaries = _Unread("")
        self._notes: list[str] = []

    def add(self, column: str, wanted: str, cell: Any, at: str, advice: str = "") -> None:
        """Note a cell at a position, what it should be, and what to change in it."""
        text = as_text(cell)
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\N{HORIZONTAL ELLIPSIS}"
        self._found.setdefault((column, wanted), _Unread(f"{shown!r} ({at})", advice)).count += 1

    def add_short(self, at: str) -> None:
        """Note a row with fewer cells than the header."""
        self._short.first = self._short.first or at
        self._short.count += 1

    def add_note(self, text: str) -> None:
        """Note something else about the file."""
        self._notes.append(f"{self._file}: {text}")

    def add_summary(self, label: Any, at: str) -> None:
        """Note a row that sums up others, and is left out."""
        self._summaries.first = self._summaries.first or f"{as_text(label)[:_LONGEST]!r} ({at})"
        self._summaries.count += 1

    def notes(self) -> list[str]:
        """A sentence for each column."""
        count, first = self._short.count, self._short.first
        rows = "1 row has" if count == 1 else f"{count:,} rows have"
        at = first if count == 1 else f"first {first}"
        short = [f"{self._file}: {rows} fewer cells than the header: {at}."] if count else []
        if sums := self._summaries.count:
            left_out = "1 row sums up others and is" if sums == 1 else f"{sums:,} rows sum up others and are"
            first = self._summaries.first if sums == 1 else f"first {self._summaries.first}"
            short.append(f"{self._file}: {left_out} left out: {first}.")
        return [*self._notes, *short] + [
            self._note(column, wanted, found) for (column, wanted), found in self._found.items()
        ]

    def _note(self, column: str, wanted: str, found: _Unread) -> str:
        cells = f"1 cell of {column} is" if found.count == 1 else f"{found.count:,} cells of {column} are"
        first = found.first if found.count == 1 else f"first {found.first}"
        return f"{self._file}: {cells} no {wanted}: {first}. {found.advice}".rstrip()

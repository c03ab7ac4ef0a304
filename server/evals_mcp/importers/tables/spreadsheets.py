"""The rows of an Excel sheet, with the cells that it merges filled."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from evals_mcp.errors import Invalid
from evals_mcp.importers.archives import require_sane

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell[^>]* ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_UNSAVED = re.compile(
    rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)'
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_LONGEST_FORMULA = 20_000
_CHUNK, _OVERLAP = 1_000_000, 200
_MOST_MERGED, _MOST_COLUMNS = 100_000, 1_000

Cells = list[Any]


class Merged(NamedTuple):
    """A range of merged cells, from 1, with its ends."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


def sheet_names(path: Path) -> list[str]:
    """The names of the sheets. Raises Invalid."""
    with _workbook(path) as book:
        return [sheet.title for sheet in book.worksheets]


def read_sheet(path: Path, name: str | None) -> Iterator[tuple[int, Cells]]:
    """The header and the rows of a sheet that hold anything, with their numbers; of the first sheet without a name.

    A title that is merged above the header is left out. A header of two rows, the upper one merged, becomes one:
    `gpt answer`. Raises Invalid.
    """
    with _workbook(path) as book:
        titles = [sheet.title for sheet in book.worksheets]
        if name is not None and name not in titles:
            raise Invalid(f"{path.name} has no sheet {name!r}. Its sheets: {', '.join(map(repr, titles))}.")
        sheet = book.worksheets[0 if name is None else titles.index(name)]
        merged = _merged(path, sheet)
        sheet.reset_dimensions()  # some programs write wrong ones, and openpyxl would believe them
        yield from _with_header(_filled(sheet.iter_rows(values_only=True), merged), merged)


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    try:
        from openpyxl import load_workbook
    except ModuleNotFoundError:
        raise Invalid("Excel files need a reader that is not installed: pip install openpyxl") from None
    try:
        with ZipFile(path) as archive:
            for member in archive.infolist():
                require_sane(path.name, member)
        book = load_workbook(path, read_only=True, data_only=True)
    except Invalid:
        raise
    except Exception as error:  # openpyxl raises errors of zip files, XML and its own
        raise Invalid(f"{path.name} is not an Excel file: {error}.") from None
    try:
        yield book
    except (BadZipFile, SyntaxError) as error:  # of a sheet that breaks off
        raise Invalid(f"{path.name} is not a whole Excel file: {error}.") from None
    finally:
        book.close()


def _merged(path: Path, sheet: Any) -> list[Merged]:
    """The merged cells of a sheet, which openpyxl does not tell while it streams."""
    from openpyxl.utils import range_boundaries

    found: dict[bytes, None] = {}
    with ZipFile(path) as archive, archive.open(sheet._worksheet_path.lstrip("/")) as file:
        rest = b""
        while (chunk := file.read(_CHUNK)) and len(found) < _MOST_MERGED:
            found.update(dict.fromkeys(_MERGED.findall(rest + chunk)))
            rest = chunk[-_OVERLAP:]
    bounds = [range_boundaries(reference.decode()) for reference in found]
    return sorted(Merged(top, bottom, left, right) for left, top, right, bottom in bounds)


def unsaved_formulas(path: Path, name: str | None) -> str:
    """A sentence about formulas of a sheet (the first one without a name) that have no saved value; "" without any."""
    with _workbook(path) as book:
        titles = [sheet.title for sheet in book.worksheets]
        member = book.worksheets[0 if name is None else titles.index(name)]._worksheet_path.lstrip("/")
    found: dict[bytes, None] = {}
    with ZipFile(path) as archive, archive.open(member) as file:
        rest = b""
        while chunk := file.read(_CHUNK):
            found.update(dict.fromkeys(_UNSAVED.findall(rest + chunk)))
            rest = chunk[-_LONGEST_FORMULA:]
    if not found:
        return ""
    amount = (
        "1 formula has no saved value and is"
        if len(found) == 1
        else f"{len(found):,} formulas have no saved value and are"
    )
    first = next(iter(found)).decode()
    return f"{amount} empty: first {first}. Open the file in a spreadsheet program, save it, and import it again."


def _filled(rows: Iterable[Sequence[Any]], merged: Sequence[Merged]) -> Iterator[tuple[int, Cells]]:
    """The rows with the value of each merged range in all of its cells."""
    waiting = list(reversed(merged))
    active: list[tuple[Merged, Any]] = []
    for number, given in enumerate(rows, 1):
        cells = list(given)
        while waiting and waiting[-1].first_row <= number:
            range = waiting.pop()
            active.append((range, cells[range.first_column - 1] if range.first_column <= len(cells) else None))
        for range, value in active:
            last = min(range.last_column, _MOST_COLUMNS)
            cells += [None] * (last - len(cells))
            cells[range.first_column - 1 : last] = [value] * (last - range.first_column + 1)
        active = [(range, value) for range, value in active if range.last_row > number]
        yield number, cells


def _with_header(rows: Iterator[tuple[int, Cells]], merged: Sequence[Merged]) -> Iterator[tuple[int, Cells]]:
    upper: Cells | None = None
    header: Cells | None = None
    for number, cells in rows:
        filled = [cell for cell in cells if cell is not None]
        if not filled:
            continue
        wide = [range for range in merged if range.first_row == number and range.last_column > range.first_column]
        if header is None and wide and len(set(filled)) == 1:
            continue
        if header is None and upper is None and wide:
            upper = cells
            continue
        if header is None:
            header = cells = [_joined(*pair) for pair in zip_longest(upper, cells)] if upper else cells
        yield number, cells


def _joined(upper: Any, lower: Any) -> Any:
    names = [str(name) for name in dict.fromkeys((upper, lower)) if name is not None]
    return " ".join(names) or None

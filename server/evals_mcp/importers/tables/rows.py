"""Rows of CSV, TSV, JSONL, JSON, Parquet and Excel files, one by one, each with where it stands."""

import csv
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import NoResults
from evals_mcp.importers.tables.judgment_objects import NESTED, with_judgments
from evals_mcp.importers.tables.spreadsheets import read_sheet
from evals_mcp.importers.tables.typed_cells import plain_cells, without_bytes
from evals_mcp.importers.text_files import LONGEST_LINE, decoded, encoding_of, lines_of, read_head, read_json

TABLES = {".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx"}
"""The endings of files that can hold a table."""

DELIMITED = {".csv", ".tsv", ".txt"}
"""The endings of those whose cells are delimited."""

LISTS_AS_TEXT = {*DELIMITED, ".xlsx", ".parquet"}
"""The endings of those whose lists and objects are text, of Parquet in what `evals-mcp export` writes."""

_SAMPLE = 65_536
_END = "\x00end of the file\x00"  # a line of its own, unless the file ends in a quoted cell
_DELIMITERS = ",;\t|"
_NAMED = re.compile(rf"sep=([{_DELIMITERS}])[\r\n]")  # the first line, for Excel
_LISTS = ("results", "rows", "data", "samples", "examples", "items", "records", "events")


class Row(NamedTuple):
    """One row: its cells by column, its position, such as `line 3`, and whether it has fewer cells than the header.

    `unread` has cells that are no text, as they can be shown. `notes` are about the file.
    """

    at: str
    cells: Mapping[str, Any]
    is_short: bool = False
    unread: Mapping[str, str] = MappingProxyType({})
    notes: Sequence[str] = ()


def read_rows(path: Path, sheet: str | None = None) -> Iterator[Row]:
    """The rows of a table; of a spreadsheet, those of a sheet, else of the first one. Empty rows are left out.

    Cells of CSV files are text; others have types.

    Raises Invalid with the position for a file that is no such table, and for one whose reader is not installed.
    """
    if path.stat().st_size == 0:
        raise NoResults(f"{path.name} is empty.")
    match path.suffix.lower():
        case ".jsonl" | ".ndjson":
            return _json_lines(path)
        case ".json":
            return _json_list(path)
        case ".parquet":
            return _parquet(path)
        case ".xlsx":
            return _excel(path, sheet)
        case _:
            return _delimited(path)


def judged_rows(path: Path, sheet: str | None = None) -> Iterator[Row]:
    """The rows of a table (see `read_rows`), where judgments that are objects have a cell for each part."""
    rows = read_rows(path, sheet)
    if path.suffix.lower() not in (".json", ".jsonl", ".ndjson", ".parquet"):
        return rows
    return map(_with_judgments, rows)


def _with_judgments(row: Row) -> Row:
    cells = with_judgments(row.cells)
    return row if cells is row.cells else row._replace(cells=cells)


def may_have_decimal_commas(path: Path) -> bool:
    """Whether a file is delimited by something else than a comma."""
    if path.suffix.lower() not in DELIMITED:
        return False
    with path.open(encoding=encoding_of(path), errors="replace", newline="") as file:
        return _delimiter(file.read(_SAMPLE), path) != ","


def cells_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a delimited file that hold anything, each with its first line, from 1. Raises Invalid."""
    csv.field_size_limit(min(sys.maxsize, LONGEST_LINE))
    with path.open(encoding=encoding_of(path), errors="replace", newline="") as file:
        delimiter = _delimiter(file.read(_SAMPLE), path)
    lines = chain((line for _, line in lines_of(path, newline="")), [_END])
    reader = csv.reader(lines, delimiter=delimiter, strict=False)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except csv.Error as error:
            raise Invalid(f"{path.name}, line {line} is not valid CSV: {error}.") from None
        if cells == [_END]:
            return
        if cells and cells[-1].endswith(_END):
            inside = sum(1 for _ in io.StringIO(cells[-1].removesuffix(_END), newline=""))
            opened = reader.line_num - max(inside, 1)
            raise Invalid(f"{path.name} breaks off in the quoted cell that line {opened} opens. Its quote has no end.")
        if any(cells) and not (line == 1 and cells == ["sep=", ""]):
            yield line, cells


def _delimited(path: Path) -> Iterator[Row]:
    rows = cells_of(path)
    for _, cells in islice(rows, 1):
        header = _columns(cells, path)
    for line, cells in rows:
        named = _with_names(header, cells, f"{path.name}, line {line}")
        yield Row(f"line {line}", named, is_short=len(cells) < len(header))


def can_be_table(path: Path) -> bool:
    """Whether a file's ending is that of a table; of a `.txt`, also whether its first lines have as many cells."""
    if path.suffix.lower() != ".txt":
        return path.suffix.lower() in TABLES
    head = read_head(path)
    if b"\x00" in head:
        return False
    sample = head.decode(encoding_of(path), errors="replace")
    return any(_steadiness(sample, delimiter)[0] == 1 for delimiter in _DELIMITERS)


def _delimiter(sample: str, path: Path) -> str:
    """The delimiter that splits the first lines into the same number of cells, most cells first.

    A first line `sep=;` names it.
    """
    if named := _NAMED.match(sample):
        return named[1]
    if path.suffix.lower() == ".tsv":
        return "\t"
    return max(_DELIMITERS, key=lambda delimiter: _steadiness(sample, delimiter))


def _steadiness(sample: str, delimiter: str) -> tuple[float, int]:
    """How many of the first 20 rows have as many cells as the first one, and how many cells that has."""
    widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row][:20]
    found = widths[:-1] or widths or [0]
    return found.count(found[0]) / len(found) if found[0] > 1 else 0.0, found[0]


def _columns(cells: list[str], path: Path) -> list[str]:
    names = [cell.strip() or f"column {index}" for index, cell in enumerate(cells, 1)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise Invalid(f"{path.name} has several columns called {', '.join(map(repr, repeated))}. Rename them.")
    return names


def _with_names(header: list[str], cells: list[str], at: str) -> dict[str, Any]:
    if len(cells) > len(header) and any(cells[len(header) :]):
        raise Invalid(f"{at} has {len(cells)} cells, and the header {len(header)}.")
    return {name: cell for name, cell in zip(header, cells, strict=False) if cell != ""}


def _json_lines(path: Path) -> Iterator[Row]:
    for number, line in lines_of(path):
        if not line.strip():
            continue
        at = f"line {number}"
        try:
            yield _object(decoded(line), path, at)
        except ValueError:
            raise Invalid(f"{path.name}, {at} is not JSON.") from None
        except RecursionError:
            raise Invalid(f"{path.name}, {at} is nested too deep.") from None


def _json_list(path: Path) -> Iterator[Row]:
    content, notes = read_json(path), []
    if isinstance(content, dict):
        own = next((name for name in _LISTS if isinstance(content.get(name), list)), None)
        others = [name for name, value in content.items() if name != own and _is_rows(value)]
        if own is not None and others:
            notes.append(f"only the rows in {own!r} are read, not those in {', '.join(map(repr, others))}.")
        content = _by_column(content) if own is None or _is_split(content) else content[own]
    if not isinstance(content, list):
        raise NoResults(f"{path.name} holds no list of rows.")
    for number, item in enumerate(content, 1):
        row = _object(item, path, f"row {number}")
        yield row._replace(notes=notes) if number == 1 and notes else row


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _is_split(content: Mapping[str, Any]) -> bool:
    """Whether a table has its header and its cells apart."""
    header, rows = content.get("columns"), content.get("data")
    if not isinstance(header, list) or not isinstance(rows, list):
        return False
    return all(isinstance(row, list) and len(row) == len(header) for row in rows)


def _by_column(content: Mapping[str, Any]) -> Any:
    """Rows of a table as pandas stores it: columns that are lists of one length, or values by index; or rows by index.

    Or the names of the columns apart from lists of cells.
    """
    if _is_split(content):
        return [dict(zip(map(str, content["columns"]), cells, strict=True)) for cells in content["data"]]
    inner = [row for row in content.values() if isinstance(row, dict)]
    if inner and len(inner) == len(content) and all(name.isdigit() for name in content):
        return None if any(name.isdigit() for row in inner for name in row) else inner
    columns = {name: list(column.values()) if isinstance(column, dict) else column for name, column in content.items()}
    lengths = {len(column) if isinstance(column, list) else -1 for column in columns.values()}
    if len(lengths) != 1 or lengths == {-1}:
        return None
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _object(value: Any, path: Path, at: str) -> Row:
    if isinstance(value, list):
        raise Invalid(f"{path.name}, {at} is not a JSON object, but a list, so its columns have no names.")
    if not isinstance(value, dict):
        raise Invalid(f"{path.name}, {at} is not a JSON object.")
    return Row(at, plain_cells(_flat(value)))


def _flat(value: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of an object. Scores and metadata of their own object get a cell each, such as `scores.f1`."""
    cells: dict[str, Any] = {}
    for name, cell in value.items():
        if isinstance(cell, dict) and name.lower() in NESTED:
            cells |= {f"{name}.{inner}": item for inner, item in cell.items()}
        else:
            cells[name] = cell
    return cells


def _parquet(path: Path) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError:
        raise Invalid("Parquet files need a reader that is not installed: pip install pyarrow") from None
    try:
        with parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=1_000):
                for cells in batch.to_pylist():
                    number += 1
                    filled = {name: cell for name, cell in cells.items() if cell is not None}
                    read, unread = without_bytes(filled)
                    yield Row(f"row {number}", read, unread=unread)
    except ArrowException as error:
        raise Invalid(f"{path.name} is not a Parquet file: {error}.") from None


def _excel(path: Path, sheet: str | None) -> Iterator[Row]:
    rows = read_sheet(path, sheet)
    for _, cells in islice(rows, 1):
        header = _columns(["" if cell is None else str(cell) for cell in cells], path)
    for number, cells in rows:
        named = zip(header, cells, strict=False)
        yield Row(f"row {number}", {name: _plain(cell) for name, cell in named if cell is not None})


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, str | int | float | bool) else str(cell)

"""Write the logs of an evaluation as a table: CSV, JSON lines or Parquet. Rows wait in a file, never in memory."""

import csv
import json
import os
import shutil
import tempfile
from array import array
from collections.abc import Callable, Container, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Literal, TextIO

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Invalid
from evals_mcp.exporters.evaluation_reading import EvaluationReading, Progress
from evals_mcp.exporters.new_files import write_new_file
from evals_mcp.exporters.table_rows import ColumnOrder, Labels, read_row
from evals_mcp.importers.results import as_text
from evals_mcp.models.model import JsonObject

TableFormat = Literal["csv", "jsonl", "parquet"]
TABLE_FORMATS: tuple[TableFormat, ...] = ("csv", "jsonl", "parquet")
_ROWS = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Table:
    """The rows of a table in a temporary file, and their columns. Close it to delete the file.

    Rows come with the newest first, and leave with the oldest first, so that an import has the runs in their order.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._offsets = array("q")
        self._order = ColumnOrder()

    def add(self, row: JsonObject) -> None:
        """Add a row."""
        self._order.add(row)
        self._offsets.append(self._file.seek(0, os.SEEK_END))
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self._offsets)

    @property
    def columns(self) -> list[str]:
        """The names of all columns."""
        return self._order.names()

    def rows(self) -> Iterator[JsonObject]:
        """The rows, from the last that was added."""
        for offset in reversed(self._offsets):
            self._file.seek(offset)
            yield json.loads(self._file.readline())

    def close(self) -> None:
        """Delete the rows."""
        self._file.close()


class _Lines:
    """Ends lines with a line feed. `csv` quotes a carriage return in a cell only if its own line ends have one."""

    END = "\r\n"

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, line: str) -> None:
        """Write a line that ends in END."""
        self._file.write(line.removesuffix(self.END) + "\n")


async def read_table(
    client: EvalsClient,
    evaluation_id: str,
    labels: Labels,
    table: Table,
    progress: Progress | None = None,
    *,
    only: Container[tuple[str, str]] | None = None,
) -> None:
    """Add the logs of an evaluation to a table: `only` those with these run ids and log ids. Raises EvalsError."""

    def take(items: list[Any]) -> None:
        for item in items:
            if only is None or (item["run_id"], item["log"]["id"]) in only:
                table.add(read_row(item, labels))

    await EvaluationReading(client, evaluation_id).logs(take, progress)


def write_csv(
    table: Table, file: IO[str], *, escape_formulas: bool = False, columns: Sequence[str] | None = None
) -> None:
    """Write CSV. Texts stay as they are, also those that a spreadsheet would run, unless they are to be escaped."""
    columns = table.columns if columns is None else columns
    writer = csv.writer(_Lines(file), lineterminator=_Lines.END)
    cell = _escaped if escape_formulas else _cell
    writer.writerow(map(cell, columns))
    for row in table.rows():
        writer.writerow([cell(row.get(name)) for name in columns])


def write_file(table: Table, path: Path, format: TableFormat, *, escape_formulas: bool = False) -> None:
    """Write a table to a file that is complete or absent. Raises Invalid for a link or another kind of file there."""
    write_new_file(path, format, lambda new: _write(table, new, format, escape_formulas))


def write_stream(table: Table, file: TextIO, format: TableFormat, *, escape_formulas: bool = False) -> None:
    """Write a table to standard output."""
    if isinstance(file, TextIOWrapper):
        file.reconfigure(encoding="utf-8", newline="")
    if format != "parquet":
        _write_text(table, file, format, escape_formulas)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        _write_parquet(table, path)
        with path.open("rb") as written:
            shutil.copyfileobj(written, file.buffer)


def _write(table: Table, path: Path, format: TableFormat, escape_formulas: bool) -> None:
    if format == "parquet":
        _write_parquet(table, path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        _write_text(table, file, format, escape_formulas)


def _write_text(table: Table, file: IO[str], format: TableFormat, escape_formulas: bool) -> None:
    if format == "csv":
        write_csv(table, file, escape_formulas=escape_formulas)
    else:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in table.rows())


def _write_parquet(table: Table, path: Path) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise Invalid("Parquet needs a library that is not installed: pip install pyarrow") from None
    kinds: dict[str, set[type]] = {}
    for row in table.rows():
        for name, value in row.items():
            kinds.setdefault(name, set()).add(_kind(value))
    as_column = {name: _column_type(kinds.get(name, set())) for name in table.columns}
    types = {bool: pyarrow.bool_(), int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in as_column.items()])
    casts: dict[type, Callable[[Any], Any]] = {bool: bool, int: int, float: float, str: _cell}
    with parquet.ParquetWriter(path, schema) as writer:
        batch: list[JsonObject] = []
        for row in table.rows():
            batch.append({name: casts[as_column[name]](value) for name, value in row.items()})
            if len(batch) == _ROWS:
                writer.write_table(pyarrow.Table.from_pylist(batch, schema))
                batch = []
        writer.write_table(pyarrow.Table.from_pylist(batch, schema))


def _kind(value: Any) -> type:
    """The type of a value as a cell: int only if it fits into 64 bits."""
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return str
    return type(value) if isinstance(value, bool | int | float) else str


def _column_type(kinds: set[type]) -> type:
    if kinds == {int, float}:
        return float
    return next(iter(kinds)) if len(kinds) == 1 else str


def _cell(value: Any) -> str:
    """A value as text: JSON for what is neither text nor absent."""
    return "" if value is None else as_text(value)


def _escaped(value: Any) -> str:
    text = _cell(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text

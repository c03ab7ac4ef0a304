"""Read datapoints from a CSV file. Stores nothing."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import ValidationError

from evals_mcp.errors import Invalid, TooManyValues
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.json_values import storable

_WHERE = ("body", "file")
_JSON = re.compile(r"\s*[\[{]")


def read_csv_datapoints(content: bytes, most: int | None = None) -> list[CreateDatapointRequest]:
    """Read the datapoints of a CSV file (UTF-8, with a header), one per row.

    The column `messages` contains a JSON list of messages. `target` contains a JSON object, or text that becomes
    `{"output": text}`; `target.x` is the key x of the target. `inputs.x`, like any other column x, is the input x.
    Empty cells are empty inputs, but no target. Raises Invalid (422) with the line number, and TooManyValues for more
    than `most` values: cells, those in messages, and two for each row.
    """
    csv.field_size_limit(sys.maxsize)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The file is not UTF-8.", _WHERE) from None
    if "\x00" in text:
        raise Invalid("Text must not contain NUL characters.", _WHERE)
    rows = _Rows(text, most)
    try:
        header = next(rows, None)
        if not header or "" in header or len(set(header)) < len(header):
            raise Invalid("The first line must name all columns, each with a different name.", _WHERE)
        return [_datapoint(header, row, rows.line) for row in rows if row]
    except csv.Error as error:
        raise Invalid(f"Line {rows.line} is not valid CSV: {error}.", _WHERE) from None


class _Rows:
    """The rows of a CSV file. Raises TooManyValues for more than `most` values, before they take memory."""

    def __init__(self, text: str, most: int | None) -> None:
        self._text = text
        self._most = most
        self._values = 0
        self._commas = 0
        self._reader = csv.reader(self._lines(), strict=True)

    @property
    def line(self) -> int:
        """The number of the last line that was read, from 1."""
        return self._reader.line_num

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[str]:
        self._commas = 0
        row = next(self._reader)
        self._values += _values(row)
        self._require_few(self._values)
        return row

    def _lines(self) -> Iterator[str]:
        for line in io.StringIO(self._text, newline=""):
            self._commas += line.count(",")
            self._require_few(self._commas)
            yield line

    def _require_few(self, count: int) -> None:
        if self._most is not None and count > self._most:
            raise TooManyValues(
                f"The file has about {_most_values(self._text):,} cells and other values, counting two more for each "
                f"row, and a file may have {self._most:,}. Send its rows in several files."
            )


def _values(row: list[str]) -> int:
    """How many values a row has: its cells, what stands in those that may be JSON, and the two objects around them."""
    return 2 + len(row) + sum(map(_inside, filter(_JSON.match, row)))


def _inside(cell: str) -> int:
    return sum(map(cell.count, ",[{"))


def _most_values(text: str) -> int:
    return text.count(",") + 3 * text.count("\n") + 3


def _datapoint(header: list[str], row: list[str], line: int) -> CreateDatapointRequest:
    if len(row) > len(header):
        raise Invalid(f"Line {line} has more cells than the header.", _WHERE)
    cells = dict(zip(header, row, strict=False))
    messages = cells.pop("messages", "")
    target = _target(cells)
    inputs = {name.removeprefix("inputs."): cell for name, cell in cells.items()}
    try:
        return CreateDatapointRequest.model_validate(
            {
                "inputs": inputs,
                "messages": storable(json.loads(messages)) if messages else None,
                "target": target or None,
            }
        )
    except (ValidationError, ValueError, RecursionError):
        raise Invalid(f"Line {line}: `messages` must be a JSON list of messages.", _WHERE) from None


def _target(cells: dict[str, str]) -> Mapping[str, Any]:
    """Read the target from the cells, and remove its cells."""
    whole = cells.pop("target", "")
    parts = {name: cells.pop(name) for name in list(cells) if name.startswith("target.")}
    target: dict[str, Any] = {name.removeprefix("target."): cell for name, cell in parts.items() if cell}
    if not whole:
        return target
    try:
        content = storable(json.loads(whole))
    except (ValueError, RecursionError):
        content = None
    return (content if isinstance(content, dict) else {"output": whole}) | target

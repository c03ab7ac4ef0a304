"""Read datapoints from a CSV file. Stores nothing."""

import csv
import io
import json
import sys
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from evals_mcp.errors import Invalid
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.json_values import storable

_WHERE = ("body", "file")


def read_csv_datapoints(content: bytes) -> list[CreateDatapointRequest]:
    """Read the datapoints of a CSV file (UTF-8, with a header), one per row.

    The column `messages` contains a JSON list of messages. `target` contains a JSON object, or text that becomes
    `{"output": text}`; `target.x` is the key x of the target. `inputs.x`, like any other column x, is the input x.
    Empty cells are empty inputs, but no target. Raises Invalid (422) with the line number.
    """
    csv.field_size_limit(sys.maxsize)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The file is not UTF-8.", _WHERE) from None
    if "\x00" in text:
        raise Invalid("Text must not contain NUL characters.", _WHERE)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
        if not header or "" in header or len(set(header)) < len(header):
            raise Invalid("The first line must name all columns, each with a different name.", _WHERE)
        return [_datapoint(header, row, reader.line_num) for row in reader if row]
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} is not valid CSV: {error}.", _WHERE) from None


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

"""Results from a table of one's own: a row per output, or a row per datapoint with columns for each run."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Score, Version, as_text
from evals_mcp.importers.tables.columns import (
    Chosen,
    Columns,
    RunColumns,
    ScoreColumn,
    as_boolean,
    as_number,
    describe,
    guess_columns,
    is_missing,
    score_name,
)
from evals_mcp.importers.tables.rows import TABLES, Row, read_rows

_MILLISECONDS = re.compile(r"(^|[\W_])(ms|millis\w*)($|[\W_])|Ms$")


def read_table(path: Path, chosen: Chosen) -> tuple[Columns, Iterator[Result]]:
    """What the columns hold, and the results. Raises Invalid, also while the results are read."""
    columns = guess_columns((row.cells for row in read_rows(path)), chosen, path.name)
    return columns, chain.from_iterable(_results(row, columns, path) for row in read_rows(path))


def _results(row: Row, columns: Columns, path: Path) -> Iterator[Result]:
    cells = row.cells
    others = [*columns.metadata, *(name for name in cells if name not in columns.seen)]
    for run in columns.runs:
        scores = [score for column in run.scores if (score := _score(column, cells)) is not None]
        output, error = _get(cells, run.output), _get(cells, run.error)
        if is_missing(output) and is_missing(error) and not scores:
            continue
        label = run.label or (None if columns.run is None else _get(cells, columns.run))
        yield Result(
            version=Version(path.stem if is_missing(label) else as_text(label)),
            case=_case(row, columns),
            location=Location(path.name, row.at),
            scores=scores,
            output=None if is_missing(output) else as_text(output),
            error=None if is_missing(error) else as_text(error),
            latency=_latency(run, cells),
            cost=as_number(_get(cells, run.cost)),
            prompt_tokens=_count(cells, columns.prompt_tokens),
            output_tokens=_count(cells, columns.output_tokens),
            metadata={name: cells[name] for name in others if not is_missing(cells.get(name))},
        )


def _case(row: Row, columns: Columns) -> Case:
    cells = row.cells
    id = _get(cells, columns.datapoint)
    inputs = {name: cells[name] for name in columns.inputs if not is_missing(cells.get(name))}
    if len(inputs) == 1 and isinstance(next(iter(inputs.values())), dict):
        inputs = next(iter(inputs.values()))
    if not inputs and is_missing(id):
        inputs = {"row": row.at}
    target = {name: cells[name] for name in columns.targets if not is_missing(cells.get(name))}
    return Case(inputs=inputs, target=target or None, id=None if is_missing(id) else as_text(id))


def _score(column: ScoreColumn, cells: Mapping[str, Any]) -> Score | None:
    """The judgment in a cell. An empty cell is none; a null of JSON is an abstention."""
    if column.column not in cells:
        return None
    value = cells[column.column]
    explanation = _get(cells, column.explanation)
    words = None if is_missing(explanation) else as_text(explanation)
    name = column.name or score_name(column.column)
    if value is None:
        return Score(name, None, words)
    if is_missing(value):
        return None
    judgment: Any = None
    match column.type:
        case "boolean":
            judgment = as_boolean(value)
        case "number":
            judgment = as_number(value)
        case "select" | "text":
            judgment = as_text(value)
    if judgment is None:
        return Score(name, None, words, error=f"{as_text(value)[:200]!r} is no {column.type}.")
    return Score(name, judgment, words)


def _latency(run: RunColumns, cells: Mapping[str, Any]) -> float | None:
    """Seconds. A column with the word `ms` in its name has milliseconds."""
    latency = as_number(_get(cells, run.latency))
    if latency is None or run.latency is None:
        return None
    return latency / 1000 if _MILLISECONDS.search(run.latency) else float(latency)


def _count(cells: Mapping[str, Any], column: str | None) -> int | None:
    number = as_number(_get(cells, column))
    return None if number is None else int(number)


def _get(cells: Mapping[str, Any], column: str | None) -> Any:
    return None if column is None else cells.get(column)


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    columns, results = read_table(path, chosen)
    report.note(f"{path.name}: {describe(columns)}")
    return results


FORMAT = Format("table", lambda path: path.suffix.lower() in TABLES, _read)

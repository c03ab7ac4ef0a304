"""Results from a table of one's own: a row per output, or a row per datapoint with columns for each run."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from evals_mcp.importers.experiments import error_text
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Run, Score, Version, as_text
from evals_mcp.importers.sibling_folders import connected, first_datapoints
from evals_mcp.importers.tables.advice import advice_of
from evals_mcp.importers.tables.amounts import as_count, as_dollars, as_seconds
from evals_mcp.importers.tables.cells import as_boolean, as_number, column_key, is_empty, is_missing
from evals_mcp.importers.tables.column_names import RETRIEVED
from evals_mcp.importers.tables.columns import (
    OF_DATAPOINT,
    Chosen,
    Columns,
    RunColumns,
    describe,
)
from evals_mcp.importers.tables.guesses import guess_columns
from evals_mcp.importers.tables.numbers import Numbers
from evals_mcp.importers.tables.pass_counts import PassTotals, pass_rate
from evals_mcp.importers.tables.rows import LISTS_AS_TEXT, Row, can_be_table, judged_rows, may_have_decimal_commas
from evals_mcp.importers.tables.run_columns import run_label
from evals_mcp.importers.tables.score_columns import ScoreColumn, score_name
from evals_mcp.importers.tables.sheets import result_sheets
from evals_mcp.importers.tables.spreadsheets import unsaved_formulas
from evals_mcp.importers.tables.structured_cells import messages_in, structure
from evals_mcp.importers.tables.summary_rows import SummaryRows
from evals_mcp.importers.tables.unread_cells import UnreadCells

_AS_WRITTEN = Numbers()


def read_table(path: Path, chosen: Chosen, unread: UnreadCells) -> tuple[Columns, Iterator[Result]]:
    """What the columns hold, and the results. Cells that do not fit are noted. Raises Invalid, also while reading."""
    sample = (row.cells for row in judged_rows(path, chosen.sheet))
    columns = guess_columns(sample, chosen, path.name, decimal_commas=may_have_decimal_commas(path))
    rows = partial(_datapoint_rows, path, chosen.sheet, columns)
    numbers = None if columns.inputs or columns.datapoint else _RowNumbers(rows(None), columns)
    passes = PassTotals(path.name)
    return columns, chain.from_iterable(_results(row, columns, path, numbers, passes, unread) for row in rows(unread))


def _datapoint_rows(path: Path, sheet: str | None, columns: Columns, unread: UnreadCells | None) -> Iterator[Row]:
    """The rows that are datapoints, with decimal points in their figures. Those that sum up others are noted."""
    summaries = SummaryRows(columns)
    structured = columns.structured if path.suffix.lower() in LISTS_AS_TEXT else frozenset()
    for row in judged_rows(path, sheet):
        label = summaries.label(row.cells)
        if label is None:
            yield _with_structures(_with_points(row, columns.numbers), structured)
        elif unread is not None:
            unread.add_summary(label, row.at)


def _with_points(row: Row, columns: Mapping[str, Numbers]) -> Row:
    """A row whose numbers in these columns have decimal points."""
    texts = ((name, cell) for name in columns if isinstance(cell := row.cells.get(name), str))
    pointed = {name: columns[name].plain(cell) for name, cell in texts}
    return row._replace(cells={**row.cells, **pointed}) if pointed else row


def _with_structures(row: Row, columns: Collection[str]) -> Row:
    """A row whose texts of lists and objects in these columns are the values."""
    read = {name: structure(row.cells[name]) for name in columns if name in row.cells}
    return row._replace(cells={**row.cells, **read}) if read else row


class _RowNumbers:
    """Numbers rows that have neither an id nor inputs. The rows of runs with as many rows pair."""

    def __init__(self, rows: Iterable[Row], columns: Columns) -> None:
        self._run = columns.run
        self._totals = Counter(self._label(row) for row in rows)
        self._read: Counter[str] = Counter()

    def case(self, row: Row) -> Case:
        """The datapoint of the next row of a run."""
        label = self._label(row)
        self._read[label] += 1
        return Case(inputs={"row": self._read[label]}, id=f"row {self._read[label]} of {self._totals[label]}")

    def _label(self, row: Row) -> str:
        return run_label(row.cells, self._run) or ""


def _results(
    row: Row, columns: Columns, path: Path, numbers: _RowNumbers | None, passes: PassTotals, unread: UnreadCells
) -> Iterator[Result]:
    cells = row.cells
    if row.is_short:
        unread.add_short(row.at)
    for name, cell in row.unread.items():
        unread.add(name, "text", cell, row.at)
    for note in row.notes:
        unread.add_note(note)
    others = [*columns.metadata, *(name for name in cells if name not in columns.seen)]
    case = _case(row, columns) if numbers is None else numbers.case(row)
    for run in columns.runs:
        scores = [score for column in run.scores if (score := _score(column, row, unread)) is not None]
        rate = None if columns.pass_counts is None else pass_rate(cells, columns.pass_counts)
        scores += [] if rate is None else [rate]
        output, error = _get(cells, run.output), error_text(_get(cells, run.error), run.error or "")
        label = run.label or run_label(cells, columns.run) or path.stem
        if is_empty(output) and error is None and not scores:
            if case.id is not None or case.inputs != {"row": row.at}:
                yield Result(Version(label), case, Location(path.name, row.at), not_run=True)
            continue
        figures, no_figures = _figures(row, columns, run, unread)
        yield Result(
            version=Version(label),
            run=Run(reported=[] if rate is None else passes.with_row(label, rate)),
            case=case,
            location=Location(path.name, row.at),
            scores=scores,
            output=None if is_empty(output) else as_text(output),
            error=error,
            metadata=_retrieved_by(row, columns) | _metadata(cells, others) | no_figures,
            **figures,
        )


def _case(row: Row, columns: Columns) -> Case:
    cells = row.cells
    about = _metadata(cells, columns.datapoint_metadata)
    tags = _tags(about.pop("tags", None)) if f"{OF_DATAPOINT}tags" in columns.datapoint_metadata else []
    own_id = about.pop("id", None) if f"{OF_DATAPOINT}id" in columns.datapoint_metadata else None
    id = _get(cells, columns.datapoint) if own_id is None else own_id
    messages = messages_in(_get(cells, columns.messages))
    named = [
        name for name in columns.inputs if not is_empty(cells.get(name)) and not (messages and name == columns.messages)
    ]
    inputs = {name.removeprefix("input."): cells[name] for name in named}
    if len(inputs) == 1 and isinstance(next(iter(inputs.values())), dict):
        inputs = next(iter(inputs.values()))
        retrieved = _retrieved(inputs) if columns.datapoint else {}
        inputs = {name: value for name, value in inputs.items() if name not in retrieved}
    if not inputs and not messages and is_empty(id):
        inputs = {"row": row.at}
    target = {name.removeprefix("target."): cells[name] for name in columns.targets if not is_empty(cells.get(name))}
    return Case(
        inputs=inputs,
        messages=messages,
        target=target or None,
        id=None if is_empty(id) else as_text(id),
        metadata=about,
        tags=tags,
    )


def _retrieved_by(row: Row, columns: Columns) -> dict[str, Any]:
    """What the run retrieved for the datapoint, if the inputs are an object beside an id."""
    inputs = row.cells.get(columns.inputs[0]) if columns.datapoint and len(columns.inputs) == 1 else None
    return _retrieved(inputs) if isinstance(inputs, dict) else {}


def _retrieved(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The contexts among inputs, if there are others, which are the datapoint's."""
    found = {name: value for name, value in inputs.items() if column_key(name) in RETRIEVED}
    return found if len(found) < len(inputs) else {}


def _tags(cell: Any) -> list[str]:
    """The tags in a cell of an exported table: a list, or JSON."""
    try:
        tags = json.loads(cell) if isinstance(cell, str) else cell
    except ValueError:
        tags = [cell]
    return [as_text(tag) for tag in tags] if isinstance(tags, list) else []


def _metadata(cells: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    """The cells of these columns that hold anything; `metadata.seed` is called `seed`."""
    return {
        name.removeprefix(OF_DATAPOINT).removeprefix("metadata."): cells[name]
        for name in columns
        if not is_empty(cells.get(name))
    }


def _score(column: ScoreColumn, row: Row, unread: UnreadCells) -> Score | None:
    """The judgment in a cell. An empty cell is none; a null of JSON is an abstention."""
    cells, beside = row.cells, column.beside
    failed = _get(cells, beside.get("error"))
    abstained = as_boolean(_get(cells, beside.get("abstained"))) is True
    if column.column not in cells and is_missing(failed) and not abstained:
        return None
    value = cells.get(column.column)
    explanation = _get(cells, column.explanation)
    words = None if is_empty(explanation) else as_text(explanation)
    score = Score(column.name or score_name(column.column), None, words, **_verdict(column, row, unread))
    author = _get(cells, column.author)
    if isinstance(author, str | int) and not is_missing(author):
        score.author = str(author).strip()
    if not is_missing(failed):
        score.error = as_text(failed)
    if score.error is not None or value is None or abstained:
        return score
    if is_missing(value):
        return None
    match column.type:
        case "boolean":
            score.judgment = as_boolean(value)
        case "number":
            score.judgment = column.numbers.read(value)
        case "select" | "text":
            score.judgment = as_text(value)
    if score.judgment is None:
        advice = column.numbers.advice(value) if column.type == "number" else ""
        unread.add(column.column, column.type, value, row.at, advice)
        score.error = f"{as_text(value)[:200]!r} is no {column.type}."
    return score


def _verdict(column: ScoreColumn, row: Row, unread: UnreadCells) -> dict[str, Any]:
    """The score, verdict and threshold beside a judgment. Cells that are none are noted."""
    verdict: dict[str, Any] = {}
    if not column.beside:
        return verdict
    for part, wanted, read in (
        ("score", "number", as_number),
        ("passed", "boolean", as_boolean),
        ("threshold", "number", as_number),
    ):
        cell = _get(row.cells, name := column.beside.get(part))
        if name is not None and not is_missing(cell):
            verdict[part] = read(cell)
            if verdict[part] is None:
                unread.add(name, wanted, cell, row.at)
    return verdict


def _figures(row: Row, columns: Columns, run: RunColumns, unread: UnreadCells) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of a row by their names in a result, and the cells that are none, which are noted."""
    figures: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, column, wanted, read in (
        ("latency", run.latency, "latency", partial(as_seconds, column=run.latency or "")),
        ("cost", run.cost, "cost in US dollars", as_dollars),
        ("prompt_tokens", columns.prompt_tokens, "number of tokens", as_count),
        ("output_tokens", columns.output_tokens, "number of tokens", as_count),
    ):
        cell = _get(row.cells, column)
        if column is None or is_missing(cell):
            continue
        numbers = columns.numbers.get(column, _AS_WRITTEN)
        figures[name] = None if numbers.unsure else read(cell)
        if figures[name] is not None:
            continue
        others[column] = cell
        if not numbers.unsure:
            unread.add(column, wanted, cell, row.at)
        elif numbers.may_be_two(cell):
            unread.add(
                column, wanted, cell, row.at, f"{numbers.advice(cell)} Until then, the whole column is metadata."
            )
    return figures, others


def _get(cells: Mapping[str, Any], column: str | None) -> Any:
    return None if column is None else cells.get(column)


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    sheets = [None] if path.suffix.lower() != ".xlsx" else result_sheets(path, chosen, report)
    if len(sheets) == 1:
        yield from _read_one(path, replace(chosen, sheet=sheets[0]), path.name, report)
        return
    held = {
        sheet: first_datapoints(read_table(path, replace(chosen, sheet=sheet), UnreadCells(""))[1]) for sheet in sheets
    }
    groups = connected(held)
    if len(groups) > 1:
        report.note(
            f"{path.name}: sheets without a common datapoint are evaluations of their own. "
            "To import them as one, name it with --evaluation."
        )
    for sheet in sheets:
        name = f"sheet {sheet!r}"
        first = next((other for group in groups if sheet in group for other in sheets if other in group), sheet)
        for result in _read_one(path, replace(chosen, sheet=sheet), f"{path.name}, {name}", report):
            result.location = Location(path.name, f"{name}, {result.location.at}")
            if result.version.label == path.stem:
                result.version = Version(str(sheet))
            if len(groups) > 1:
                result.evaluation = f"{path.stem} {first}"
            yield result


def _read_one(path: Path, chosen: Chosen, name: str, report: Report) -> Iterator[Result]:
    """The results of a file, or of a sheet, with what the name calls it."""
    unread = UnreadCells(name)
    columns, results = read_table(path, chosen, unread)
    report.note(f"{name}: {describe(columns)}")
    for advice in advice_of(columns):
        report.note(f"{name}: {advice}")
    if path.suffix.lower() == ".xlsx" and (unsaved := unsaved_formulas(path, chosen.sheet)):
        report.note(f"{name}: {unsaved}")
    if not columns.inputs and not columns.datapoint:
        report.note(f"{name} has no ids and no inputs, so its rows pair by number with runs of as many rows.")
    yield from results
    for line in unread.notes():
        report.note(line)


FORMAT = Format("table", can_be_table, _read)

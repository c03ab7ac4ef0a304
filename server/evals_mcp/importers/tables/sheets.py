"""The sheets of a workbook that hold results."""

from collections.abc import Sequence
from pathlib import Path

from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Report
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.tables.guesses import guess_columns
from evals_mcp.importers.tables.rows import judged_rows
from evals_mcp.importers.tables.spreadsheets import sheet_names


def result_sheets(path: Path, chosen: Chosen, report: Report) -> list[str | None]:
    """The sheet that the caller names, else all with a column of outputs, else the first one. Reports the others.

    Raises Invalid.
    """
    names = sheet_names(path)
    if chosen.sheet is not None or len(names) == 1:
        _tell(path, [chosen.sheet or names[0]], names, report)
        return [chosen.sheet]
    found = [name for name in names if _has_outputs(path, chosen, name)] or names[:1]
    _tell(path, found, names, report)
    return list(found)


def _has_outputs(path: Path, chosen: Chosen, sheet: str) -> bool:
    try:
        columns = guess_columns((row.cells for row in judged_rows(path, sheet)), chosen, path.name)
    except Invalid:  # no table, or none of results
        return False
    return any(run.output for run in columns.runs)


def _tell(path: Path, read: Sequence[str], names: Sequence[str], report: Report) -> None:
    others = [name for name in names if name not in read]
    if len(read) > 1:
        words = f"sheets {_quoted(read)}; each is a run, unless a column names its runs. To read one alone, name it"
        report.note(f"{path.name}: {words} with --sheet.")
    if others:
        sheet = f"sheet {read[0]!r}. " if len(read) == 1 else ""
        what = (
            "Read another one with"
            if sheet
            else "Sheets that are not read, because they have no outputs; name one with"
        )
        report.note(f"{path.name}: {sheet}{what} --sheet: {_quoted(others)}.")


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))

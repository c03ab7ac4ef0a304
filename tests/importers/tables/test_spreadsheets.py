"""Sheets of Excel: several of them, merged cells, and files that are a trap."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from tests.importers.reading import read_as

from evals_mcp.errors import Invalid
from evals_mcp.importers.tables.rows import read_rows
from evals_mcp.importers.tables.spreadsheets import sheet_names


def _book(path: Path, *sheets: Sequence[Sequence[Any]], merged: Sequence[str] = ()) -> Path:
    book = Workbook()
    for number, rows in enumerate(sheets, 1):
        sheet = book.worksheets[0] if number == 1 else book.create_sheet()
        sheet.title = f"Sheet {number}"
        for cells in rows:
            sheet.append(cells)
        for range in merged if number == 1 else ():
            sheet.merge_cells(range)
    book.save(path)
    return path


def _read(path: Path, sheet: str | None = None) -> list[dict[str, Any]]:
    return [dict(row.cells) for row in read_rows(path, sheet)]


def test_merged_cells_are_filled(tmp_path: Path) -> None:
    """A question that is merged over the rows of its runs is the question of each."""
    rows: list[list[Any]] = [["q", "model", "answer"], ["1+1?", "a", "2"], [None, "b", "3"], ["2+2?", "a", "4"]]
    assert _read(_book(tmp_path / "m.xlsx", rows, merged=["A2:A3"])) == [
        {"q": "1+1?", "model": "a", "answer": "2"},
        {"q": "1+1?", "model": "b", "answer": "3"},
        {"q": "2+2?", "model": "a", "answer": "4"},
    ]


def test_a_merged_title_is_left_out_and_a_header_of_two_rows_becomes_one(tmp_path: Path) -> None:
    """So that the columns of each run are told apart."""
    rows: list[list[Any]] = [
        ["Results of May", None, None, None, None],
        ["question", "gpt", None, "claude", None],
        [None, "answer", "score", "answer", "score"],
        ["1+1?", "2", 1, "3", 0],
    ]
    path = _book(tmp_path / "m.xlsx", rows, merged=["A1:E1", "A2:A3", "B2:C2", "D2:E2"])
    results, _ = read_as("table", path)
    told = [(result.version.label, result.output, result.scores[0].judgment) for result in results]
    assert told == [("gpt", "2", True), ("claude", "3", False)]
    assert results[0].case.inputs == {"question": "1+1?"}


def test_all_sheets_of_outputs_are_read_and_each_is_a_run(tmp_path: Path) -> None:
    """Or the one that the caller names; the import says which, and how to name one."""
    first, second = [["input", "output"], ["a", "b"]], [["input", "output"], ["a", "d"]]
    path = _book(tmp_path / "two.xlsx", [["model", "mean score"], ["x", 0.5]], first, second)
    assert sheet_names(path) == ["Sheet 1", "Sheet 2", "Sheet 3"]
    assert _read(path, "Sheet 3") == [{"input": "a", "output": "d"}]
    results, report = read_as("table", path)
    assert [(result.version.label, result.output, result.evaluation) for result in results] == [
        ("Sheet 2", "b", None),
        ("Sheet 3", "d", None),
    ]
    assert [str(result.location) for result in results][1] == "two.xlsx, sheet 'Sheet 3', row 2"
    assert report.notes == [
        "two.xlsx: sheets 'Sheet 2', 'Sheet 3'; each is a run, unless a column names its runs. "
        "To read one alone, name it with --sheet.",
        "two.xlsx: Sheets that are not read, because they have no outputs; name one with --sheet: 'Sheet 1'.",
        "two.xlsx, sheet 'Sheet 2': inputs: input; output: output.",
        "two.xlsx, sheet 'Sheet 3': inputs: input; output: output.",
    ]
    results, report = read_as("table", path, sheet="Sheet 2")
    assert [(result.version.label, result.output) for result in results] == [("two", "b")]
    assert report.notes[0] == "two.xlsx: sheet 'Sheet 2'. Read another one with --sheet: 'Sheet 1', 'Sheet 3'."
    with pytest.raises(Invalid, match=r"two\.xlsx has no sheet 'Four'\. Its sheets: 'Sheet 1', 'Sheet 2', 'Sheet 3'\."):
        _read(path, "Four")


def test_a_sheet_of_results_is_found_behind_others(tmp_path: Path) -> None:
    """Its run is called like the file, as if it were the first one; without outputs, the first sheet is read."""
    cover: list[list[Any]] = [["About", "About"], ["x", "y"]]
    path = _book(tmp_path / "book.xlsx", cover, [], [["input", "output"], ["a", "b"]])
    results, report = read_as("table", path)
    assert [(result.version.label, str(result.location)) for result in results] == [("book", "book.xlsx, row 2")]
    assert report.notes[0] == "book.xlsx: sheet 'Sheet 3'. Read another one with --sheet: 'Sheet 1', 'Sheet 2'."
    path = _book(tmp_path / "scores.xlsx", [["input", "score"], ["a", 0.5]], [["input", "score"], ["b", 0.25]])
    assert [result.scores[0].judgment for result in read_as("table", path)[0]] == [0.5]


def test_sheets_with_other_datapoints_are_evaluations_of_their_own(tmp_path: Path) -> None:
    """Named by the file and their first sheet."""
    sheets = [[["model", "input", "output"], ["m", question, "x"]] for question in ("a", "b", "a")]
    results, report = read_as("table", _book(tmp_path / "book.xlsx", *sheets))
    evaluations = ["book Sheet 1", "book Sheet 2", "book Sheet 1"]
    assert [(result.version.label, result.evaluation) for result in results] == [("m", name) for name in evaluations]
    assert any("sheets without a common datapoint are evaluations of their own" in note for note in report.notes)


def test_an_archive_that_would_grow_too_far_is_refused(tmp_path: Path) -> None:
    """Before any of it is read."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 60_000_000)
    with pytest.raises(
        Invalid, match=r"bomb\.xlsx, xl/worksheets/sheet1\.xml would grow from [\d,]+ bytes to 60,000,000"
    ):
        _read(path)


def test_formulas_without_a_saved_value_are_told(tmp_path: Path) -> None:
    """Programs that write files do not compute them. The other cells of their rows come in."""
    rows: list[list[Any]] = [["question", "answer", "score"], ["1", "=1+1", "=1/2"], ["2", "b", "=A2+1"], ["3", "c", 7]]
    results, report = read_as("table", _book(tmp_path / "f.xlsx", rows))
    assert [[score.judgment for score in result.scores] for result in results] == [[], [], [7]]
    assert report.notes[1:] == [
        "f.xlsx: 3 formulas have no saved value and are empty: first B2. Open the file in a spreadsheet program, "
        "save it, and import it again."
    ]

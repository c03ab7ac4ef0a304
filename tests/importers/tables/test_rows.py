"""Rows of tables, whatever their delimiter, encoding and format."""

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from pyarrow import Table, parquet
from tests.importers.reading import read_as

from evals_mcp.errors import Invalid
from evals_mcp.importers import text_files
from evals_mcp.importers.tables.rows import read_rows

ROWS = [{"q": "Größe?", "a": "x, y; z"}, {"q": "Two\nlines", "a": 'say "no"'}]


def _read(path: Path) -> list[dict[str, Any]]:
    return [dict(row.cells) for row in read_rows(path)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_is_read_whatever_its_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    """Quoted cells keep delimiters, quotes and line breaks."""
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row.values()] for row in ROWS]
    text = "\r\n".join(delimiter.join(cells) for cells in [["q", "a"], *quoted]) + "\r\n"
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    assert _read(path) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_first_line_that_names_the_delimiter_is_read(tmp_path: Path, encoding: str) -> None:
    """As Excel does, and whatever the other lines hold. It is no header."""
    path = tmp_path / "table.csv"
    path.write_bytes("sep=;\r\nq,1;a\r\nx,y;z,0\r\n".encode(encoding))
    assert [(row.at, dict(row.cells)) for row in read_rows(path)] == [("line 3", {"q,1": "x,y", "a": "z,0"})]
    path.write_text("sep=,\nq,a\nx,y;z\n")
    assert _read(path) == [{"q": "x", "a": "y;z"}]


def test_empty_cells_and_rows_are_absent(tmp_path: Path) -> None:
    """A short row, too, lacks its last cells; positions count the lines of the file."""
    path = tmp_path / "table.csv"
    path.write_text("q,a\n\n1,\n2\n")
    assert [(row.at, dict(row.cells)) for row in read_rows(path)] == [("line 3", {"q": "1"}), ("line 4", {"q": "2"})]


def test_json_is_a_list_of_rows_or_columns(tmp_path: Path) -> None:
    """A list, an object with a list, and what pandas writes column by column; scores get cells of their own."""
    rows = [{"q": "a", "scores": {"f1": 0.5}}, {"q": "b", "scores": {"f1": None}}]
    flat = [{"q": "a", "scores.f1": 0.5}, {"q": "b", "scores.f1": None}]
    by_column = {"q": {"0": "a", "1": "b"}, "scores.f1": {"0": 0.5, "1": None}}
    for name, content in (("list", rows), ("object", {"version": 1, "results": rows}), ("columns", by_column)):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(content))
        assert _read(path) == flat, name
    lines = tmp_path / "lines.jsonl"
    lines.write_text("\n\n".join(map(json.dumps, rows)))
    assert _read(lines) == flat


def test_parquet_and_excel_are_read(tmp_path: Path) -> None:
    """With the types that they have."""
    rows = [{"q": "a", "n": 1.5, "ok": True}, {"q": "b", "n": 2.0}]
    parquet.write_table(Table.from_pylist([{"q": "a", "n": 1.5, "ok": True}, rows[1]]), tmp_path / "table.parquet")
    assert _read(tmp_path / "table.parquet") == rows
    book = Workbook()
    for cells in (["q", "n", "ok"], ["a", 1.5, True], [None, None, None], ["b", 2.0, None]):
        book.worksheets[0].append(cells)
    book.save(tmp_path / "table.xlsx")
    assert _read(tmp_path / "table.xlsx") == rows


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("twice.csv", b"a,a\n1,2\n", "several columns called 'a'"),
        ("wide.csv", b"a,b\n1,2,3\n", "wide.csv, line 2 has 3 cells, and the header 2"),
        ("cut.csv", b'a,b\n1,"x\ny"\n2,"cut\n3,z', "cut.csv breaks off in the quoted cell that line 4 opens"),
        ("odd.csv", b'a,b\n1,q"x,"y\n2,z\n', "breaks off in the quoted cell that line 2 opens"),
        ("open.csv", b'a,b\n1,"', "breaks off in the quoted cell that line 2 opens"),
        ("binary.csv", b"\x00\x01\x02", "binary.csv is not a text file"),
        ("cut.jsonl", b'{"a": 1}\n{"a": ', "cut.jsonl, line 2 is not JSON"),
        ("list.jsonl", b"[1]\n", "line 1 is not a JSON object"),
        ("cut.json", b'[{"a": 1},\n', "cut.json, line 2 is not JSON"),
        ("text.json", b'"a"', "holds no list of rows"),
        ("deep.json", b"[" * 100_000, "nested too deep"),
        ("no.parquet", b"PAR1", "is not a Parquet file"),
        ("no.xlsx", b"PK", "is not an Excel file"),
    ],
)
def test_what_is_no_table_is_refused_with_its_position(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    """Instead of rows that are not there."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid, match=problem):
        _read(tmp_path / name)


@pytest.mark.parametrize("name", ["long.csv", "long.jsonl"])
def test_a_line_without_end_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """By its number, whatever its length."""
    monkeypatch.setattr(text_files, "LONGEST_LINE", 1_000)
    (tmp_path / name).write_text('{"a": 1}\n' + "x" * 5_000_000)
    with pytest.raises(Invalid, match=rf"{name}, line 2 is longer than 1,000 characters"):
        _read(tmp_path / name)


def test_tables_of_pandas_are_read_whatever_their_orientation(tmp_path: Path) -> None:
    """Without names of columns there is no table; a second list of rows is named."""
    rows = [{"q": "a", "n": 1}, {"q": "b", "n": 2}]
    contents: dict[str, Any] = {
        "records": rows,
        "split": {"columns": ["q", "n"], "index": [0, 1], "data": [["a", 1], ["b", 2]]},
        "columns": {"q": {"0": "a", "1": "b"}, "n": {"0": 1, "1": 2}},
        "index": {"0": rows[0], "1": rows[1]},
        "table": {"schema": {"fields": []}, "data": rows},
    }
    path = tmp_path / "t.json"
    for orient, content in contents.items():
        path.write_text(json.dumps(content))
        assert _read(path) == rows, orient
    path.write_text(json.dumps([["a", 1], ["b", 2]]))
    with pytest.raises(Invalid, match="row 1 is not a JSON object, but a list, so its columns have no names"):
        _read(path)
    path.write_text(json.dumps({"results": rows, "other": rows, "about": [1]}))
    assert [list(row.notes) for row in read_rows(path)] == [
        ["only the rows in 'results' are read, not those in 'other'."],
        [],
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "t.csv is empty"),
        (b"question,answer\n", "t.csv holds a header at most, and no rows"),
    ],
)
def test_a_file_without_rows_says_so(tmp_path: Path, content: bytes, problem: str) -> None:
    """Instead of naming columns."""
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(Invalid, match=problem):
        read_as("table", tmp_path / "t.csv")


def test_utf_32_is_read_by_its_mark(tmp_path: Path) -> None:
    """Which begins as that of UTF-16."""
    (tmp_path / "t.csv").write_bytes("q,a\nGr\u00f6\u00dfe,x\n".encode("utf-32"))
    assert _read(tmp_path / "t.csv") == [{"q": "Gr\u00f6\u00dfe", "a": "x"}]

"""Tables of logs: columns, cells of every kind, and the same figures after an import."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.loaded_stores import Served, served

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Invalid
from evals_mcp.exporters.table_rows import ColumnOrder, Labels, read_row
from evals_mcp.exporters.tables import TABLE_FORMATS, Table, read_table, write_csv, write_file
from evals_mcp.importers.importing import import_files
from evals_mcp.importers.tables.rows import read_rows
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.store.store import open_temporary_store

__all__ = ["served"]
SAMPLE = "Which prompt answers tickets"
EVALUATOR = {"version_id": "evv_1", "name": "ok"}
ITEM = {
    "run_id": "run_1",
    "datapoint": {"id": "dp_1", "inputs": {"q": "=1+1", "n": 2}, "target": {"a": [1]}, "metadata": {"split": "test"}},
    "log": {
        "id": "log_1",
        "output": '-5\nlines, "quoted"',
        "start_time": "2025-01-01T00:00:00Z",
        "end_time": "2025-01-01T00:00:02Z",
        "output_tokens": 3,
        "prompt_cost": 0.5,
        "output_cost": 0.25,
        "metadata": {"k": None, "l": 1},
    },
    "evaluator_logs": [
        {"evaluator": EVALUATOR, "judgment": False, "output": "no"},
        {"evaluator": EVALUATOR, "judgment": True, "user": "ana"},
        {"evaluator": {"version_id": "evv_2", "name": "n"}, "judgment": None},
        {"evaluator": {"version_id": "evv_3", "name": "m"}, "judgment": None, "error": "Broken."},
    ],
}
ROW = {
    "run": "v1",
    "datapoint": "dp_1",
    "log": "log_1",
    "input.q": "=1+1",
    "input.n": 2,
    "target.a": [1],
    "output": '-5\nlines, "quoted"',
    "latency": 2.0,
    "output_tokens": 3,
    "cost": 0.75,
    "metadata.l": 1,
    "metadata.datapoint.split": "test",
    "scores.right": False,
    "scores.right.explanation": "no",
    "scores.right (ana)": True,
    "scores.n.abstained": True,
    "scores.m.error": "Broken.",
}


@pytest.fixture
def table() -> Iterator[Table]:
    """A table of one row."""
    with closing(Table()) as table:
        table.add(ROW)
        yield table


def test_a_log_is_a_row_with_a_column_for_each_evaluator_and_author() -> None:
    """Abstained, failed and missing judgments have no value, and say why."""
    assert read_row(ITEM, Labels({"run_1": "v1"}, {"evv_1": "right"})) == ROW


def test_what_belongs_to_a_score_follows_it() -> None:
    """Whatever order the rows bring it in."""
    order = ColumnOrder()
    order.add({"scores.a": 1, "scores.b.error": "x", "metadata.k": 1, "input.q": "x"})
    order.add({"scores.a.explanation": "x", "scores.b": 1, "target.a": 1})
    assert order.names() == [
        *("run", "datapoint", "log", "input.q", "target.a", "output"),
        *("scores.a", "scores.a.explanation", "scores.b", "scores.b.error", "metadata.k"),
    ]


def test_csv_keeps_texts_exactly_and_escapes_formulas_where_that_is_wanted(table: Table) -> None:
    """A spreadsheet runs a cell that begins with =, so there is an option; it leaves numbers alone."""
    for escape, question in ((False, "=1+1"), (True, "'=1+1")):
        file = io.StringIO()
        write_csv(table, file, escape_formulas=escape)
        (row,) = csv.DictReader(io.StringIO(file.getvalue()))
        assert (row["input.q"], row["target.a"], row["scores.right"]) == (question, "[1]", "false")
        assert row["output"] == ("'" if escape else "") + str(ROW["output"])


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00") | st.sampled_from("\r\n,;\"'\t| \ufeff")),
        min_size=1,
        max_size=5,
    )
)
@example(["10%\r20%\rdone", "\r", "a\r\n", '"', ""])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_texts_come_out_of_csv_as_they_went_in(tmp_path: Path, texts: list[str]) -> None:
    """Whatever their line ends, quotes and delimiters, and also in a name; Python's csv and our import agree."""
    path = tmp_path / "texts.csv"
    rows = [{**ROW, "output": text, f"input.{texts[0]}": "x"} for text in texts]
    with closing(Table()) as table:
        for row in reversed(rows):
            table.add(row)
        write_file(table, path, "csv")
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["output"] for row in read] == texts
    assert f"input.{texts[0]}" in read[0]
    assert [row.cells.get("output", "") for row in read_rows(path)] == texts


def test_a_file_is_whole_or_absent_and_replaces_only_a_table(table: Table, tmp_path: Path) -> None:
    """A database that is named by mistake stays."""
    path = tmp_path / "t.jsonl"
    for _ in range(2):
        write_file(table, path, "jsonl")
    assert json.loads(path.read_text()) == ROW
    (tmp_path / "evals.db").touch()
    (tmp_path / "link.csv").symlink_to(tmp_path / "mine.csv")
    for wrong in (tmp_path / "evals.db", tmp_path, tmp_path / "none" / "t.csv", tmp_path / "link.csv"):
        with pytest.raises(Invalid, match=r"Name a new file|cannot be written|is a link to .*mine\.csv"):
            write_file(table, wrong, "csv")
    assert {item.name for item in tmp_path.iterdir()} == {"t.jsonl", "evals.db", "link.csv"}
    assert (tmp_path / "link.csv").is_symlink()


def test_a_missing_library_is_told_with_a_command_that_installs_it(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs no clone and no index that has this program. Nothing is half-written."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Invalid, match=r"not installed: pip install pyarrow$"):
        write_file(table, tmp_path / "t.parquet", "parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", TABLE_FORMATS)
def test_an_imported_table_has_the_same_figures(served: Served, tmp_path: Path, format: Any) -> None:
    """Runs, datapoints, means, and the four kinds of missing; a text evaluator, too."""
    if format == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"table.{format}"

    async def export(client: EvalsClient) -> ResolvedEvaluation:
        found = await client.reviews.get_evaluation(SAMPLE)
        with closing(Table()) as table:
            labels = Labels(found.run_labels, found.evaluator_labels)
            await read_table(client, found.id, labels, table)
            write_file(table, path, format)
        return found

    async def load(client: EvalsClient) -> ResolvedEvaluation:
        await import_files(client, [path])
        return await client.reviews.get_evaluation("table")

    with closing(open_temporary_store()) as first, closing(open_temporary_store()) as second:
        served.load(first, list(read_sample()))
        exported = _figures(served.use(first, export))
        assert _figures(served.use(second, load)) == exported


def _figures(evaluation: ResolvedEvaluation) -> list[Any]:
    """The runs, newest first."""
    names = [row.path.rpartition("/")[2] for row in evaluation.evaluators]
    return [
        (
            evaluation.run_labels[run.id],
            (run.logs_count, run.failed_logs, run.datapoints_count),
            {name: asdict(stats) for name, stats in zip(names, run.stats, strict=True)},
        )
        for run in evaluation.runs
    ]

"""A table that was exported is read as what it was written from: judgments with all of their parts."""

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.importers.reading import read_as
from tests.loaded_stores import Served, served

from evals_mcp.client.client import EvalsClient
from evals_mcp.exporters.table_rows import Labels, read_row
from evals_mcp.exporters.tables import Table, TableFormat, read_table, write_file
from evals_mcp.importers.importing import import_files
from evals_mcp.store.store import open_temporary_store

__all__ = ["served"]

_JUDGMENTS = {
    "f1": st.sampled_from([0.25, 3.5, -2.0, 1200.5]),
    "points": st.sampled_from([0, 1]),
    "ok": st.booleans(),
    "grade": st.sampled_from(["good", "so, so", "bad\nand long", "50 % of it"]),
}
_MAYBE_NUMBER = st.none() | st.sampled_from([0.0, 0.5, -3.0])
_PARTS = {"score": _MAYBE_NUMBER, "passed": st.none() | st.booleans(), "threshold": _MAYBE_NUMBER}


def _of_state(judgment: st.SearchStrategy[Any], state: str) -> st.SearchStrategy[dict[str, Any]]:
    values = {
        "judgment": judgment if state == "judged" else st.none(),
        "error": st.just("broke off") if state == "failed" else st.none(),
        "output": st.none() | st.sampled_from(["because", "=1+1, said"]),
        **_PARTS,
    }
    return st.fixed_dictionaries(values)


def _judgment(evaluator: str) -> st.SearchStrategy[dict[str, Any] | None]:
    states = [_of_state(_JUDGMENTS[evaluator], state) for state in ("judged", "abstained", "failed")]
    return st.none() | st.one_of(states)


_LOGS = st.lists(st.fixed_dictionaries({name: _judgment(name) for name in _JUDGMENTS}), min_size=1, max_size=6)


def _row(number: int, judgments: dict[str, dict[str, Any] | None]) -> dict[str, Any]:
    logs = [
        {"evaluator": {"version_id": name, "name": name}} | judgment
        for name, judgment in judgments.items()
        if judgment is not None
    ]
    point = {"id": f"dp_{number}", "inputs": {"q": f"Question {number}?"}}
    item = {"run_id": "v1", "log": {"id": f"log_{number}", "output": "x"}, "datapoint": point, "evaluator_logs": logs}
    return read_row(item, Labels({}, {}))


def _write(rows: list[dict[str, Any]], path: Path, format: TableFormat) -> None:
    with closing(Table()) as table:
        for row in reversed(rows):
            table.add(row)
        write_file(table, path, format)


def _is_flag(logs: list[dict[str, dict[str, Any] | None]], evaluator: str) -> bool:
    """Whether 0 and 1 stand alone, which a table cannot tell from false and true."""
    told = [judgment for log in logs if (judgment := log[evaluator]) is not None]
    return all(judgment["passed"] is None and judgment["threshold"] is None for judgment in told)


@given(_LOGS, st.sampled_from(["csv", "jsonl"]))
@settings(max_examples=60, deadline=None)
def test_an_exported_table_is_read_as_what_it_holds(
    logs: list[dict[str, dict[str, Any] | None]], format: TableFormat
) -> None:
    """Judgments, explanations, failures, scores, verdicts and thresholds, and what is missing of each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{format}"
        _write([_row(number, log) for number, log in enumerate(logs)], path, format)
        results, report = read_as("table", path)
    assert not report.skipped
    for log, result in zip(logs, results, strict=True):
        found = {score.evaluator: score for score in result.scores}
        assert found.keys() == {name for name, judgment in log.items() if judgment is not None}
        for name, score in found.items():
            told = {
                "output": score.explanation,
                **{part: getattr(score, part) for part in ("judgment", "error", *_PARTS)},
            }
            assert told == log[name]
            if name != "points" or not _is_flag(logs, name):
                assert type(told["judgment"]) is type((log[name] or {})["judgment"])


def test_an_imported_table_is_exported_as_it_was(served: Served, tmp_path: Path) -> None:
    """Through a database; parts that no row has get no column."""
    verdict = {"judgment": 0.5, "error": None, "output": "because", "score": None, "passed": True, "threshold": 0.25}
    plain = {"judgment": True, "error": None, "output": None, "score": 0.75, "passed": None, "threshold": None}
    failed = {**verdict, "judgment": None, "error": "broke off", "passed": False}
    rows = [_row(1, {"f1": verdict, "ok": plain}), _row(2, {"f1": failed, "ok": None})]
    _write(rows, tmp_path / "table.csv", "csv")

    async def through(client: EvalsClient) -> list[dict[str, Any]]:
        await import_files(client, [tmp_path / "table.csv"])
        found = await client.reviews.get_evaluation("table")
        with closing(Table()) as table:
            await read_table(client, found.id, Labels(found.run_labels, found.evaluator_labels), table)
            assert [name for name in table.columns if name.startswith("scores.")] == [
                *("scores.f1", "scores.f1.error", "scores.f1.passed", "scores.f1.threshold", "scores.f1.explanation"),
                *("scores.ok", "scores.ok.score"),
            ]
            return list(table.rows())

    with closing(open_temporary_store()) as store:
        exported = served.use(store, through)
    held = [{name: cell for name, cell in row.items() if name.startswith(("scores.", "input."))} for row in exported]
    assert held == [{name: row[name] for name in row if name.startswith(("scores.", "input."))} for row in rows]

"""Cells that hold messages, lists or objects, also as text."""

import csv
import json
from pathlib import Path
from typing import Any

from pyarrow import Table, parquet
from tests.importers.reading import read_as

_ASKED = [[{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"q{n}"}] for n in range(3)]


def _csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_messages_are_those_of_the_datapoint(tmp_path: Path) -> None:
    """Lists and JSON text are the same datapoints, whatever the input's name. A text among them stays an input."""
    for name in ("messages", "prompt", "input.messages"):
        rows = [{name: asked, "model": model, "output": "a", "score": 4} for asked in _ASKED for model in "xy"]
        typed, report = read_as("table", _jsonl(tmp_path / "t.jsonl", rows))
        text, _ = read_as("table", _csv(tmp_path / "t.csv", [row | {name: json.dumps(row[name])} for row in rows]))
        assert [result.case for result in typed] == [result.case for result in text]
        assert [[message.content for message in result.case.messages] for result in typed[::2]] == [
            ["Be brief.", f"q{n}"] for n in range(3)
        ]
        assert [result.case.inputs for result in typed] == [{}] * 6
        assert f"inputs: {name};" in report.notes[0]
        assert not any("pair by number" in note for note in report.notes)
    mixed = [{"input": asked, "output": "a"} for asked in _ASKED] + [{"input": "Hi", "output": "b"}]
    results, _ = read_as("table", _jsonl(tmp_path / "m.jsonl", mixed))
    assert results[3].case.inputs == {"input": "Hi"}
    assert results[0].case.inputs == {"input": _ASKED[0]}


def test_messages_that_end_with_the_answer_are_metadata(tmp_path: Path) -> None:
    """Because those of two runs differ, so that no datapoint would have both."""
    asked = [*_ASKED[0], {"role": "assistant", "content": "a"}]
    results, _ = read_as("table", _jsonl(tmp_path / "t.jsonl", [{"id": 1, "messages": asked, "output": "a"}]))
    assert (results[0].case.messages, results[0].metadata) == ([], {"messages": asked})


def test_lists_and_objects_in_text_are_the_values_that_json_has(tmp_path: Path) -> None:
    """As JSON or pandas writes them, in columns of nothing else. Outputs, and what looks like a list, are text."""
    rows = [
        {
            "question": f"q{n}",
            "retrieved_contexts": [f"it's {n}", "b"],
            "expected": {"a": n},
            "about": [n],
            "output": "x",
        }
        for n in range(3)
    ]
    typed, _ = read_as("table", _jsonl(tmp_path / "t.jsonl", rows))
    for write in (json.dumps, repr):
        names = ("retrieved_contexts", "expected", "about")
        cells = [row | {name: write(row[name]) for name in names} for row in rows]
        parquet.write_table(Table.from_pylist(cells), tmp_path / "t.parquet")
        for path in (_csv(tmp_path / "t.csv", cells), tmp_path / "t.parquet"):
            text, _ = read_as("table", path)
            assert [(result.case, result.metadata) for result in text] == [
                (result.case, result.metadata) for result in typed
            ]
    for like in ("['a' 'b']", "[1, 2", "[link](x)", "[a]", "{b}", '["\\u0000"]', "[1e999]", "[" * 200 + "]" * 200):
        for texts in ([like, like], ["[1]", like]):
            results, _ = read_as("table", _csv(tmp_path / "t.csv", [{"question": n, "output": "[1]"} for n in texts]))
            assert [result.case.inputs["question"] for result in results] == texts
            assert [result.output for result in results] == ["[1]", "[1]"]

"""Experiments of LangSmith, Langfuse, Phoenix and Braintrust, as their documentation has them."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e.in_process import run
from tests.importers.reading import read_as, skipped

from evals_mcp.importers.results import Result

Scores = list[tuple[str, Any, str | None]]


def _json(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    lines = path.suffix == ".jsonl"
    path.write_text("\n".join(map(json.dumps, content)) if lines else json.dumps(content, indent=2))
    return path


def _csv(folder: Path, name: str, rows: Sequence[dict[str, Any]]) -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _scores(result: Result) -> Scores:
    return [(score.evaluator, score.judgment, score.explanation) for score in result.scores]


PHOENIX = {
    "example_id": "RGF0YXNldEV4YW1wbGU6MQ==",
    "repetition_number": 2,
    "input": {"question": "1+1?"},
    "reference_output": {"answer": "2"},
    "output": "two",
    "error": None,
    "latency_ms": 250.0,
    "start_time": "2026-01-02T03:04:05+00:00",
    "end_time": "2026-01-02T03:04:06+00:00",
    "trace_id": "t1",
    "prompt_token_count": 7,
    "completion_token_count": 3,
}


def _annotation(name: str, **fields: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("label", "score", "explanation", "trace_id", "error"))
    return {"name": name, "annotator_kind": "LLM", **empty, "metadata": {}, **fields}


def test_phoenix_says_the_same_in_json_and_csv(tmp_path: Path) -> None:
    """A score judges, else a label; an evaluator that failed is one."""
    given = [
        _annotation("exact", score=1.0, label="right", explanation="equal"),
        _annotation("tone", label="calm", annotator_kind="HUMAN"),
        _annotation("fit", error="no answer", annotator_kind="CODE"),
    ]
    whole = _json(tmp_path, "try.json", [{**PHOENIX, "annotations": given}])
    cells = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in PHOENIX.items()}
    columns = {
        f"annotation_{item['name']}_{key}": value for item in given for key, value in item.items() if key != "name"
    }
    columns = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in columns.items()}
    for path in (whole, _csv(tmp_path, "try.csv", [{**cells, **columns}])):
        (result,), _ = read_as("phoenix", path)
        assert (result.version.label, result.case.id) == ("try", PHOENIX["example_id"])
        assert (result.case.inputs, result.case.target) == ({"question": "1+1?"}, {"answer": "2"})
        assert (result.output, result.error, result.latency) == ("two", None, 0.25)
        assert (result.prompt_tokens, result.output_tokens) == (7, 3)
        assert _scores(result) == [("exact", 1.0, "equal"), ("tone", "calm", None), ("fit", None, None)]
        assert [score.kind for score in result.scores] == ["llm", "human", "python"]
        assert (result.scores[0].metadata, result.scores[2].error) == ({"label": "right"}, "no answer")


BRAINTRUST = {
    "id": "e1",
    "_xact_id": "1",
    "experiment_id": "x1",
    "span_id": "s1",
    "root_span_id": "s1",
    "created": "2026-01-02T03:04:05.000Z",
    "input": "1+1?",
    "output": {"answer": "two"},
    "expected": "2",
    "error": None,
    "scores": {"Factuality": 0.6, "Skipped": None},
    "metadata": {"topic": "sums", "scorer_errors": {"Broken": "KeyError"}},
    "metrics": {"start": 10.0, "end": 10.5, "prompt_tokens": 7, "completion_tokens": 3, "estimated_cost": 0.25},
    "tags": ["easy"],
    "span_attributes": {"name": "eval", "type": "eval"},
}


def test_braintrust_has_a_log_for_each_case(tmp_path: Path) -> None:
    """Spans inside of one are left out; a null is an abstention, and a scorer that failed is no judgment."""
    span = {**BRAINTRUST, "id": "e2", "span_id": "s2", "scores": {}}
    lines = _json(tmp_path, "try.jsonl", [BRAINTRUST, span])
    fetched = _json(tmp_path, "try.json", {"events": [BRAINTRUST, span], "cursor": None})
    cells = {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in BRAINTRUST.items()}
    table = _csv(tmp_path, "try.csv", [cells])
    for path in (lines, fetched, table):
        (result,), report = read_as("braintrust", path)
        assert (result.version.label, result.run.key, result.id) == ("try", "x1", "e1")
        assert (result.case.inputs, result.case.target, result.case.tags) == (
            {"input": "1+1?"},
            {"expected": "2"},
            ["easy"],
        )
        assert (result.output, result.latency, result.cost, result.prompt_tokens) == ("two", 0.5, 0.25, 7)
        assert _scores(result) == [("Factuality", 0.6, None), ("Skipped", None, None), ("Broken", None, None)]
        assert ([score.error for score in result.scores], result.metadata) == (
            [None, None, "KeyError"],
            {"topic": "sums"},
        )
        if path != table:
            assert skipped(report) == [f"{path.name}: spans inside of test cases: 1"]


def _langfuse(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"obs{number}",
        "traceId": "t1",
        "startTime": "2026-01-02T03:04:05.000Z",
        "endTime": "2026-01-02T03:04:07.500Z",
        "level": "DEFAULT",
        "environment": "default",
        "experimentId": "x1",
        "experimentName": "try 1",
        "experimentItemId": f"item{number}",
        "input": {"question": "1+1?"},
        "output": "two",
        "expectedOutput": "2",
        "scores": [],
        **fields,
    }


def test_langfuse_has_items_of_its_api(tmp_path: Path) -> None:
    """Scores by their type; an item of the level ERROR failed."""
    scores = [
        {"name": "f1", "value": 0.5, "dataType": "NUMERIC", "source": "EVAL", "comment": "half"},
        {"name": "ok", "value": 1, "stringValue": "True", "dataType": "BOOLEAN", "source": "API"},
        {"name": "tone", "value": 3, "stringValue": "calm", "dataType": "CATEGORICAL", "source": "ANNOTATION"},
    ]
    page = {"data": [_langfuse(1, scores=scores), _langfuse(2, level="ERROR", output=None)], "meta": {"cursor": None}}
    (first, second), _ = read_as("langfuse", _json(tmp_path, "page.json", page))
    assert (first.version.label, first.run.key, first.case.id, first.latency) == ("try 1", "x1", "item1", 2.5)
    assert (first.case.inputs, first.case.target) == ({"question": "1+1?"}, {"expected_output": "2"})
    assert _scores(first) == [("f1", 0.5, "half"), ("ok", True, None), ("tone", "calm", None)]
    assert [score.kind for score in first.scores] == ["llm", "external", "human"]
    assert (second.output, second.error) == (None, "Its level is ERROR.")


def test_langfuse_has_what_its_sdk_returns(tmp_path: Path) -> None:
    """With the evaluations of the run as reported figures."""
    item = {"input": "1+1?", "expected_output": "2", "metadata": {"topic": "sums"}}
    result = {"item": item, "output": "two", "evaluations": [{"name": "ok", "value": True, "comment": "yes"}]}
    returned = {"run_name": "try", "item_results": [result], "run_evaluations": [{"name": "mean", "value": 1.0}]}
    (read,), _ = read_as("langfuse", _json(tmp_path, "returned.json", returned))
    assert (read.version.label, read.case.inputs, read.case.metadata) == ("try", {"input": "1+1?"}, {"topic": "sums"})
    assert _scores(read) == [("ok", True, "yes")]
    assert [(figure.name, figure.value) for figure in read.run.reported] == [("mean", 1.0)]


def test_langsmith_has_tables_and_runs(tmp_path: Path) -> None:
    """What its SDK writes as CSV, what its API answers, and the rows that an evaluation yields."""
    row = {"inputs.question": "1+1?", "outputs.answer": "two", "error": "", "reference.answer": "2"}
    row |= {"feedback.f1": "0.5", "feedback.ok": "True", "execution_time": "2.5", "example_id": "x1", "id": "r1"}
    table = _csv(tmp_path, "try.csv", [row])
    described = {
        "id": "r1",
        "session_id": "try",
        "reference_example_id": "x1",
        "inputs": {"question": "1+1?"},
        "outputs": {"answer": "two"},
        "error": None,
        "start_time": "2026-01-02T03:04:05",
        "end_time": "2026-01-02T03:04:07.500",
    }
    stats = {"f1": {"n": 1, "avg": 0.5}, "ok": {"n": 1, "avg": None, "values": {"True": 1}}}
    example = {"id": "x1", "inputs": {"question": "1+1?"}, "outputs": {"answer": "2"}, "metadata": {"split": "test"}}
    api = _json(tmp_path, "api.jsonl", [{**example, "runs": [{**described, "feedback_stats": stats}]}])
    results = [{"key": "f1", "score": 0.5, "comment": "half"}, {"key": "ok", "score": True}]
    row_of_sdk = {"run": described, "example": example, "evaluation_results": {"results": results}}
    for path in (table, api, _json(tmp_path, "rows.json", [row_of_sdk])):
        (result,), _ = read_as("langsmith", path)
        assert (result.version.label, result.case.id, result.id, result.latency) == ("try", "x1", "r1", 2.5)
        assert (result.case.inputs, result.case.target) == ({"question": "1+1?"}, {"answer": "2"})
        assert (result.output, result.error) == ("two", None)
        assert [(name, judgment) for name, judgment, _ in _scores(result)] == [("f1", 0.5), ("ok", True)]


def test_experiments_of_a_folder_are_compared(tmp_path: Path) -> None:
    """Each file is a run, and examples pair by their ids."""
    folder = tmp_path / "experiments"
    folder.mkdir()
    for name, score in (("before", 0.0), ("after", 1.0)):
        _json(folder, f"{name}.json", [{**PHOENIX, "annotations": [_annotation("exact", score=score)]}])
    ended = run(["import", str(folder), "--into", str(tmp_path / "new.db")])
    assert (ended.status, ended.stderr) == (0, "")
    assert "experiments │ 2 │ 1 │ 2 │ 0 │ 2 judged" in " ".join(ended.stdout.split())


def test_an_error_of_false_is_none(tmp_path: Path) -> None:
    """As a mark that there was none; true is an error without words."""
    tools: dict[str, dict[str, Any]] = {"phoenix": PHOENIX, "braintrust": BRAINTRUST}
    for name, row in tools.items():
        rows = [{**row, "error": cell} for cell in (False, True, "timeout")]
        errors = [result.error for result in read_as(name, _json(tmp_path, f"{name}.json", rows))[0]]
        assert errors[0] is None, name
        assert (errors[1] or "").lower() == "error: true", name
        assert errors[2] == "timeout", name

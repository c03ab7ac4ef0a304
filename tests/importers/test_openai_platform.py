"""Evals of OpenAI's platform, as its API answers by its documentation."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.in_process import run
from tests.importers.reading import read_as

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import NoResults

CHECK = "String check-a2486074-d803-4445-b431-ad2262e85d47"
JUDGE = "Tone-5f6e7a54-0d2b-4b6e-9c7f-3d0e6a1b2c3d"
EVAL = {
    "object": "eval",
    "id": "eval_1",
    "name": "Headlines",
    "testing_criteria": [
        {"type": "string_check", "name": "String check", "reference": "{{ item.topic }}", "operation": "eq"},
        {"type": "score_model", "name": "Tone", "pass_threshold": 0.5},
    ],
}


def _run(number: int = 1, **fields: Any) -> dict[str, Any]:
    template = [{"type": "message", "role": "developer", "content": {"type": "input_text", "text": "{{item.title}}"}}]
    return {
        "object": "eval.run",
        "id": f"evalrun_{number}",
        "eval_id": "eval_1",
        "name": f"try {number}",
        "status": "completed",
        "model": "gpt-x",
        "data_source": {
            "type": "responses",
            "input_messages": {"type": "template", "template": template},
            "sampling_params": {"temperature": 0, "seed": 4},
        },
        "result_counts": {"total": 2, "passed": 1, "failed": 1, "errored": 0},
        "per_testing_criteria_results": [
            {"testing_criteria": CHECK, "passed": 1, "failed": 1},
            {"testing_criteria": JUDGE, "passed": 2, "failed": 0},
        ],
        **fields,
    }


def _item(number: int, *, passed: bool, of_run: int = 1, **sample: Any) -> dict[str, Any]:
    judge = {
        "output": [{"role": "assistant", "content": "Calm."}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2},
    }
    return {
        "id": f"outputitem_{of_run}_{number}",
        "created_at": 1743092076,
        "datasource_item": {"title": f"Title {number}", "topic": "Markets"},
        "datasource_item_id": number,
        "eval_id": "eval_1",
        "object": "eval.run.output_item",
        "run_id": f"evalrun_{of_run}",
        "status": "pass" if passed else "fail",
        "results": [
            {"name": CHECK, "passed": passed, "score": float(passed), "sample": None},
            {"name": JUDGE, "passed": True, "score": 0.75, "sample": judge, "type": "score_model"},
        ],
        "sample": {
            "input": [{"role": "developer", "content": f"Title {number}", "tool_calls": None}],
            "output": [{"role": "assistant", "content": "Markets" if passed else "World"}],
            "finish_reason": "stop",
            "model": "gpt-x-2026",
            "usage": {"total_tokens": 7, "prompt_tokens": 5, "completion_tokens": 2, "cached_tokens": 4},
            "error": None,
            **sample,
        },
    }


def _page(*data: Any, more: bool = False) -> str:
    return json.dumps({"object": "list", "data": data, "first_id": None, "last_id": None, "has_more": more})


def test_an_output_item_is_a_log_judged_by_each_grader(tmp_path: Path) -> None:
    """With what it is compared with as the target, and the prompt of its run as the version."""
    path = tmp_path / "all.json"
    items = [_item(1, passed=True), _item(2, passed=False, error={"code": "rate_limit", "message": "Too many"})]
    path.write_text(json.dumps({"eval": EVAL, "run": _run(), "output_items": json.loads(_page(*items))}))
    (first, second), report = read_as("openai-platform", path)
    assert (first.evaluation, first.version.label, first.run.key) == ("Headlines", "try 1", "evalrun_1")
    assert first.version.content == {
        "model": "gpt-x",
        "template": [{"role": "developer", "content": "{{item.title}}"}],
        "temperature": 0,
        "seed": 4,
    }
    assert (first.case.inputs, first.case.target, first.case.id) == ({"title": "Title 1"}, {"topic": "Markets"}, "1")
    assert (first.output, first.error, first.finish_reason) == ("Markets", None, "stop")
    assert (first.prompt_tokens, first.output_tokens, first.cached_tokens) == (5, 2, 4)
    assert [message.content for message in first.messages] == ["Title 1"]
    check, judge = first.scores
    assert (check.evaluator, check.judgment, check.score, check.kind) == ("String check", True, 1.0, "external")
    assert (judge.evaluator, judge.judgment, judge.score, judge.kind) == ("Tone", True, 0.75, "llm")
    assert (judge.explanation, judge.prompt_tokens, judge.output_tokens) == ("Calm.", 9, 2)
    assert second.error == "Too many"
    reported = {(figure.evaluator, figure.name): figure.value for figure in first.run.reported}
    assert reported["String check", "passed"] == sum(bool(result.scores[0].judgment) for result in (first, second))
    assert report.notes == []


def test_pages_of_a_folder_make_runs_that_are_compared(tmp_path: Path) -> None:
    """Each item comes in once, however the pages overlap; evals and runs stand beside them."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "eval.json").write_text(json.dumps(EVAL))
    (folder / "runs.json").write_text(_page(_run(1), _run(2, result_counts={"total": 5})))
    (folder / "items-1.json").write_text(_page(_item(1, passed=True), more=True))
    (folder / "items-2.json").write_text(_page(_item(1, passed=True), _item(2, passed=False)))
    lines = [_item(1, passed=True, of_run=2), _item(2, passed=True, of_run=2)]
    (folder / "second.jsonl").write_text("\n".join(map(json.dumps, lines)))
    ended = run(["import", str(folder), "--into", str(tmp_path / "new.db")])
    assert (ended.status, ended.stderr) == (0, "")
    told = " ".join(ended.stdout.split())
    assert "Headlines │ 2 │ 2 │ 4 │ 0 │ 8 judged" in told
    assert "Passes of String check in run try 2 (evalrun_2): 1 reported, 2 in the files." in told
    assert "Output items of run try 2 (evalrun_2): 5 reported, 2 in the files." in told
    assert "evalrun_1" not in told
    assert "Skipped items-2.json: results that are in items-1.json, too: 1." in told
    assert "Skipped runs.json: has evals or runs, and no output items." in told


def test_items_alone_are_told_by_themselves(tmp_path: Path) -> None:
    """And the import says what is missing. A grader that failed has no judgment."""
    item = _item(1, passed=True)
    item["results"][1]["sample"] = {"error": {"message": "no answer"}}
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps(item))
    (result,), report = read_as("openai-platform", path)
    assert (result.evaluation, result.version.label) == ("eval_1", "gpt-x-2026")
    assert result.case.inputs == {"title": "Title 1", "topic": "Markets"}
    assert (result.scores[1].judgment, result.scores[1].error) == (None, "no answer")
    assert report.notes == ["items.jsonl has no run evalrun_1, so what was run is told from its output items."]


def test_runs_without_items_and_broken_files_are_named(tmp_path: Path) -> None:
    """Nothing is made up from counts."""
    (tmp_path / "runs.json").write_text(_page(_run()))
    with pytest.raises(NoResults, match=r"runs\.json has evals or runs, and no output items"):
        read_as("openai-platform", tmp_path / "runs.json")
    (tmp_path / "cut.jsonl").write_text(json.dumps(_item(1, passed=True)) + '\n{"object": "eval.run.o')
    with pytest.raises(Invalid, match=r"cut\.jsonl, line 2 is not JSON"):
        read_as("openai-platform", tmp_path / "cut.jsonl")

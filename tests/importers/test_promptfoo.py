"""Results of promptfoo agree with the totals that it wrote itself."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.in_process import run
from tests.shared_data import DATA

from evals_mcp.importers.formats import Report, format_of
from evals_mcp.importers.results import Result
from evals_mcp.importers.tables.columns import Chosen

FILES = DATA / "formats" / "promptfoo"
recorded = pytest.mark.skipif(not FILES.exists(), reason="the recorded results are not beside this repository")


def _read(path: Path) -> list[Result]:
    format = format_of(path)
    assert format is not None
    assert format.name == "promptfoo"
    return list(format.read(path, Chosen(), Report()))


def _judgments(results: list[Result], evaluator: str) -> Counter[Any]:
    return Counter(score.judgment for result in results for score in result.scores if score.evaluator == evaluator)


@recorded
@pytest.mark.parametrize("name", ["rag-0.120.0-v3", "echo-0.120.0-v3", "anthropic-rag-retrieval_results-v2"])
def test_passes_failures_and_errors_are_those_of_its_own_totals(name: str) -> None:
    """The reason of a failed assertion is no error of the log, though `error` holds it."""
    path = FILES / f"{name}.json"
    stats = json.loads(path.read_bytes())["results"]["stats"]
    results = _read(path)
    passed = _judgments(results, "passed")
    errors = sum(result.error is not None for result in results)
    # Version 2 counts its errors among the failures.
    assert passed[True] == stats["successes"]
    assert passed[False] + errors == stats["failures"] + stats.get("errors", 0)
    assert errors == stats.get("errors", errors)
    if stats.get("tokenUsage", {}).get("prompt"):
        assert sum(result.prompt_tokens or 0 for result in results) == stats["tokenUsage"]["prompt"]


def _result(**fields: Any) -> dict[str, Any]:
    return {
        "provider": {"id": "openai:mini", "label": ""},
        "prompt": {"raw": "Say hi", "label": "Say {{x}}"},
        "vars": {"x": "hi"},
        "response": {"output": {"greeting": "Hi"}, "tokenUsage": {"prompt": 3, "completion": 2, "cached": 1}},
        "testCase": {"description": "short", "metadata": {"topic": "x", "_promptfooFileMetadata": {}}},
        "latencyMs": 250,
        "cost": 0.5,
        "success": False,
        "score": 0.25,
        "failureReason": 1,
        "error": "Too short",
        "namedScores": {"brevity": 3.0},
        "gradingResult": {
            "reason": "Too short",
            "componentResults": [
                {
                    "pass": False,
                    "score": 0.25,
                    "reason": "Too short",
                    "assertion": {"type": "python", "metric": "brevity", "threshold": 0.5},
                    "tokensUsed": {"total": 9, "prompt": 7, "completion": 2},
                },
                {"pass": True, "score": 1, "reason": "Fine", "assertion": {"type": "contains", "value": "Hi"}},
                {"pass": True, "score": 1, "reason": "Fine", "assertion": {"type": "contains", "value": "Hi"}},
            ],
        },
        **fields,
    }


def _written(folder: Path, *results: Any, **counts: int) -> Path:
    path = folder / "output.json"
    metrics = {"score": 0.25, "tokenUsage": {"total": 5, "cached": 0}, "namedScores": {}, **counts}
    prompts = [{"provider": "openai:mini", "label": "Say {{x}}", "metrics": metrics}]
    content = {"version": 3, "results": results, "stats": {}, "prompts": prompts}
    path.write_text(json.dumps({"evalId": "eval-1", "results": content}))
    return path


def test_assertions_become_evaluators_with_their_reasons(tmp_path: Path) -> None:
    """By metric, else by type and value; a sum of weighted scores is none."""
    (result,) = _read(_written(tmp_path, _result()))
    assert (result.version.label, result.output, result.error) == ("openai:mini", '{"greeting": "Hi"}', None)
    assert (result.latency, result.cost, result.prompt_tokens, result.output_tokens) == (0.25, 0.5, 3, 2)
    assert [(score.evaluator, score.judgment, score.passed, score.explanation) for score in result.scores] == [
        ("passed", False, None, "Too short"),
        ("score", 0.25, None, None),
        ("brevity", 0.25, False, "Too short"),
        ("contains: Hi", True, None, "Fine"),
        ("contains: Hi (2)", True, None, "Fine"),
    ]
    brevity, contains = result.scores[2:4]
    assert (brevity.threshold, brevity.prompt_tokens, brevity.output_tokens) == (0.5, 7, 2)
    assert contains.metadata is None
    assert result.metadata == {"cached": None, "named_scores": {"brevity": 3.0}}
    assert (result.cached_tokens, result.case.metadata) == (1, {"description": "short", "topic": "x"})
    assert [(figure.name, figure.value) for figure in result.run.reported] == [("score", 0.25), ("tokenUsage.total", 5)]


def test_a_threshold_that_is_no_score_is_metadata(tmp_path: Path) -> None:
    """The distance or cost that an assertion allows. Without partial scores, the score tells nothing more."""
    far = {"pass": False, "score": 0, "reason": "Far", "assertion": {"type": "not-levenshtein", "threshold": 800}}
    (result,) = _read(_written(tmp_path, _result(score=0, gradingResult={"componentResults": [far]})))
    assert [(score.evaluator, score.judgment, score.threshold, score.metadata) for score in result.scores] == [
        ("passed", False, None, None),
        ("not-levenshtein", False, None, {"threshold": 800}),
    ]


def test_a_failed_call_is_an_error_without_judgments(tmp_path: Path) -> None:
    """Nothing judged it."""
    failed = _result(failureReason=2, error="429", response={}, gradingResult=None)
    (result,) = _read(_written(tmp_path, failed))
    assert (result.error, result.output, result.scores) == ("429", None, [])


def test_several_prompts_are_told_apart(tmp_path: Path) -> None:
    """By their labels."""
    results = _read(_written(tmp_path, _result(), _result(prompt={"raw": "Hi?", "label": "short"})))
    assert [result.version.label for result in results] == ["openai:mini, Say {{x}}", "openai:mini, short"]


def test_totals_that_the_results_contradict_are_told(tmp_path: Path) -> None:
    """By the import, exactly, and by list_runs from the judgments. Totals that agree are not."""
    good: dict[str, Any] = {"success": True, "failureReason": 0, "error": None, "score": 1, "gradingResult": {}}
    failed: dict[str, Any] = {"failureReason": 2, "error": "429", "response": {}, "gradingResult": None}
    cases: list[dict[str, Any]] = [good, good, {}, {}, failed]
    results = [_result(id=f"r{at}", vars={"x": str(at)}, **fields) for at, fields in enumerate(cases)]
    database = tmp_path / "evals.db"
    agreeing = {"testPassCount": 2, "testFailCount": 2, "testErrorCount": 1, "assertPassCount": 4, "assertFailCount": 2}
    early = {"testPassCount": 2, "testFailCount": 3}
    for counts in (agreeing, early):
        assert _notes(_written(tmp_path, *results, **counts)) == []
    wrong = agreeing | {"testPassCount": 3, "testErrorCount": 0, "assertPassCount": 1_005}
    path = _written(tmp_path, *results, **wrong)
    assert _notes(path) == [
        "output.json: testPassCount of openai:mini is 3 as reported, 2 by the results.",
        "output.json: testErrorCount of openai:mini is 0 as reported, 1 by the results.",
        "output.json: assertPassCount of openai:mini is 1,005 as reported, 4 by the results.",
    ]
    imported = run(["import", str(path), "--into", str(database)])
    assert "testPassCount of openai:mini is 3 as reported" in " ".join(imported.stdout.split())
    answer = run(["--database", str(database), "call", "list_runs", "evaluation=output"]).stdout
    assert (
        "Reported figures differ from the recomputed ones: openai:mini: testPassCount 3 by promptfoo, recomputed 2 "
        "(n=5); openai:mini: testErrorCount 0 by promptfoo, recomputed 1 (n=5); openai:mini: assertPassCount 1005 "
        "by promptfoo, recomputed 4 (n=6)."
    ) in answer


def test_totals_of_prompts_that_are_called_alike_are_added_up(tmp_path: Path) -> None:
    """As their results become one run."""
    path = _written(tmp_path, _result(id="a"), _result(id="b", vars={"x": "ho"}), testFailCount=1)
    content = json.loads(path.read_bytes())
    content["results"]["prompts"] *= 2
    path.write_text(json.dumps(content))
    assert _notes(path) == []
    assert {figure.name: figure.value for figure in _read(path)[0].run.reported}["testFailCount"] == 2


def _notes(path: Path) -> list[str]:
    format, report = format_of(path), Report()
    assert format is not None
    assert list(format.read(path, Chosen(), report))
    return report.notes

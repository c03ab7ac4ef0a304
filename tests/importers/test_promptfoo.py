"""Results of promptfoo agree with the totals that it wrote itself."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
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


def _written(folder: Path, *results: Any) -> Path:
    path = folder / "output.json"
    metrics = {"score": 0.25, "tokenUsage": {"total": 5, "cached": 0}, "namedScores": {}}
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

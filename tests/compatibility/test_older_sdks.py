"""Users' programs, run by older and newer releases of the official SDK than the one in the extra `sdk`."""

from typing import Any

import pytest
from tests.compatibility.releases import run_with

_FILES = {
    "quickstart": "FlowResponse",
    "step": "PromptResponse",
    "dataset": "DatasetResponse",
    "is target": "EvaluatorResponse",
    "length": "EvaluatorResponse",
    "abstains": "EvaluatorResponse",
    "flow": "FlowResponse",
    "prompt": "PromptResponse",
    "logs itself": "FlowResponse",
    "decorated": "FlowResponse",
    "tool": "ToolResponse",
}


@pytest.fixture(params=["0.8.16", "0.8.28", "0.8.40b6"])
def seen(request: pytest.FixtureRequest, server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program for v5 saw with this release of the SDK."""
    found = run_with(request.param, "any_sdk.py", tmp_path_factory.getbasetemp(), server, f"By {request.param}")
    return {"release": request.param} | found


def test_any_release_logs_evaluates_and_reads_back(seen: dict[str, Any]) -> None:
    """A flow without a status can be closed, every evaluation ends with its scores, and every union has its class."""
    old = seen["release"] in ("0.8.16", "0.8.28")
    assert seen["trace"] == ["FlowLogResponse", "Because.", "complete"]
    broken = seen["release"] == "0.8.40b6"  # its prompts.log takes no status, but its evaluations.run gives one
    checks = [True, False]
    prompt = [] if broken else checks
    assert seen["checks"] == {"plain": checks * 2, "prompt": prompt, "logs itself": checks, "decorated": checks}
    assert seen["commit"] == ("committed" if old else None)
    assert seen["types"] == {
        "files": _FILES | ({"committed": "PromptResponse"} if old else {}),
        "versions": ["FlowResponse"],
        "stats": ["BooleanEvaluatorStatsResponse", "NumericEvaluatorStatsResponse", "NumericEvaluatorStatsResponse"],
        "logs": ["FlowLogResponse"],
        "judgments": ["EvaluatorLogResponse"],
        "specs": ["ExternalEvaluatorRequest"],
    }


@pytest.fixture
def seen_by_v4(server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program for v4 saw."""
    return run_with("0.7.35", "v4_sdk.py", tmp_path_factory.getbasetemp(), server, "V4", alone=False)


def test_a_v4_program_sets_up_evaluates_and_logs(seen_by_v4: dict[str, Any]) -> None:
    """From an empty server: project, config, dataset, evaluator, evaluation, logs, feedback; and what is left out."""
    seen = seen_by_v4
    assert seen["evaluation"] == {"status": "completed", "mean": 0.333}
    assert seen["logs"] == {
        "same project": True,
        "session": True,
        "feedback": [["rating", "good"]],
        "outputs": ["y", "z"],
        "listed": ["1"],
    }
    assert seen["lists"] == {
        "projects": ["V4 other", "V4 bot"],
        "config": ["gpt-4", "Answer: {{question}}", 0.7],
        "datasets": [3],
        "evaluators": True,
        "complete_deployed": [400, True],
    }

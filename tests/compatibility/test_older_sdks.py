"""A user's program, run by older and newer releases of the official SDK than the one in the extra `sdk`."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = Path(__file__).parent / "programs" / "any_sdk.py"
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


@functools.cache
def _installed(folder: Path, version: str) -> str | None:
    """Put the SDK's package into a folder of its own; what pip says if it cannot. What it needs is installed anyway."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder)]
    done = subprocess.run([*command, f"humanloop=={version}"], capture_output=True, text=True, timeout=300)
    return None if done.returncode == 0 else done.stderr


@pytest.fixture(params=["0.8.16", "0.8.28", "0.8.40b6"])
def seen(request: pytest.FixtureRequest, server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program saw with this release of the SDK; skips where the package index cannot be reached."""
    folder = tmp_path_factory.getbasetemp() / f"humanloop-{request.param}"
    if (problem := _installed(folder, request.param)) is not None:
        pytest.skip(f"humanloop {request.param} cannot be installed: {problem.strip()[-200:]}")
    return {"release": request.param} | _run(folder, server, request.param)


def _run(folder: Path, server: str, release: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(_PROGRAM), server, f"By {release}"],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


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

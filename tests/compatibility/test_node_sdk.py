"""A user's program for Node, run with the npm package `humanloop`. Node and npm come with the extra `sdk`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_PACKAGE = "humanloop@0.8.20"
_PROGRAM = Path(__file__).parent / "programs" / "any_sdk.cjs"


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the npm package and what it needs; skips where Node is missing or npm cannot install it."""
    if (npm := _find("npm")) is None or _find("node") is None:
        pytest.skip("needs Node and npm, as the extra `sdk` brings them: pip install -e .[test,sdk]")
    folder = tmp_path_factory.mktemp("npm")
    command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", _PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder, env=_environ())
    if done.returncode != 0:
        pytest.skip(f"{_PACKAGE} cannot be installed: {done.stderr.strip()[-300:]}")
    return folder / "node_modules"


def _find(program: str) -> str | None:
    return shutil.which(program, path=_environ()["PATH"])


def _environ() -> dict[str, str]:
    """The environment with the programs beside this Python first."""
    beside = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([beside, os.environ.get("PATH", "")])}


def test_a_node_program_logs_traces_and_evaluates(modules: Path, server: str, folder: str) -> None:
    """Spans that `fetch` sends are read, a flow without a status can be closed, and evaluations end with scores."""
    node = _find("node")
    assert node is not None
    done = subprocess.run(
        [node, str(_PROGRAM), server, folder],
        env={**_environ(), "NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert seen == {
        "trace": ["Because.", "complete"],
        "functions": ["doubled: 4", "doubled: 4", ["4"]],
        "checks": [[True], [True]],
        "decorated": [True],
        "type": "flow",
    }

"""The code of `evals-mcp completion` in real shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.stdio import environ, run_program

ASKED = {
    "bash": 'eval "$CODE"; COMP_LINE="evals-mcp call list_r"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; '
    "_python_argcomplete evals-mcp; printf '%s\\n' \"${COMPREPLY[@]}\"",
    "fish": 'echo "$CODE" | source; complete -C "evals-mcp call list_r"',
}


@pytest.mark.parametrize("shell", ASKED)
def test_a_shell_completes_a_tool(shell: str, tmp_path: Path) -> None:
    """As a person sees it who presses Tab."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    program = tmp_path / "evals-mcp"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m evals_mcp "$@"\n')
    program.chmod(0o755)
    code = run_program(["completion", shell]).stdout
    variables = environ(CODE=code, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}", HOME=str(tmp_path))
    asked = subprocess.run(
        [shell, "-c", ASKED[shell]], env=variables, capture_output=True, text=True, timeout=120, check=False
    )
    assert asked.stdout.split() == ["list_runs"], asked.stderr

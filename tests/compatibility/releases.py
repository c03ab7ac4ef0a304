"""Other releases of the official SDK, each in a folder of its own, and programs that run with one of them."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@functools.cache
def _install(folder: Path, release: str, *, alone: bool) -> str | None:
    """Put a release into a folder, with or without what it needs; what pip says if it cannot."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), f"humanloop=={release}"]
    done = subprocess.run([*command, *(["--no-deps"] if alone else [])], capture_output=True, text=True, timeout=300)
    return None if done.returncode == 0 else done.stderr


def run_with(release: str, program: str, base: Path, *arguments: str, alone: bool = True) -> dict[str, Any]:
    """What a program printed last, as JSON; skips the test where the package index cannot be reached.

    With `alone`, the release uses what is installed here in place of what it asks for.
    """
    folder = base / f"humanloop-{release}"
    if (problem := _install(folder, release, alone=alone)) is not None:
        pytest.skip(f"humanloop {release} cannot be installed: {problem.strip()[-200:]}")
    done = subprocess.run(
        [sys.executable, str(PROGRAMS / program), *arguments],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found

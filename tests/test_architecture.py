"""The structure that the design promises: imports, sizes and names."""

import ast
import re
from pathlib import Path

import importlinter.configuration
import pytest
from importlinter.application import use_cases

PACKAGE = Path(__file__).resolve().parents[1] / "server" / "evals_mcp"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
VAGUE = {"utils", "util", "helpers", "common", "misc", "core", "base", "manager"}


def test_imports_point_one_way() -> None:
    """The contracts in pyproject.toml hold, and every module has its place in them."""
    importlinter.configuration.configure()
    assert use_cases.lint_imports(config_filename=str(PACKAGE.parents[1] / "pyproject.toml"), cache_dir=None)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_stay_readable(path: Path) -> None:
    """No module has more than 360 lines, no function more than 60, and no name is a bucket."""
    text = path.read_text(encoding="utf-8")
    assert path.stem not in VAGUE
    assert len(text.splitlines()) <= 360
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 60, f"{node.name} has {node.end_lineno - node.lineno + 1} lines"


def test_only_the_command_line_prints() -> None:
    """Standard output belongs to the protocol."""
    printing = [path for path in MODULES if re.search(r"(?<![\w.])print\(", path.read_text(encoding="utf-8"))]
    assert {path.parent for path in printing} == {PACKAGE / "cli"}

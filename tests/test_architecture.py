"""The structure that the design promises: imports, sizes and names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import importlinter.configuration
from importlinter.application import use_cases

PACKAGE = Path(__file__).resolve().parents[1] / "server" / "evals_mcp"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
VAGUE = {"utils", "util", "helpers", "common", "misc", "core", "base", "manager"}


def test_imports_point_one_way() -> None:
    """The contracts in pyproject.toml hold, and every module has its place in them."""
    importlinter.configuration.configure()
    assert use_cases.lint_imports(config_filename=str(PACKAGE.parents[1] / "pyproject.toml"), cache_dir=None)


def test_modules_and_functions_stay_readable() -> None:
    """No module has more than 360 lines, no function more than 60, and no name is a bucket."""
    assert [path.stem for path in MODULES if path.stem in VAGUE] == []
    assert [found for path in MODULES for found in _too_long(path)] == []


def _too_long(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if (lines := len(text.splitlines())) > 360:
        yield f"{path.relative_to(PACKAGE)} has {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if (lines := node.end_lineno - node.lineno + 1) > 60:
                yield f"{node.name} in {path.relative_to(PACKAGE)} has {lines} lines"


def test_only_the_command_line_prints() -> None:
    """Standard output belongs to the protocol."""
    printing = [path for path in MODULES if re.search(r"(?<![\w.])print\(", path.read_text(encoding="utf-8"))]
    assert {path.parent for path in printing} == {PACKAGE / "cli"}

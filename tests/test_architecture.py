"""The structure that the design promises: imports, sizes, names, and what a start loads."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "server" / "evals_mcp"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
VAGUE = {"utils", "util", "helpers", "common", "misc", "core", "base", "manager"}


def test_imports_point_one_way() -> None:
    """The contracts in pyproject.toml hold, and every module has its place in them."""
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=PACKAGE.parents[1],
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


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


def test_the_server_starts_without_the_api_and_its_libraries() -> None:
    """The handshake waits for neither FastAPI nor SQLAlchemy, NumPy or httpx."""
    code = (
        "import sys\n"
        "from evals_mcp.config import Settings\n"
        "from evals_mcp.wiring import build_mcp_server\n"
        "build_mcp_server(Settings(database='never opened'))\n"
        "print([name for name in ('fastapi', 'sqlalchemy', 'alembic', 'numpy', 'httpx') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"


def test_only_the_command_line_prints() -> None:
    """Standard output belongs to the protocol."""
    printing = [path for path in MODULES if re.search(r"(?<![\w.])print\(", path.read_text(encoding="utf-8"))]
    assert {path.parent for path in printing} == {PACKAGE / "cli"}

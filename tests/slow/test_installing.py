"""The wheel, the bundle and the skill as people install and check them: with uvx, pipx, mcpb and Inspector.

Needs the extra `install` (Node, npm and uv) and package indexes that can be reached; skips without.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.e2e.stdio import Wire

from evals_mcp import __version__
from evals_mcp.tools import TOOLS

ROOT = Path(__file__).resolve().parents[2]
INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"
OLDEST_NODE = 22
_PLACES = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def program(name: str) -> str:
    """A program beside this Python, else on the path; skips where it is missing."""
    found = shutil.which(name, path=_PLACES)
    if found is None:
        pytest.skip(f"needs {name}, as the extra `install` brings it: pip install -e .[test,install]")
    return found


def environ(**variables: str) -> dict[str, str]:
    """This environment without what would put the code of the repository into a program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EVALS_MCP_"))}
    return {**kept, "PATH": _PLACES, **variables}


def run(command: Sequence[str], variables: Mapping[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end."""
    return subprocess.run(
        command, env=dict(variables), cwd=folder, capture_output=True, text=True, timeout=500, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this version; skips where its build tools are out of reach."""
    folder = tmp_path_factory.mktemp("wheel")
    done = run([program("uv"), "build", "--wheel", "--out-dir", str(folder), str(ROOT)], environ(), folder)
    if "Failed to fetch" in done.stderr:
        pytest.skip("the package index is out of reach")
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def npx(tmp_path_factory: pytest.TempPathFactory) -> str:
    """npx with a Node that is new enough, at an npm registry that can be reached."""
    found = program("npx")
    version = run([program("node"), "--version"], environ(), ROOT).stdout
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"needs Node {OLDEST_NODE} or later, and {version.strip()} is first on the path")
    if run([program("npm"), "ping"], environ(), tmp_path_factory.mktemp("npm")).returncode != 0:
        pytest.skip("the npm registry is out of reach")
    return found


@pytest.mark.parametrize(
    "command",
    [("uvx", "--from", "WHEEL", "evals-mcp"), ("uvx", "pipx", "run", "--spec", "WHEEL", "evals-mcp")],
    ids=["uvx", "pipx"],
)
def test_the_wheel_runs_without_being_installed(wheel: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    """With all tools and the skill, from nothing but the wheel."""
    started = [program(command[0]), *(str(wheel) if part == "WHEEL" else part for part in command[1:])]
    places = {"PIPX_HOME": str(tmp_path / "pipx"), "PYTHONPATH": "", "XDG_DATA_HOME": str(tmp_path / "data")}
    with Wire({**environ(), **places}, program=started, cwd=tmp_path) as wire:
        assert wire.hello["serverInfo"]["version"] == __version__
        assert [tool["name"] for tool in wire.request("tools/list")["result"]["tools"]] == [tool.name for tool in TOOLS]
        (skill,) = wire.request("skills/list")["result"]["skills"]
        assert wire.request("resources/read", {"uri": skill["uri"]})["result"]["contents"]
        assert wire.wait() == 0


def test_the_bundle_is_built_and_starts_where_it_was_unpacked(npx: str, tmp_path: Path) -> None:
    """As the host starts it, from an empty cache; the script fails if a tool is missing or the start is too slow."""
    program("uv")
    file = tmp_path / "evals.mcpb"
    done = run([sys.executable, str(ROOT / "scripts" / "bundle.py"), str(file)], environ(), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(TOOLS)} tools" in done.stdout
    assert "first start, empty cache: handshake after" in done.stdout
    assert file.stat().st_size < 5_000_000


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_inspector_verifies_the_skill(npx: str, tmp_path: Path, era: str) -> None:
    """Its form, its frontmatter, and the digest of each of its files, over stdio."""
    server = [sys.executable, "-m", "evals_mcp"]
    asked = ["--method", "skills/list", "--verify", "--require-digests", "--format", "json", "--protocol-era", era]
    variables = environ(PYTHONPATH=str(ROOT / "server"), EVALS_MCP_DATABASE=str(tmp_path / "evals.db"))
    done = run([npx, "--yes", INSPECTOR, "--cli", *server, *asked], variables, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout.splitlines()[0])
    assert (report["name"], report["outcome"], report["conformance"]) == ("review-evaluations", "verified", [])
    assert {file["status"] for file in report["files"]} == {"verified"}
    assert len(report["files"]) == 4

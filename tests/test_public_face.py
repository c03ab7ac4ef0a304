"""README, manifest and changelog say what the code does."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from evals_mcp import __version__
from evals_mcp.config import Settings
from evals_mcp.demo import load_demo
from evals_mcp.review.review import Review
from evals_mcp.tools import TOOLS
from evals_mcp.tools.list_runs import list_runs
from evals_mcp.wiring import build_client

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def docs() -> ModuleType:
    """The script that writes the tables."""
    specification = importlib.util.spec_from_file_location("docs_script", ROOT / "scripts" / "docs.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_tables_in_the_readme_and_the_manifest_are_up_to_date(docs: ModuleType) -> None:
    """What is generated is as the code would generate it now."""
    assert docs.stale() == []


def test_the_manifest_names_version_tools_and_entry() -> None:
    """Claude Desktop installs the version that this is, with its tools, and starts a file that exists."""
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["version"] == __version__
    assert [tool["name"] for tool in manifest["tools"]] == [tool.name for tool in TOOLS]
    assert (ROOT / manifest["server"]["entry_point"]).is_file()
    assert manifest["server"]["type"] == "uv"
    assert manifest["user_config"]["api_key"]["sensitive"] is True


def test_every_setting_of_the_manifest_is_one_that_the_server_reads(docs: ModuleType) -> None:
    """The bundle sets only variables that are documented."""
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["server"]["mcp_config"]["env"]) <= set(docs.VARIABLES)


def test_the_newest_section_of_the_changelog_is_this_version() -> None:
    """A release cannot forget its changes."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", text, re.MULTILINE)[0] == __version__


def test_the_readme_is_short_and_starts_with_the_first_success() -> None:
    """A newcomer sees the command that shows it working on the first screen."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    assert "pip install . && evals-mcp demo" in lines[:12]


@pytest.mark.anyio
async def test_the_example_in_the_readme_is_a_real_answer(tmp_path: Path) -> None:
    """Every line of it stands in what list_runs answers about the sample, but for ids."""
    settings = Settings(database=str(tmp_path / "demo.db"))
    await load_demo(settings)
    async with build_client(settings) as client:
        answer = await list_runs(Review(client), "Which prompt answers tickets")
    shown = re.sub(r" \((evr|run)_\w+\)| \| (run_\w+|id)$", "", answer, flags=re.MULTILINE).splitlines()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = readme.split("<!-- START EXAMPLE -->")[1].split("<!-- END EXAMPLE -->")[0].strip().strip("`").strip()
    assert [line for line in example.splitlines() if line not in shown] == []

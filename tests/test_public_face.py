"""README, manifest, documentation and changelog say what the code does."""

import importlib.util
import json
import re
import shutil
import struct
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement

from evals_mcp import __version__
from evals_mcp.config import VARIABLES, read_settings
from evals_mcp.importers.formats import folder_formats, formats
from evals_mcp.mcp.prompts import PROMPTS
from evals_mcp.tools import TOOLS
from evals_mcp.variables import DEFAULT_JOURNAL_DAYS, DEFAULT_MAX_TOKENS, LEAST_TOKENS, MOST_JOURNAL_DAYS, MOST_TOKENS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.fixture
def docs() -> ModuleType:
    """The script that writes the tables."""
    specification = importlib.util.spec_from_file_location("docs_script", ROOT / "scripts" / "docs.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_tables_and_answers_in_the_documentation_are_up_to_date(docs: ModuleType) -> None:
    """What is generated is as the code would generate it now: figures, words, tools and settings."""
    assert docs.stale() == []


def test_the_manifest_names_version_tools_prompts_and_entry() -> None:
    """Claude Desktop installs the version that this is, with its tools and prompts, and starts a file that exists."""
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["version"] == __version__
    assert [tool["name"] for tool in manifest["tools"]] == [tool.name for tool in TOOLS]
    assert [prompt["name"] for prompt in manifest["prompts"]] == [prompt.name for prompt in PROMPTS]
    assert all("${arguments.evaluation}" in prompt["text"] for prompt in manifest["prompts"])
    assert (ROOT / manifest["server"]["entry_point"]).is_file()
    assert manifest["server"]["type"] == "uv"
    assert manifest["user_config"]["api_key"]["sensitive"] is True


def test_the_bundle_asks_for_every_setting_that_the_server_reads() -> None:
    """Each variable comes from a field of its own, with the default and the limits of the server."""
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    fields, started = manifest["user_config"], manifest["server"]["mcp_config"]
    # Only an argument can hold several folders.
    assert started["args"][-2:] == ["--import-dirs", "${user_config.import_dirs}"]
    variables = started["env"] | {"EVALS_MCP_IMPORT_DIRS": started["args"][-1]}
    assert set(variables) == set(VARIABLES)
    assert sorted(variables.values()) == sorted(f"${{user_config.{name}}}" for name in fields)
    assert all(field["title"] and field["description"] and not field["required"] for field in fields.values())
    length = fields["max_tokens"]
    assert (length["default"], length["min"], length["max"]) == (DEFAULT_MAX_TOKENS, LEAST_TOKENS, MOST_TOKENS)
    days = fields["journal_days"]
    assert (days["default"], days["min"], days["max"]) == (DEFAULT_JOURNAL_DAYS, 1, MOST_JOURNAL_DAYS)
    unchanged = {"EVALS_MCP_MAX_TOKENS": str(length["default"]), "EVALS_MCP_READ_ONLY": "false"}
    unchanged["EVALS_MCP_JOURNAL_DAYS"] = str(days["default"])
    assert read_settings(unchanged) == read_settings({})


def test_the_newest_section_of_the_changelog_is_this_version() -> None:
    """A release cannot forget its changes."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", text, re.MULTILINE)[0] == __version__


def test_the_readme_is_short_and_starts_with_the_first_success() -> None:
    """A newcomer sees the command that shows it working on the first screen."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 170
    assert "pip install . && evals-mcp demo" in lines[:12]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(page: Path) -> None:
    """Within the repository, and from the file that they stand in."""
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_into_pages_lead_to_headings(page: Path) -> None:
    """As GitHub calls them: small, without signs, and with hyphens between the words."""
    links = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8"))
    own = [((page.parent / file).resolve() if file else page, name) for file, name in links if "://" not in file]
    assert [name for file, name in own if name not in _headings(file)] == []


def _headings(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_readme() -> None:
    """Documentation that nobody links to is not read. Pages of a folder are linked from the page of its name."""
    unlinked = [page for page in PAGES if page != ROOT / "README.md" and not _is_linked(page)]
    assert [str(page.relative_to(ROOT)) for page in unlinked] == []


def _is_linked(page: Path) -> bool:
    above = page.parent.with_suffix(".md")
    start = above if above.is_file() and ROOT in above.parents else ROOT / "README.md"
    return f"({page.relative_to(start.parent)})" in start.read_text(encoding="utf-8")


def test_each_format_of_imports_has_a_page() -> None:
    """Called as the option calls it, and linked where people begin to read."""
    text = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
    names = {format.name for format in folder_formats()} | {format.name for format in formats()}
    assert {name for name in names if f"[{name}](importing/{name}.md)" not in text} == set()


def test_the_way_around_names_every_layer() -> None:
    """CONTRIBUTING shows the layers that the linter holds, in their order."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = [layer.split(" | ") for layer in contracts[0]["layers"] if layer != "__main__"]
    shown = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```")[3]
    assert [re.split(r",\s*", layer.strip()) for layer in shown.split("→")] == layers


def test_the_source_package_holds_what_a_contributor_needs() -> None:
    """All that is in the repository, but for what only git reads."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        packed = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    by_itself = {".gitignore", "pyproject.toml"}
    assert {f"/{name.split('/')[0]}" for name in listed if name not in by_itself} == set(packed)


def test_the_bundle_pins_what_it_installs() -> None:
    """A first start resolves nothing: the lock file has what pyproject.toml asks for; `uv lock` writes it."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    with (ROOT / "uv.lock").open("rb") as file:
        (ours,) = [package for package in tomllib.load(file)["package"] if package["name"] == "evals-mcp"]
    locked = [item for item in ours["metadata"]["requires-dist"] if "extra ==" not in item.get("marker", "")]
    assert {_requirement(item) for item in locked} == {str(Requirement(text)) for text in wanted}
    assert not {"uv.lock", "icon.png", "pyproject.toml"} & set((ROOT / ".mcpbignore").read_text().split())


def _requirement(locked: dict[str, Any]) -> str:
    extras = f"[{','.join(locked['extras'])}]" if "extras" in locked else ""
    marker = f"; {locked['marker']}".replace("_full_version", "_version") if "marker" in locked else ""
    return str(Requirement(f"{locked['name']}{extras}{locked.get('specifier', '')}{marker}"))


def test_the_bundle_has_an_icon_of_512_pixels() -> None:
    """As the store of extensions shows it."""
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    header = (ROOT / manifest["icon"]).read_bytes()[:26]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (512, 512)


def test_the_readme_shows_each_host() -> None:
    """With what each needs: Claude Code for every folder, and Codex waiting for the server."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for host in ("Claude Code", "Claude Desktop", "Cursor", "VS Code", "Codex", "Gemini CLI"):
        assert f"**{host}**" in text
    assert "claude mcp add --scope user evals -- " in text
    codex = tomllib.loads(text.split("```toml\n")[1].split("```")[0])
    assert codex["mcp_servers"]["evals"] == {"command": "/path/to/evals-mcp", "required": True}


def test_the_bundle_holds_nothing_that_git_ignores() -> None:
    """Caches, databases and environments stay at home, and so does what only developers read."""
    left_out = set((ROOT / ".mcpbignore").read_text(encoding="utf-8").split())
    assert set((ROOT / ".gitignore").read_text(encoding="utf-8").split()) <= left_out
    assert {"tests/", "benchmarks/", "docs/", "scripts/", ".git/"} <= left_out

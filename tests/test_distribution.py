"""What people find and install: the registry's entry, install links, the bundle and the image."""

import base64
import importlib.util
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from jsonschema import Draft7Validator, FormatChecker, ValidationError  # type: ignore[import-untyped,unused-ignore]
from skillsaw.config import LinterConfig
from skillsaw.context import RepositoryContext
from skillsaw.linter import Linter

from evals_mcp import __version__
from evals_mcp.config import VARIABLES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENTRY = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SECRET = re.compile(r"(?i)(password|secret|token|api_?key)\w*\s*=\s*\S")


@pytest.fixture
def bundle() -> ModuleType:
    """The script that builds the bundle."""
    specification = importlib.util.spec_from_file_location("bundle_script", ROOT / "scripts" / "bundle.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_entry_follows_the_schema_that_it_names() -> None:
    """As the registry checks it before it publishes one; the schema comes with a linter."""
    schemas = Path(str(importlib.util.find_spec("skillsaw").origin)).parent / "schemas" / "mcp_registry"  # type: ignore[union-attr]
    found = [json.loads(path.read_text(encoding="utf-8")) for path in schemas.glob("*/server.schema.json")]
    (schema,) = [schema for schema in found if schema["$id"] == ENTRY["$schema"]]
    Draft7Validator(schema, format_checker=FormatChecker()).validate(ENTRY)
    with pytest.raises(ValidationError):
        Draft7Validator(schema).validate({**ENTRY, "description": "x" * 101})


def test_the_entry_keeps_the_rules_of_the_registry(tmp_path: Path) -> None:
    """Namespaces, versions and package types, which a schema cannot tell."""
    shutil.copy(ROOT / "server.json", tmp_path)
    found = Linter(RepositoryContext(tmp_path), LinterConfig()).run()
    assert [str(problem) for problem in found if problem.severity.value != "info"] == []


def test_the_entry_is_this_version_of_this_package() -> None:
    """The registry refuses a version that the package index does not have, and a README without the entry's name."""
    (package,) = ENTRY["packages"]
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert (package["registryType"], package["identifier"]) == ("pypi", project["name"])
    assert ENTRY["version"] == package["version"] == __version__
    assert project["readme"] == "README.md"
    assert re.findall(r"mcp-name: (\S+)", README) == [ENTRY["name"]]


def test_the_entry_asks_for_every_setting_and_hides_the_key() -> None:
    """None is required: without any, the server opens the database in the user's folder."""
    (package,) = ENTRY["packages"]
    variables = {variable["name"]: variable for variable in package["environmentVariables"]}
    assert set(variables) == set(VARIABLES)
    assert [name for name, variable in variables.items() if variable.get("isSecret")] == ["HUMANLOOP_API_KEY"]
    assert not any(variable["isRequired"] for variable in variables.values())
    assert {name: variable["default"] for name, variable in variables.items() if "default" in variable} == {
        "EVALS_MCP_MAX_TOKENS": "4000",
        "EVALS_MCP_READ_ONLY": "false",
        "EVALS_MCP_JOURNAL_DAYS": "90",
    }


def _of_vs_code(link: str) -> dict[str, Any]:
    """What VS Code adds: its address is the redirect's, and its settings are the rest of that."""
    (address,) = parse_qs(urlsplit(link).query)["url"]
    assert address.startswith("vscode:mcp/install?")
    added: dict[str, Any] = json.loads(unquote(address.split("?", 1)[1]))
    return added


def _of_cursor(link: str) -> dict[str, Any]:
    """What Cursor adds: a name, and settings in base 64."""
    query = parse_qs(urlsplit(link).query)
    added: dict[str, Any] = json.loads(base64.b64decode(query["config"][0], validate=True))
    return {"name": query["name"][0], **added}


@pytest.mark.parametrize(
    ("host", "site", "read"),
    [("VS Code", "insiders.vscode.dev", _of_vs_code), ("Cursor", "cursor.com", _of_cursor)],
)
def test_an_install_link_adds_the_command_under_its_name(
    host: str, site: str, read: Callable[[str], dict[str, Any]]
) -> None:
    """Pages on the web show links of the web alone, so each goes through a page of the host."""
    (link,) = re.findall(rf"\[Add to {host}\]\((\S+?)\)", README)
    assert (urlsplit(link).scheme, urlsplit(link).hostname) == ("https", site)
    with (ROOT / "pyproject.toml").open("rb") as file:
        (command,) = tomllib.load(file)["project"]["scripts"]
    assert read(link) == {"name": "evals", "command": command}


def test_no_page_promises_an_index_that_does_not_have_the_package() -> None:
    """Before the first release, nothing installs it by its name alone."""
    for page in ROOT.glob("**/*.md"):
        if ".venv" not in page.parts:
            text = page.read_text(encoding="utf-8")
            assert not re.search(r"(uvx|pipx run|pipx install|pip install|uv tool install) evals-mcp", text), page


def test_the_bundle_builds_nothing_at_its_first_start(bundle: ModuleType, tmp_path: Path) -> None:
    """A build would fetch tools that no lock file pins. The locked versions stay as they are."""
    for name in ("uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    bundle.run_in_place(tmp_path)
    with (ROOT / "uv.lock").open("rb") as file:
        before = {package["name"]: package for package in tomllib.load(file)["package"]}
    with (tmp_path / "uv.lock").open("rb") as file:
        after = {package["name"]: package for package in tomllib.load(file)["package"]}
    assert after.pop("evals-mcp")["source"] == {"virtual": "."}
    assert before.pop("evals-mcp")["source"] == {"editable": "."}
    assert after == before
    with (tmp_path / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["tool"]["uv"] == {"package": False}


def test_screenshots_are_in_the_bundle_if_there_are_any(bundle: ModuleType, tmp_path: Path) -> None:
    """Under the places that its manifest names."""
    (tmp_path / "made").mkdir()
    pictures = [tmp_path / "made" / f"{name}.png" for name in ("comparison", "labelling")]
    for picture in pictures:
        picture.write_bytes(b"\x89PNG")
    shutil.copy(ROOT / "manifest.json", tmp_path)
    bundle.add_screenshots(tmp_path, [])
    assert (tmp_path / "manifest.json").read_text() == (ROOT / "manifest.json").read_text()
    bundle.add_screenshots(tmp_path, pictures)
    named = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["screenshots"]
    assert named == ["screenshots/comparison.png", "screenshots/labelling.png"]
    assert all((tmp_path / name).read_bytes() == b"\x89PNG" for name in named)


def _instructions(name: str) -> list[str]:
    """What follows each instruction of this name in the Dockerfile, with its continued lines."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return re.findall(rf"^{name} (.+)$", text, re.MULTILINE)


def test_the_image_runs_without_rights_and_tells_whether_it_is_ready() -> None:
    """The last user is a number without rights, so that orchestrators can check it; nothing is run by a shell."""
    assert _instructions("USER") == ["10001"]
    assert DOCKERFILE.index("USER") > DOCKERFILE.rindex("RUN")
    (check,) = _instructions("HEALTHCHECK")
    assert "/ready" in check
    for form in (check.split("CMD ")[1], *_instructions("ENTRYPOINT"), *_instructions("CMD"), *_instructions("VOLUME")):
        assert isinstance(json.loads(form), list)
    assert json.loads(_instructions("ENTRYPOINT")[0]) == ["evals-mcp"]
    assert "/data/evals.db" in _instructions("ENV")[0]
    assert json.loads(_instructions("VOLUME")[0]) == ["/data"]


def test_the_image_is_made_of_pinned_parts() -> None:
    """An exact base, an exact uv, and the versions of the lock file."""
    (base,) = _instructions("ARG")
    assert re.fullmatch(r"BASE=docker\.io/library/python:3\.\d+\.\d+-slim-[a-z]+", base)
    assert {image.split()[0] for image in _instructions("FROM")} == {"${BASE}"}
    steps = " ".join(_instructions("RUN"))
    assert re.search(r"pip install --no-cache-dir uv==\d+\.\d+\.\d+", steps)
    assert "uv sync --frozen" in steps
    assert not re.search(r"apt-get|curl|wget|latest", DOCKERFILE)
    assert not _instructions("ADD")


def test_no_secret_and_nothing_but_the_package_gets_into_the_image() -> None:
    """Databases, keys and the history stay where they are."""
    assert not SECRET.search(DOCKERFILE)
    kept = {line for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()
    copied = {part.strip("./") for line in _instructions("COPY") if "--from" not in line for part in line.split()[:-1]}
    assert (
        {line.strip("!/") for line in kept} == copied == {"LICENSE", "README.md", "pyproject.toml", "uv.lock", "server"}
    )


def test_the_documentation_says_how_to_run_the_image() -> None:
    """With a root that cannot be written, and a key before the server is reached from outside."""
    text = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    run = text.split("## In a container")[1].split("## ")[0]
    for words in ("--read-only", "--cap-drop ALL", "no-new-privileges", "keys create", "--volume evals:/data"):
        assert words in run


def test_every_file_that_git_tracks_is_staged(bundle: ModuleType, tmp_path: Path) -> None:
    """And nothing else, so that no database or environment of the developer gets into a bundle."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")
    bundle.stage(tmp_path)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    staged = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {name for name in staged if not name.startswith("screenshots/")} == set(listed)

"""What is slow to load comes when it is needed: a host drops a server that is slow to start."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from platformdirs import user_cache_dir
from tests.handshake.transcripts import INITIALIZED, initialize, request

from evals_mcp.handshake.bytecode import keep_bytecode

SERVER = Path(__file__).resolve().parents[1] / "server"
STEPS = """
import importlib, json, pkgutil, sys

def load(package):
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        importlib.import_module(module.name)

def built_models():
    from evals_mcp.models.model import Model
    waiting, built = [Model], []
    while waiting:
        for model in waiting.pop().__subclasses__():
            waiting.append(model)
            built += [model.__name__] if model.__pydantic_complete__ else []
    return built

def loaded(*names):
    return [name for name in names if name in sys.modules]

found = {}
load("evals_mcp.statistics")
found["statistics"] = loaded("numpy", "scipy", "statsmodels", "statistics")
load("evals_mcp.models")
found["models"] = built_models()
from evals_mcp.client.client import EvalsClient
EvalsClient()
found["client"] = loaded("httpx")
from evals_mcp.config import Settings
from evals_mcp.wiring import build_client, build_mcp_server
build_client(Settings(database="never opened"))
found["commands"] = loaded("mcp")
build_mcp_server(Settings(database="never opened"))
found["server"] = loaded("fastapi", "sqlalchemy", "alembic", "numpy", "httpx")
found["importers"] = loaded("evals_mcp.importers.importing", "evals_mcp.importers.formats", "evals_mcp.sample")
import evals_mcp.cli.main
found["commands"] += loaded("argcomplete", "tomlkit", "evals_mcp.hosts", "evals_mcp.doctor")
print(json.dumps(found))
"""


@pytest.mark.process
def test_what_is_slow_to_load_is_not_loaded_at_the_start() -> None:
    """NumPy comes with the first comparison, httpx with the first request, the API and its database behind the start,
    importers with the first import, what only some commands need with these, and the protocol only with the server.

    No validator of a model is built by importing it.
    """
    done = subprocess.run(
        [sys.executable, "-c", STEPS], env={"PYTHONPATH": str(SERVER)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    kinds = ("statistics", "models", "client", "server", "importers", "commands")
    assert json.loads(done.stdout) == {kind: [] for kind in kinds}


FIRST = b"\n".join([initialize(), INITIALIZED, request("tools", "tools/list"), b""])
LIGHT = {"evals_mcp", "variables", "handshake", "answers", "bytecode", "capabilities", "early", "settings", "start"}


ANSWERED = """
import json, os, sys
from evals_mcp.handshake.settings import early_settings
from evals_mcp.handshake.start import answer_early
answer_early(early_settings([], os.environ)).wait()
sys.stderr.write(json.dumps(list(sys.modules)))
"""


@pytest.mark.process
def test_a_host_gets_its_first_answers_before_anything_is_loaded() -> None:
    """A handful of modules of ours, those of JSON, threads and signals, and nothing that was installed."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", ANSWERED],
        env={"PYTHONPATH": str(SERVER)},
        input=FIRST,
        capture_output=True,
        check=True,
    )
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [0, "tools"]
    imported = json.loads(done.stderr)
    assert {name.rpartition(".")[2] for name in imported if name.startswith("evals_mcp")} == LIGHT
    heavy = {"typing", "asyncio", "argparse", "dataclasses", "inspect", "logging", "pathlib", "platformdirs", "socket"}
    assert {name for name in imported if name.partition(".")[0] in heavy} == set()
    assert len(imported) < 90


def test_every_entry_starts_with_the_handshake() -> None:
    """The command, the module and the bundle."""
    with (SERVER.parent / "pyproject.toml").open("rb") as file:
        (command,) = tomllib.load(file)["project"]["scripts"].values()
    assert command == "evals_mcp.handshake.start:main"
    for path in (SERVER / "main.py", SERVER / "evals_mcp" / "__main__.py"):
        code = path.read_text(encoding="utf-8")
        assert re.findall(r"from (evals_mcp\S*) import main", code) == ["evals_mcp.handshake.start"]
        assert code.count("evals_mcp.") == 1


def test_modules_are_kept_in_the_cache_folder_where_they_cannot_be_kept_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless they are there, or whoever started Python wants it otherwise."""
    kept = tmp_path / "kept.pyc"
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    keep_bytecode(str(kept))
    assert sys.pycache_prefix == str(Path(user_cache_dir("evals-mcp", appauthor=False)) / "bytecode")

    monkeypatch.setattr(sys, "pycache_prefix", "elsewhere")
    keep_bytecode(str(kept))
    assert sys.pycache_prefix == "elsewhere"

    monkeypatch.setattr(sys, "pycache_prefix", None)
    kept.touch()
    keep_bytecode(str(kept))
    keep_bytecode(None)
    assert sys.pycache_prefix is None
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    keep_bytecode(str(tmp_path / "absent.pyc"))
    assert sys.pycache_prefix is None

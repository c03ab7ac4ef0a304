"""What is slow to load comes when it is needed: a host drops a server that is slow to start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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

"""The bundle for Claude Desktop, started as its manifest says, from a folder that it was unpacked to."""

import json
import shutil
from pathlib import Path

import pytest
from tests.e2e.stdio import SERVER, Wire

MANIFEST = json.loads((SERVER.parent / "manifest.json").read_text(encoding="utf-8"))
FOLDER = "${__dirname}"


@pytest.mark.process
def test_the_bundle_starts_with_every_field_left_as_it_is(tmp_path: Path) -> None:
    """Fields without a default arrive as placeholders; what runs is the code of the bundle."""
    shutil.copytree(SERVER, tmp_path / "server", ignore=shutil.ignore_patterns("__pycache__"))
    started = MANIFEST["server"]["mcp_config"]
    assert (started["command"], started["args"][:4]) == ("uv", ["run", "--frozen", "--directory", FOLDER])
    assert started["args"][4] == MANIFEST["server"]["entry_point"]
    defaults = {
        f"${{user_config.{name}}}": json.dumps(field["default"])
        for name, field in MANIFEST["user_config"].items()
        if "default" in field
    }
    variables = {name: defaults.get(value, value) for name, value in started["env"].items()}
    variables |= {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data"), "PYTHONPATH": ""}
    with Wire(variables, command=started["args"][4:], cwd=tmp_path) as wire:
        assert {tool["name"] for tool in wire.request("tools/list")["result"]["tools"]} == {
            tool["name"] for tool in MANIFEST["tools"]
        }
        assert wire.request("prompts/list")["result"]["prompts"]
        empty = wire.answer("list_evaluations")
        assert "evals-mcp import" not in empty
        assert 'add the folder to "Folders to import from"' in empty
        assert not list((tmp_path / "data").rglob("*"))
        assert wire.answer("import_results", path="sample").startswith("Imported 1 evaluation: 3 runs")
        wire.wait()
    assert [path.name for path in (tmp_path / "data").rglob("*.db")] == ["evals.db"]

"""The bundle for Claude Desktop, started as its manifest says, from a folder that it was unpacked to."""

from pathlib import Path

import pytest
from tests.bundled import MANIFEST, started_with, unpack
from tests.e2e.stdio import Wire


@pytest.mark.slow
@pytest.mark.process
def test_the_bundle_starts_with_every_field_left_as_it_is(tmp_path: Path) -> None:
    """Fields without a default arrive as placeholders; what runs is the code of the bundle, with its skill."""
    unpack(tmp_path)
    started = started_with(tmp_path)
    with Wire(started.variables, command=started.command, cwd=tmp_path) as wire:
        assert {tool["name"] for tool in wire.request("tools/list")["result"]["tools"]} == {
            tool["name"] for tool in MANIFEST["tools"]
        }
        assert wire.request("prompts/list")["result"]["prompts"]
        (skill,) = wire.request("skills/list")["result"]["skills"]
        for file in skill["resources"]:
            (content,) = wire.request("resources/read", {"uri": file["uri"]})["result"]["contents"]
            assert len(content["text"].encode()) == file["size"]
        empty = wire.answer("list_evaluations")
        assert "evals-mcp import" not in empty
        assert 'add the folder to "Folders to import from"' in empty
        assert not list((tmp_path / "data").rglob("*"))
        assert wire.answer("import_results", path="sample").startswith("Imported 1 evaluation: 3 runs")
        wire.wait()
    assert [path.name for path in (tmp_path / "data").rglob("*.db")] == ["evals.db"]

"""The bundle with fields that a person filled in."""

from pathlib import Path

from tests.bundled import field_of, started_with, unpack
from tests.e2e.stdio import Wire

_TABLE = "question,answer,correct\nWhy?,Because.,true\n"


def test_the_chat_imports_from_the_folders_that_a_person_picks(tmp_path: Path) -> None:
    """Several, with blanks in their names; files elsewhere are refused."""
    assert (field_of("import_dirs")["type"], field_of("import_dirs")["multiple"]) == ("directory", True)
    unpack(tmp_path)
    picked = [tmp_path / "My results", tmp_path / "more"]
    for folder in (*picked, tmp_path / "elsewhere"):
        folder.mkdir()
        (folder / "results.csv").write_text(_TABLE, encoding="utf-8")
    started = started_with(tmp_path, import_dirs=[str(folder) for folder in picked])
    with Wire(started.variables, command=started.command, cwd=tmp_path) as wire:
        for number, folder in enumerate(picked):
            answer = wire.answer("import_results", path=str(folder / "results.csv"), evaluation=f"Results {number}")
            assert answer.startswith("Imported 1 evaluation")
        refused = wire.failure("import_results", path=str(tmp_path / "elsewhere" / "results.csv"))
        assert 'add the folder to "Folders to import from"' in refused


def test_a_person_can_have_it_read_only_with_short_answers(tmp_path: Path) -> None:
    """Numbers and switches arrive as text."""
    unpack(tmp_path)
    started = started_with(tmp_path, read_only="true", max_tokens="600", database=str(tmp_path / "own.db"))
    with Wire(started.variables, command=started.command, cwd=tmp_path) as wire:
        tools = {tool["name"]: tool for tool in wire.request("tools/list")["result"]["tools"]}
        assert "import_results" not in tools
        assert tools["list_runs"]["inputSchema"]["properties"]["max_tokens"]["default"] == 600
        assert str(tmp_path / "own.db") in wire.answer("list_evaluations")

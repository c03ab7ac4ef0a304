"""Formats are told by content, named, and added by other packages."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.importers.reading import read_as

from evals_mcp.errors import Invalid
from evals_mcp.importers import formats

PAGE = Path(__file__).resolve().parents[2] / "docs" / "importing" / "own-format.md"


def test_the_reader_in_the_documentation_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an entry point of another package would add it, before the formats that are here."""
    written: dict[str, Any] = {}
    exec(PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0], written)
    point = SimpleNamespace(load=lambda: written["FORMAT"])
    monkeypatch.setattr(formats, "entry_points", lambda group: [point] if group == "evals_mcp.importers" else [])
    path = tmp_path / "results.mine"
    row = {"model": "m", "temperature": 0, "question": "1+1?", "gold": "2", "text": "3"}
    path.write_text(json.dumps(row) + "\n")
    (result,), _ = read_as("mine", path)
    assert (result.version.label, result.version.content, result.output) == ("m", {"temperature": 0}, "3")
    assert (result.scores[0].evaluator, result.scores[0].judgment, str(result.location)) == (
        "exact",
        False,
        "results.mine, line 1",
    )


def test_a_named_format_is_that_of_its_files(tmp_path: Path) -> None:
    """Of several readers of a name the one that knows the file, else the first; an unknown name lists all."""
    table = tmp_path / "results.csv"
    table.write_text('q,[mini] A\n1,"[PASS] (1.00)\n\nyes"\n')
    for name in ("promptfoo", None):
        found = formats.format_of(table, name)
        assert found is not None
        assert found.name == "promptfoo"
        assert found.recognises(table)
    other = tmp_path / "other.json"
    other.write_text("{}")
    first = formats.format_of(other, "promptfoo")
    assert first is not None
    assert (first.name, first.recognises(other)) == ("promptfoo", False)
    with pytest.raises(Invalid, match=r"There is no format 'promptfo'\. Formats: humanloop, promptfoo, inspect, "):
        formats.format_of(other, "promptfo")


def test_formats_that_name_evaluations_are_known() -> None:
    """Files of the others are called like the file or folder."""
    naming = {format.name for format in formats.formats() if format.names_evaluations}
    assert naming == {"promptfoo", "inspect", "lm-eval", "openai-evals", "openai-platform"}

"""Results from the rows of a table."""

import json
from pathlib import Path

from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.tables.results import read_table


def test_a_column_that_comes_late_is_kept(tmp_path: Path) -> None:
    """As metadata, because what it holds was not guessed."""
    rows = [{"input": "q", "output": "x"}] * 2_000 + [{"input": "q", "output": "x", "seed": 7}]
    path = tmp_path / "late.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    _, results = read_table(path, Chosen())
    assert [result.metadata for result in results][-2:] == [{}, {"seed": 7}]

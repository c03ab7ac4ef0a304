"""A person says "load results.csv from my Downloads" in a host, and asks about it."""

from pathlib import Path

import pytest
from tests.e2e.stdio import Wire

from evals_mcp.answers.frame.quoting import name

CSV = "question,expected,answer_a,answer_b,score_a,score_b\n" + "".join(
    f"{n}+{n}?,{n + n},{n + n},{n + n if n < 3 else 'no'},1,{int(n < 3)}\n" for n in range(10)
)


@pytest.mark.slow
@pytest.mark.process
def test_a_table_in_an_allowed_folder_is_answered_about_a_minute_later(tmp_path: Path) -> None:
    """The empty database leads to the import, the import to list_runs, and list_runs to the figures."""
    downloads = tmp_path / "Downloads"
    downloads.mkdir()
    (downloads / "results.csv").write_text(CSV)
    database = tmp_path / "data" / "evals.db"
    variables = {"EVALS_MCP_DATABASE": str(database), "EVALS_MCP_IMPORT_DIRS": str(downloads)}
    with Wire(variables) as wire:
        assert f'import_results(path="results.csv") reads below {name(str(downloads))}.' in wire.answer(
            "list_evaluations"
        )
        assert not database.parent.exists()
        imported = wire.answer("import_results", path="Downloads/results.csv")
        assert imported.startswith("Imported 1 evaluation: 2 runs, 20 logs, 20 judgments.\n")
        assert imported.splitlines()[-2] == 'Next: list_runs(evaluation="results")'
        figures = wire.answer("list_runs", evaluation="results")
        assert "b | 10 | 30% true (-70 points)" in figures
        assert wire.wait() == 0

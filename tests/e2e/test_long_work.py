"""Whoever waits is told how far long work is: in a host by notifications, in a terminal by a bar."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tests.e2e import in_process
from tests.e2e.in_process import connect, run

from evals_mcp.config import Settings
from evals_mcp.importers import importing
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.questions import ComparisonQuestion
from evals_mcp.steps import listening
from evals_mcp.wiring import build_client

NAME = "Which prompt answers tickets"
Told = list[tuple[float, float | None, str]]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of 120 results in a folder that the chat may read."""
    path = tmp_path / "allowed" / "results.csv"
    path.parent.mkdir()
    lines = (f"question {n},answer {n},{n % 2}\n" for n in range(120))
    path.write_text(f"question,output,score\n{''.join(lines)}")
    return path


def variables(table: Path) -> dict[str, str]:
    """The environment of a server whose chat may read the table."""
    return {
        "EVALS_MCP_DATABASE": str(table.parent.parent / "evals.db"),
        "EVALS_MCP_IMPORT_DIRS": str(table.parent),
    }


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_an_import_tells_rows_and_records_of_how_many(
    table: Path, monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    """Always more than before, at the end all; a call without a token is told nothing."""
    told: Told = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message or ""))

    monkeypatch.setattr(importing, "_RESULTS_A_REPORT", 50)
    async with connect(variables(table), mode) as assistant:
        await assistant.host.call_tool("import_results", {"path": "results.csv"}, progress_callback=note)
        heard = list(told)
        assert "Imported 1 evaluation" in await assistant.ask("import_results", path="results.csv")
    amounts = [amount for amount, _, _ in told]
    assert amounts == sorted(set(amounts))
    assert all(total is None or amount <= total for amount, total, _ in told)
    assert '"reading results.csv": 50' in [words for _, _, words in told]
    assert told[-1][0] == told[-1][1]
    assert told[-1][2] == '"loading results": 360 of 360'
    assert told == heard


@pytest.mark.anyio
async def test_a_comparison_tells_the_runs_that_it_reads_and_compares(sample_copy: Path) -> None:
    """Through the client and the API in this process, from the thread that computes."""
    told: list[tuple[int, int, str]] = []
    async with build_client(Settings(database=str(sample_copy))) as client:
        evaluation = await Lookup(client).find_evaluation(NAME)
        baseline, *candidates = [run.id for run in evaluation.runs]
        versions = [row.version_id for row in evaluation.evaluators]
        question = ComparisonQuestion(
            baseline_run_id=baseline, candidate_run_ids=candidates, evaluator_version_ids=versions, limit=0
        )
        with listening(lambda *step: told.append(step)):
            await client.reviews.compare_runs(evaluation, question)
    steps = [(done, total, f"{words} run {done + 1} of {total}.") for words, total in _PHASES for done in range(total)]
    assert told == steps


_PHASES = (("Reading", 3), ("Comparing", 2))


class _Terminal(StringIO):
    """Standard error of a person who looks on."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar_and_a_pipe_nothing(
    table: Path, sample_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of imports, exports, copies and undone imports; standard output is the same, and nothing else is on a pipe."""
    monkeypatch.setenv("TERM", "xterm")
    database, other = str(tmp_path / "evals.db"), str(tmp_path / "other.db")
    commands: list[tuple[list[str], str]] = [
        (["--database", database, "import", str(table)], "loading results: 360 of 360"),
        (["--database", database, "export", "results", "--to", str(tmp_path / "out.csv")], "reading logs: 120 of 120"),
        (["copy", database, other], "copying records: "),
        (["report", NAME, "--to", "-", "--from", str(sample_copy)], " run "),
    ]
    for command, words in commands:
        silent = run(command)
        assert silent.status == 0, silent.stderr
        assert words not in silent.stderr
        assert "\x1b" not in silent.stderr + silent.stdout
        Path(other).unlink(missing_ok=True)  # a copy of what is there already writes nothing
        with monkeypatch.context() as changed:
            changed.setattr(in_process, "StringIO", _Terminal)
            shown = run(command, TERM="xterm")
        assert shown.status == 0
        assert words in shown.stderr, shown.stderr
    handle = run(["journal", "--from", database]).stdout.split("\t")[-1].strip()
    with monkeypatch.context() as changed:
        changed.setattr(in_process, "StringIO", _Terminal)
        undone = run(["journal", "undo", handle, "--yes", "--from", database], TERM="xterm")
    assert undone.status == 0, undone.stderr
    assert "undoing" in undone.stderr

"""`evals-mcp import`: files come in whole, once, and are answered about."""

from pathlib import Path

import pytest
from tests.e2e.in_process import Ended, run

CSV = "question;expected;answer_a;answer_b;score_a;score_b;latency_ms_a\n" + "".join(
    f"{n}+{n}?;{n + n};{n + n};{n + n if n < 3 else 'no'};1;{int(n < 3)};{100 * n}\n" for n in range(10)
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A table with ten datapoints and two runs."""
    path = tmp_path / "sums.csv"
    path.write_text(CSV)
    return path


def _call(database: Path, *words: str) -> str:
    return run(["--database", str(database), "call", *words]).stdout


def _import(path: Path, database: Path, *options: str) -> Ended:
    return run(["import", str(path), "--into", str(database), *options])


def test_two_commands_lead_from_a_table_to_an_answer(results: Path, tmp_path: Path) -> None:
    """The import says what it took the columns for, what came in, and what to ask."""
    database = tmp_path / "new.db"
    ended = _import(results, database)
    assert (ended.status, ended.stderr) == (0, "")
    told = " ".join(ended.stdout.split())
    assert "sums.csv: inputs: question; target: expected; output of a: answer_a; output of b: answer_b;" in told
    assert "2 runs, 20 logs, 20 judgments." in told
    assert 'Ask your assistant: "Which version is better in sums?"' in told
    answer = _call(database, "list_runs", "evaluation=sums")
    assert "a | 10 | 100% true" in answer
    assert "b | 10 | 30% true (-70 points)" in answer


def test_the_same_import_twice_changes_nothing(results: Path, tmp_path: Path) -> None:
    """Rows that are truly equal stay apart, both times."""
    results.write_text(CSV + CSV.splitlines()[1] + "\n")
    database = tmp_path / "new.db"
    assert "22 logs, 22 judgments" in _import(results, database).stdout
    before = _call(database, "list_runs", "evaluation=sums")
    assert "All of it was in the database already." in _import(results, database).stdout
    assert _call(database, "list_runs", "evaluation=sums") == before


def test_a_dry_run_stores_nothing(results: Path, tmp_path: Path) -> None:
    """Not even an empty database."""
    ended = _import(results, tmp_path / "new.db", "--dry-run")
    assert "Nothing was stored" in ended.stdout
    assert not (tmp_path / "new.db").exists()


def test_a_file_that_breaks_off_leaves_nothing_behind(results: Path, tmp_path: Path) -> None:
    """It is named with the line; what stands before it is not stored either."""
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"output": "x", "ok": true}\n{"output": ')
    ended = run(["import", str(results), str(broken), "--into", str(tmp_path / "new.db")])
    assert (ended.status, ended.stderr) == (1, "evals-mcp: broken.jsonl, line 2 is not JSON.\n")
    assert not (tmp_path / "new.db").exists()


def test_a_folder_is_one_evaluation_and_unknown_files_are_reported(results: Path, tmp_path: Path) -> None:
    """The folder names it."""
    folder = tmp_path / "nightly"
    folder.mkdir()
    results.rename(folder / results.name)
    (folder / "notes.md").write_text("# Notes")
    ended = _import(folder, tmp_path / "new.db")
    assert "Skipped notes.md: no known format." in ended.stdout
    assert "nightly" in _call(tmp_path / "new.db", "list_evaluations")

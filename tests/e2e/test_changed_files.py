"""A file that is imported again after it changed: what it says now is a run of its own beside what it said before."""

from pathlib import Path

from tests.e2e.in_process import Ended, run

_HEAD = "id,model,question,answer,correct\n"
_BEFORE = _HEAD + "1,A,q1,a1,true\n2,A,q2,a2,false\n"


def _import(path: Path, text: str, *options: str) -> Ended:
    path.write_text(text)
    ended = run(["import", str(path), "--into", str(path.parent / "new.db"), *options])
    assert (ended.status, ended.stderr) == (0, "")
    return ended


def _runs(path: Path, evaluation: str = "h") -> list[str]:
    """The lines of the evaluation's runs, newest first."""
    answer = run(["--database", str(path.parent / "new.db"), "call", "list_runs", f"evaluation={evaluation}"]).stdout
    return [line for line in answer.splitlines() if " | " in line]


def test_a_changed_output_makes_a_run_of_its_own(tmp_path: Path) -> None:
    """Each run has the figures of one state of the file; the log that did not change is in both."""
    path = tmp_path / "h.csv"
    _import(path, _BEFORE)
    ended = _import(path, _HEAD + "1,A,q1,a1,true\n2,A,q2,a2 fixed,true\n")
    assert "New in the database: 1 run, 1 log, 1 judgment." in ended.stdout
    assert "A has other results than in an earlier import: a new run." in " ".join(ended.stdout.split())
    told = "\n".join(_runs(path))
    assert "2 | 100% true" in told
    assert "2 | 50% true" in told
    assert "averaged" not in told


def test_a_changed_judgment_makes_a_run_of_its_own(tmp_path: Path) -> None:
    """So do other explanations, costs and times; the old state again adds nothing."""
    path = tmp_path / "h.csv"
    _import(path, _BEFORE)
    assert "1 run, 1 log, 1 judgment." in _import(path, _BEFORE.replace("false", "true")).stdout
    told = "\n".join(_runs(path))
    assert "2 | 100% true" in told
    assert "2 | 50% true" in told
    for again in (_BEFORE, _BEFORE.replace("false", "true")):
        ended = _import(path, again)
        assert "All of it was in the database already." in ended.stdout
        assert "new run" not in ended.stdout
    costs = _HEAD.replace("id,", "id,cost,") + "1,0.1,A,q1,a1,true\n2,0.2,A,q2,a2,false\n"
    assert "1 run, 2 logs, 2 judgments." in _import(path, costs).stdout


def test_rows_in_another_order_are_the_same_file(tmp_path: Path) -> None:
    """A run is what its results are, whatever their order."""
    path = tmp_path / "h.csv"
    _import(path, _BEFORE)
    rows = _BEFORE.splitlines()
    assert "All of it was in the database" in _import(path, "\n".join([rows[0], rows[2], rows[1]])).stdout


def test_a_grown_file_says_so(tmp_path: Path) -> None:
    """Its run over more datapoints shares the earlier logs."""
    path = tmp_path / "h.csv"
    _import(path, _BEFORE)
    ended = _import(path, _BEFORE + "3,A,q3,a3,true\n")
    assert "1 run, 1 log, 1 judgment." in " ".join(ended.stdout.split())
    assert "A has other datapoints than in an earlier import: a new run." in " ".join(ended.stdout.split())


def test_new_evaluators_of_an_evaluation_that_exists_are_named(tmp_path: Path) -> None:
    """As after a wrong guess of a column's type: they come to stand beside those that were there."""
    path = tmp_path / "h.csv"
    _import(path, _BEFORE)
    told = " ".join(_import(path, _BEFORE.replace("false", "0.5").replace("true", "0.25")).stdout.split())
    assert "h was there with other evaluators or types; new ones: correct. To keep them apart, import with " in told
    assert "--evaluation NEW. To start over, import into a new database (evals-mcp import --into FILE)." in told


def test_a_file_that_is_read_with_other_columns_is_an_evaluation_of_its_own(tmp_path: Path) -> None:
    """So a wrong guess is mended by a second import, and the same choice again adds nothing. A name joins."""
    path, guessed = tmp_path / "h.csv", _HEAD.replace("correct", "share") + "1,A,q1,a1,0.5\n2,A,q2,a2,1\n"
    told = " ".join(_import(path, guessed).stdout.split())
    assert "If it is, import again with --evaluation NEW --score 'share:higher', else with :lower." in told
    before = _runs(path)
    for choice, name in (("share:higher", "h 2"), ("share:number:lower", "h 3")):
        told = " ".join(_import(path, guessed, "--score", choice).stdout.split())
        assert f"The evaluation h was read with other columns and stays as it is. This is {name}." in told
        assert "To start over without the first reading, import into a new database (evals-mcp import --into" in told
        assert f'"What is wrong with the worst answers in {name}?"' in told
        assert "All of it was in the database already." in _import(path, guessed, "--score", choice).stdout
        assert len(_runs(path, name)) == len(before)
        assert "0.75" in "".join(_runs(path, name))
    assert _runs(path) == before
    assert "All of it was in the database already." in _import(path, guessed).stdout
    told = " ".join(_import(path, guessed, "--evaluation", "h", "--score", "share:higher").stdout.split())
    assert "h was there with other evaluators or types; new ones: share." in told

"""The files of promptfoo other than JSON say the same: YAML, JSONL, CSV of each age, and the database."""

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.in_process import run
from tests.importers.reading import read_as, skipped
from tests.shared_data import DATA

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import NoResults, Result

FILES = DATA / "formats" / "promptfoo"
recorded = pytest.mark.skipif(not FILES.exists(), reason="the recorded results are not beside this repository")


def _told(result: Result) -> tuple[Any, ...]:
    scores = [(score.evaluator, score.judgment, score.explanation) for score in result.scores]
    return result.version.label, dict(result.case.inputs), result.output, result.error, result.cost or None, scores


@recorded
@pytest.mark.parametrize(("other", "name"), [("echo-0.120.0-v3.yaml", "echo"), ("rag-0.120.0.jsonl", "rag")])
def test_yaml_and_lines_have_the_results_of_the_json(other: str, name: str) -> None:
    """One by one, though in another order."""
    whole, _ = read_as("promptfoo", FILES / f"{name}-0.120.0-v3.json")
    results, report = read_as("promptfoo", FILES / other)
    assert sorted(map(repr, map(_told, results))) == sorted(map(repr, map(_told, whole)))
    assert {result.test_set for result in results} == {result.test_set for result in whole}
    assert (report.notes, report.skipped) == ([], [])


@recorded
def test_a_csv_has_the_verdicts_and_scores_of_the_json() -> None:
    """With two digits, and metrics by their scores alone."""
    prompts = json.loads((FILES / "rag-0.120.0-v3.json").read_bytes())["results"]["prompts"]
    results, report = read_as("promptfoo", FILES / "rag-0.120.0.csv")
    assert report.notes == []
    for prompt in prompts:
        told = [result for result in results if result.version.label == prompt["provider"]]
        figures = prompt["metrics"]
        verdicts = Counter(score.judgment for result in told for score in result.scores if score.evaluator == "passed")
        assert (verdicts[True], verdicts[False]) == (figures["testPassCount"], figures["testFailCount"])
        assert sum(result.error is not None for result in told) == figures["testErrorCount"]
        for metric, total in figures["namedScores"].items():
            values = [s.judgment for result in told for s in result.scores if s.evaluator == metric]
            assert len(values) == figures["namedScoresCount"][metric]
            assert sum(values) == pytest.approx(total, abs=0.005 * len(values))
    failure = next(result for result in results if result.error)
    assert failure.error == "429 Too Many Requests (recorded failure)"


@recorded
def test_an_early_csv_has_outputs_without_the_reason() -> None:
    """Which it repeats above a failed output."""
    results, _ = read_as("promptfoo", FILES / "anthropic-text_to_sql-results.csv")
    assert Counter(result.scores[0].judgment for result in results) == {True: 18, False: 12}
    assert {len(result.scores) for result in results} == {1}, "a score that repeats the verdict is none"
    assert len({result.version.label for result in results}) == 10
    reason = "SQL failed or produced invalid results."
    failures = [result for result in results if not result.scores[0].judgment]
    assert {result.scores[0].explanation for result in failures} == {reason}
    assert not any(reason in (result.output or "") for result in results)


NEW = """Description,q,[mini] A {{q}},Status,Score,Named Scores,Metric: tone,Grader Reason,Comment,\
[maxi] A {{q}},Status,Score,Named Scores,Grader Reason,Comment
first,"1, or 2",one,PASS,1.00,"{""tone"":0.5,""votes"":3}",0.50,fine,,two,FAIL,0.25,,not one,wrong!
,3,,ERROR,0.00,,,time out,,four,PASS,1.00,"{""tone"":1}",,
"""


def test_a_csv_with_columns_of_verdicts_is_read(tmp_path: Path) -> None:
    """A column that adds up several scores is no score, and is named."""
    path = tmp_path / "new.csv"
    path.write_text(NEW)
    results, report = read_as("promptfoo", path)
    assert [_told(result)[:4] for result in results] == [
        ("mini", {"q": "1, or 2"}, "one", None),
        ("maxi", {"q": "1, or 2"}, "two", None),
        ("mini", {"q": "3"}, None, "time out"),
        ("maxi", {"q": "3"}, "four", None),
    ]
    assert [_told(result)[5] for result in results] == [
        [("passed", True, "fine"), ("score", 1, None), ("tone", 0.5, None)],
        [("passed", False, "not one"), ("score", 0.25, None)],
        [],
        [("passed", True, None), ("score", 1, None), ("tone", 1, None)],
    ]
    assert (results[0].case.metadata, results[1].metadata) == ({"description": "first"}, {"comment": "wrong!"})
    assert report.notes == ["new.csv: votes is left out, because it adds up the scores of several assertions."]


def _item(number: int, **fields: Any) -> dict[str, Any]:
    item = {
        "id": f"result-{number}",
        "provider": {"id": "mini"},
        "prompt": {"raw": "Hi", "label": "Hi"},
        "vars": {"n": number},
        "testCase": {"vars": {"n": number}},
        "response": {"output": f"said {number}"},
        "success": number % 2 == 0,
        "score": 1,
        "failureReason": 0,
    }
    return {**item, **fields}


def _database(path: Path) -> sqlite3.Connection:
    """A database with an evaluation of three results, an early one that holds its two, and an empty one."""
    database = sqlite3.connect(path)
    database.executescript(
        """CREATE TABLE evals (id TEXT, created_at INTEGER, description TEXT, results TEXT, config TEXT);
        CREATE TABLE eval_results (id TEXT, eval_id TEXT, test_idx INTEGER, prompt_idx INTEGER, test_case TEXT,
            prompt TEXT, provider TEXT, response TEXT, error TEXT, failure_reason INTEGER, success INTEGER, score REAL,
            grading_result TEXT, latency_ms INTEGER, cost REAL);"""
    )
    early = json.dumps({"version": 2, "results": [_item(7), _item(8)]})
    rows = [("new", 2, "Numbers", "{}", "{}"), ("early", 1, None, early, "{}"), ("empty", 3, None, "{}", "{}")]
    database.executemany("INSERT INTO evals VALUES (?, ?, ?, ?, ?)", rows)
    for number in range(3):
        item = {name: json.dumps(v) if isinstance(v, dict) else v for name, v in _item(number, latencyMs=500).items()}
        database.execute(
            "INSERT INTO eval_results VALUES (:id, 'new', 0, 0, :testCase, :prompt, :provider, :response, NULL,"
            " :failureReason, :success, :score, NULL, :latencyMs, 0.5)",
            {**item, "vars": None},
        )
    database.commit()
    return database


def test_a_database_is_read_evaluation_by_evaluation(tmp_path: Path) -> None:
    """Also those of early releases; with the positions of what is not there."""
    path = tmp_path / "promptfoo.db"
    _database(path).close()
    before = path.read_bytes()
    results, report = read_as("promptfoo", path)
    assert [(result.evaluation, result.run.key, result.output) for result in results] == [
        *(("early", "early", f"said {number}") for number in (7, 8)),
        *(("Numbers", "new", f"said {number}") for number in range(3)),
    ]
    assert [result.scores[0].judgment for result in results[2:]] == [True, False, True]
    assert (results[2].latency, results[2].cost) == (0.5, 0.5)
    assert skipped(report) == ["promptfoo.db, eval empty: it has no results"]
    assert (path.read_bytes(), [file.name for file in tmp_path.iterdir()]) == (before, ["promptfoo.db"])


def test_what_is_in_the_write_ahead_log_of_a_database_is_read_too(tmp_path: Path) -> None:
    """While promptfoo has it open, and without a write to its files."""
    path = tmp_path / "promptfoo.db"
    database = _database(path)
    database.execute("PRAGMA journal_mode = wal")
    database.execute("UPDATE evals SET description = 'Renamed' WHERE id = 'new'")
    database.commit()
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    results, _ = read_as("promptfoo", path)
    assert results[-1].evaluation == "Renamed"
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == files
    database.close()


def _document(path: Path, *items: dict[str, Any], **fields: Any) -> Path:
    path.write_text(json.dumps({"results": {"version": 3, "results": items}, **fields}))
    return path


def test_a_folder_is_an_evaluation_for_each_test_set(tmp_path: Path) -> None:
    """Results with the same id come in once, and those with other content are named."""
    folder = tmp_path / "nightly"
    folder.mkdir()
    same = {"config": {"description": "Numbers"}}
    _document(folder / "1.json", _item(1), _item(2), evalId="one", **same)
    _document(folder / "2.json", _item(1, id="a"), _item(2, id="b"), evalId="two", **same)
    _document(folder / "3.json", _item(3), evalId="three", **same)
    _document(folder / "4.json", _item(1), _item(2, response={"output": "other"}), evalId="one", **same)
    (folder / "1.jsonl").write_text(json.dumps(_item(1), separators=(",", ":")))
    _database(folder / "p.db").close()
    ended = run(["import", str(folder), "--into", str(tmp_path / "new.db")])
    assert (ended.status, ended.stderr) == (0, "")
    told = " ".join(ended.stdout.split())
    for row in ("Numbers │ 2 │ 2 │ 4 │", "Numbers (3.json) │ 1 │ 1 │ 1 │", "early │ 1 │ 2 │ 2 │"):
        assert row in told
    assert "Skipped 4.json: its run is in 1.json, too." in told
    assert "Skipped 4.json, result 2: 1.json has other content under its id result-2." in told
    assert "Skipped 1.jsonl: has less of the results than 1.json beside it. Import that one." in told


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("cut.yaml", 'evalId: a\nresults:\n  version: 3\n  results: ["x', "cut.yaml, line 4 is not YAML"),
        (
            "bomb.yaml",
            "evalId:\n- &a0 [x]\n" + "".join(f"- &a{n + 1} [*a{n}, *a{n}]\n" for n in range(30)),
            "more than",
        ),
        ("loop.yaml", "evalId: &a\n  b: *a\n", "contains itself"),
        ("none.yaml", "evalId: a\n", "holds no results of promptfoo"),
        (
            "cut.jsonl",
            '{"provider":{"id":"a"},"prompt":{"raw":"b"},"vars":{}}\n{"provider":',
            "cut.jsonl, line 2 is not",
        ),
    ],
)
def test_a_broken_file_is_named_with_the_position(tmp_path: Path, name: str, content: str, problem: str) -> None:
    """Instead of a part of it."""
    (tmp_path / name).write_text(content)
    with pytest.raises(Invalid, match=problem):
        read_as("promptfoo", tmp_path / name)


def test_a_broken_database_is_named(tmp_path: Path) -> None:
    """And what is not JSON in it, with its position."""
    path = tmp_path / "p.db"
    database = _database(path)
    database.execute("UPDATE eval_results SET response = '{' WHERE id = 'result-1'")
    database.commit()
    database.close()
    with pytest.raises(Invalid, match=r"p\.db, eval new, result result-1 is not JSON\."):
        read_as("promptfoo", path)
    (tmp_path / "p.jsonl").write_text('{"provider":{},"prompt":{"raw":""},"vars":{}}')
    _document(tmp_path / "p.json", _item(1))
    with pytest.raises(NoResults, match=r"p\.json beside it"):
        read_as("promptfoo", tmp_path / "p.jsonl")

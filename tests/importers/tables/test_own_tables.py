"""Tables as people have them: what their columns are taken for, and figures that equal those computed here."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from pyarrow import Table, parquet
from tests.importers.reading import read_as

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import NoResults, Result

HEADER = (
    "Case ID, Model Name,User Question ,Category,Model Response,Ground Truth,Correct?,Judge Score (1-5),"
    "Judge Rationale,Similarity %,Cost ($),Latency (ms),Reviewer,Notes,date"
)


def _csv(path: Path, header: str, rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


def _jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def _means(results: Sequence[Result]) -> dict[tuple[str, str], float]:
    """The mean judgment by run and evaluator."""
    judged: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for result in results:
        for score in result.scores:
            if score.judgment is not None:
                judged[result.version.label, score.evaluator].append(score.judgment)
    return {key: fmean(values) for key, values in judged.items()}


def test_ordinary_headers_are_known_for_what_they_are(tmp_path: Path) -> None:
    """With units, scales, spaces and question marks; people, remarks and dates are no judgments."""
    latencies = {("a", n): 400 + 531 * n for n in range(6)} | {("b", n): 2_400 - 380 * n for n in range(6)}
    rows: list[Any] = [
        (
            *(f"T-{n}", model, f"Question {n}?", ["billing", "returns"][n % 2], f"{model} answers {n}", f"truth {n}"),
            *("YN"[n % 3 == 0], 1 + n % 5, ["fine", "misses the point"][n % 2], f"{50 + n}.5%", f"$0.01{n}"),
            *(f"{latency:,}", ["Ann", "Bob"][n % 2], "thin" * (n % 2), "2026-11-01"),
        )
        for (model, n), latency in latencies.items()
    ]
    results, report = read_as("table", _csv(tmp_path / "results.csv", HEADER, rows))
    assert report.notes == [
        "results.csv: datapoint id: Case ID; inputs: User Question; target: Ground Truth; run: Model Name; "
        "output: Model Response; scores: Correct? (boolean), Judge Score (1-5) (number), Similarity % (number); "
        "explanations: Judge Rationale; latency: Latency (ms); cost: Cost ($); metadata of datapoints: Category; "
        "metadata: Reviewer, date, Notes."
    ]
    for model in "ab":
        own = [result.latency for result in results if result.version.label == model]
        assert own == [latencies[model, n] / 1_000 for n in range(6)]
    assert [score.judgment for score in results[3].scores] == [False, 4, pytest.approx(0.535)]
    assert (results[3].scores[1].explanation, results[3].case.metadata) == ("misses the point", {"Category": "returns"})


@pytest.mark.parametrize(("yes", "no"), [("Y", "N"), ("t", "F"), ("\u2713", "\u2717"), ("\u2714\ufe0f", "\u274c")])
def test_letters_and_ticks_are_booleans(tmp_path: Path, yes: str, no: str) -> None:
    """Guessed, and where the caller says so."""
    path = _csv(tmp_path / "t.csv", "question,answer,correct", [(n, "x", yes if n % 3 else no) for n in range(6)])
    for chosen in ({}, {"scores": ["correct:boolean"]}):
        results, report = read_as("table", path, **chosen)
        assert [result.scores[0].judgment for result in results] == [bool(n % 3) for n in range(6)]
        assert "correct (boolean)" in report.notes[0]
        assert len(report.notes) == 1


def test_ids_of_runs_and_datapoints_are_no_scores(tmp_path: Path) -> None:
    """A log's own id, repeats and settings are metadata; versions and settings that differ tell runs apart."""
    rows: list[Any] = [(f"log_{m}_{n}", f"prompt-{m}", f"dp_{n}", 0, "o", m == "A") for m in "AB" for n in range(4)]
    results, report = read_as("table", _csv(tmp_path / "t.csv", "id,run_id,datapoint_id,repeat,output,correct", rows))
    assert report.notes[0] == (
        "t.csv: datapoint id: datapoint_id; run: run_id; output: output; scores: correct (boolean); "
        "metadata: id, repeat."
    )
    assert _means(results) == {("prompt-A", "correct"): 1, ("prompt-B", "correct"): 0}
    assert len({result.case.id for result in results}) == 4
    rows = [(q, "m", v, t, "x", v / 2) for q in "pqr" for v in (1, 2) for t in ("0", "0.7")]
    results, _ = read_as("table", _csv(tmp_path / "v.csv", "question,model,version,temperature,answer,score", rows))
    assert list(dict.fromkeys(result.version.label for result in results)) == [
        f"version={v} temperature={t}" for v in (1, 2) for t in ("0", "0.7")
    ]
    rows = [(q, m, v, "x", 1) for q in "pqr" for m in ("large", "small") for v in ("v1", "v2")]
    results, _ = read_as("table", _csv(tmp_path / "m.csv", "question,model,version,answer,score", rows))
    assert {result.version.label for result in results} == {"large v1", "large v2", "small v1", "small v2"}


def test_a_column_without_a_name_is_no_score(tmp_path: Path) -> None:
    """Such as the row numbers that pandas writes."""
    rows = [(n, f"q{n}", "x", "m", n % 2) for n in range(4)]
    results, _ = read_as("table", _csv(tmp_path / "t.csv", ",question,answer,model,pass", rows))
    assert [score.evaluator for score in results[1].scores] == ["pass"]
    assert results[1].metadata == {"column 1": "1"}


def test_a_table_with_a_row_for_each_score_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """One column would mix metrics, also where the second metric comes late. With one metric, it is read."""
    rows = [(f"q{n}", "x", metric, n % 2) for metric in ("accuracy", "f1") for n in range(2_100)]
    path = _csv(tmp_path / "t.csv", "question,answer,metric,value", rows)
    with pytest.raises(
        NoResults,
        match=r"^t\.csv has a row for each score: 'metric' names it, such as accuracy and f1, and 'value' has it\. "
        r"Write a row for each output with a column for each score, such as with pivot of pandas\. "
        r"To read 'value' as one score nevertheless, name it with --score\.$",
    ):
        read_as("table", path)
    assert len(read_as("table", path, scores=["value"])[0]) == 4_200
    with pytest.raises(NoResults):
        read_as("table", path, scores=["value:higher"])
    results, _ = read_as("table", _csv(tmp_path / "o.csv", "question,answer,metric,value", rows[:9]))
    assert len(results) == 9


def test_what_a_run_retrieved_does_not_tell_datapoints_with_ids_apart(tmp_path: Path) -> None:
    """As a column and in an object of inputs. It is the log's metadata then."""
    paths = [
        _jsonl(
            tmp_path / f"{name}.jsonl",
            [
                {"datapoint_id": n, "inputs": {"question": f"q{n}", "context": f"{name} {n}"}, "output": "x"}
                for n in "12"
            ],
        )
        for name in "ab"
    ]
    results = [result for path in paths for result in read_as("table", path)[0]]
    assert {(result.case.id, str(result.case.inputs)) for result in results} == {
        (n, str({"question": f"q{n}"})) for n in "12"
    }
    assert [result.metadata for result in results[::2]] == [{"context": "a 1"}, {"context": "b 1"}]
    rows: list[Any] = [(1, "q", "what was found", "x", 1)]
    (result,), _ = read_as("table", _csv(tmp_path / "c.csv", "id,question,contexts,answer,score", rows))
    assert (result.case.inputs, result.metadata) == ({"question": "q"}, {"contexts": "what was found"})


def test_a_row_that_sums_up_others_is_no_datapoint(tmp_path: Path) -> None:
    """It is named, and counts in no figure, nor in what a column holds."""
    rows: list[Any] = [(n, f"q{n}", "x", m, int(n != k)) for k, m in enumerate("AB") for n in range(4)]
    averages = [("Average", "", "", "A", 0.75), ("Mean:", "", "", "B", 0.75)]
    results, report = read_as("table", _csv(tmp_path / "t.csv", "id,question,answer,model,score", rows + averages))
    assert [len(results), {result.case.id for result in results}] == [8, set("0123")]
    assert _means(results) == {(m, "score"): 0.75 for m in "AB"}
    assert "score (boolean)" in report.notes[0]
    assert report.notes[1:] == ["t.csv: 2 rows sum up others and are left out: first 'Average' (line 10)."]
    rows = [("Overall", "an answer", 1), ("What is the total?", "x", 0)]
    results, report = read_as("table", _csv(tmp_path / "o.csv", "question,answer,score", rows))
    assert [len(results), len(report.notes)] == [2, 1]
    rows = [(n, f"q{n}", "m", "x", n) for n in range(2)]
    averages = [("Average", "", "", "", 0.5), ("", "TOTAL", "m", "", 1)]
    results, report = read_as("table", _csv(tmp_path / "n.csv", "#,question,model,answer,score", rows + averages))
    assert [len(results), {result.version.label for result in results}] == [2, {"m"}]
    rows = [("overall", "m", 0.5), ("code", "m", 0.25)]
    results, _ = read_as("table", _csv(tmp_path / "s.csv", "area,model,score", rows))
    assert len(results) == 2


def test_latencies_that_may_be_two_figures_are_left_out_as_a_whole(tmp_path: Path) -> None:
    """An average of the rest would be another one. Milliseconds and tokens have no parts worth a comma."""
    rows: list[Any] = [(n, "x", cell, cell, cell) for n, cell in enumerate(["1,897", "850", "2,001"])]
    path = _csv(tmp_path / "t.csv", "question,answer,latency,latency_ms,output_tokens", rows)
    results, report = read_as("table", path, latency="latency")
    assert [(result.latency, result.output_tokens) for result in results] == [(None, 1897), (None, 850), (None, 2001)]
    assert report.notes[1:] == [
        "t.csv: 2 cells of latency are no latency: first '1,897' (line 2). It may be 1897 or 1.897: write it without "
        "the comma. Until then, the whole column is metadata."
    ]
    assert [(result.metadata or {})["latency"] for result in results] == ["1,897", "850", "2,001"]
    results, _ = read_as("table", path, latency="latency_ms")
    assert [result.latency for result in results] == [1.897, 0.85, 2.001]
    rows = [(n, "x", cell) for n, cell in enumerate(["1.897", "850", "12.001"])]
    with (tmp_path / "de.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows([["Frage", "Antwort", "Latency (ms)"], *rows])
    assert [result.latency for result in read_as("table", tmp_path / "de.csv")[0]] == [1.897, 0.85, 12.001]


def test_scores_of_so_many_are_parts_of_one(tmp_path: Path) -> None:
    """As percents are. A cell of another form is a failed judgment, and told."""
    rows: list[Any] = [
        (n, "x", cell, f"{cell} stars"[:4]) for n, cell in enumerate(["8/10", "3 / 10", "9 out of 10", "7"])
    ]
    results, report = read_as("table", _csv(tmp_path / "t.csv", "question,answer,score,seen", rows))
    assert [result.scores[0].judgment for result in results] == [0.8, 0.3, 0.9, None]
    assert report.notes[1:] == [
        "t.csv: 1 cell of score is no number: '7' (line 5). Write all cells of the column as parts, such as "
        "8/10, or none."
    ]


def test_a_column_of_errors_may_be_a_mark(tmp_path: Path) -> None:
    """False is no error, true is one without words, and words are what they are."""
    cells = [False, True, None, "timeout", "False", "0", 0, "no error"]
    path = _jsonl(tmp_path / "t.jsonl", [{"question": n, "output": "x", "error": cell} for n, cell in enumerate(cells)])
    errors = [result.error for result in read_as("table", path)[0]]
    assert errors == [None, "error: true", None, "timeout", None, None, None, None]


def test_judgments_that_are_objects_have_their_parts(tmp_path: Path) -> None:
    """Value, explanation, failure and threshold; others are metadata. Also in lists, and without a parent."""
    rows: list[Any] = [
        {
            "question": n,
            "output": "x",
            "judgments": {
                "faith": {"score": n / 4, "reason": "r", "model": "j", "threshold": 0.5, "success": n > 1},
                "ok": {"judgment": n > 1, "derived": True} if n else {"judgment": None, "error": "broke"},
            },
            "tone": {"score": n, "explanation": "t"},
            "metrics": [{"name": "f1", "value": 0.5}, {"name": "cover", "value": n}],
            "response": {"value": 3, "unit": "kg"},
        }
        for n in range(4)
    ]
    results, report = read_as("table", _jsonl(tmp_path / "t.jsonl", rows))
    judged = [
        {score.evaluator: (score.judgment, score.explanation, score.error) for score in r.scores} for r in results
    ]
    assert judged == [
        {
            "faith": (n / 4, "r", None),
            "ok": (n > 1, None, None) if n else (None, None, "broke"),
            "tone": (n, "t", None),
            "f1": (0.5, None, None),
            "cover": (n, None, None),
        }
        for n in range(4)
    ]
    assert "judgments.ok (boolean)" in report.notes[0]
    verdicts = [(result.scores[0].evaluator, result.scores[0].passed, result.scores[0].threshold) for result in results]
    assert verdicts == [("faith", n > 1, 0.5) for n in range(4)]
    assert (results[1].metadata or {})["faith.model"] == "j"


def test_values_that_cannot_be_are_told_one_by_one(tmp_path: Path) -> None:
    """The rest of their rows stays, in JSON and in Parquet."""
    lines = ["1", "1e999", "-Infinity", "1" + "0" * 400, "1" + "0" * 5_000, "2"]
    (tmp_path / "t.jsonl").write_text(
        "\n".join(f'{{"question": "q", "answer": "a", "score": {cell}, "size": {cell}}}' for cell in lines)
    )
    results, report = read_as("table", tmp_path / "t.jsonl", scores=["score:number"])
    assert [result.scores[0].judgment for result in results] == [1, None, None, None, None, 2]
    assert all(result.output == "a" for result in results)
    assert report.notes[-1] == "t.jsonl: 4 cells of score are no number: first 'Infinity' (line 2)."
    rows: list[Any] = [
        {"question": str(n), "answer": "a", "score": n, "bin": cell} for n, cell in enumerate([b"\xff\x00", b"a", None])
    ]
    parquet.write_table(Table.from_pylist(rows), tmp_path / "p.parquet")
    results, report = read_as("table", tmp_path / "p.parquet", scores=["score:number"])
    assert [(result.scores[0].judgment, result.metadata) for result in results] == [(0, {}), (1, {"bin": "a"}), (2, {})]
    assert report.notes[-1] == "p.parquet: 1 cell of bin is no text: \"b'\\\\xff\\\\x00'\" (row 1)."


def test_all_cells_of_a_column_tell_its_type(tmp_path: Path) -> None:
    """Not only the first ones: of a sorted file, they are the lowest."""
    cells = [1] * 2_100 + [0.5] * 500
    path = _jsonl(tmp_path / "t.jsonl", [{"question": n, "answer": "a", "score": cell} for n, cell in enumerate(cells)])
    results, report = read_as("table", path)
    assert fmean(result.scores[0].judgment for result in results) == fmean(cells)
    assert "score (number)" in report.notes[0]
    assert len(report.notes) == 1
    lines = [f'q{n},a,"{n:,}"' for n in range(999 - 2_100, 1_100)]
    (tmp_path / "late.csv").write_text(
        "\n".join(["question,answer,latency", *(f"q{n},a,9" for n in range(2_050)), *lines])
    )
    results, report = read_as("table", tmp_path / "late.csv")
    assert {result.latency for result in results} == {None}


def test_columns_of_models_are_runs(tmp_path: Path) -> None:
    """With their outputs and ratings, or with scores alone; what explains one run's score is its own."""
    rows: list[Any] = [(f"q{n}", "x", "yy", n, 5 - n) for n in range(3)]
    path = _csv(tmp_path / "s.csv", "Prompt,GPT-4o,Claude 3.5,GPT-4o rating,Claude 3.5 rating", rows)
    results, _ = read_as("table", path)
    assert _means(results) == {("GPT-4o", "rating"): 1, ("Claude 3.5", "rating"): 4}
    assert {(result.version.label, result.output) for result in results} == {("GPT-4o", "x"), ("Claude 3.5", "yy")}
    rows = [(f"t{n}", f"{90 - n}%", f"{80 + n}%", "50%") for n in range(3)]
    results, _ = read_as(
        "table", _csv(tmp_path / "l.csv", "task,gpt-4o,claude,llama", [*rows, ("Average", *["1%"] * 3)])
    )
    assert _means(results) == {("gpt-4o", "score"): 0.89, ("claude", "score"): 0.81, ("llama", "score"): 0.5}
    header = "question,answer_gpt-4,answer_gpt-4o,score_gpt-4,score_gpt-4o,reason_gpt-4,Latency (ms)_gpt-4o"
    results, _ = read_as("table", _csv(tmp_path / "w.csv", header, [("q", "a", "b", 1, 0.5, "because", 7)]))
    assert [(r.scores[0].judgment, r.scores[0].explanation, r.latency, r.metadata) for r in results] == [
        (1, "because", None, {}),
        (0.5, None, 0.007, {}),
    ]


def test_what_is_not_understood_is_said_with_what_to_do(tmp_path: Path) -> None:
    """A score that is none, and scores that may be versions. A table without scores needs no advice."""
    rows = [(f"q{n}", f"answer {n}", f"rather long remark number {n}") for n in range(4)]
    _, report = read_as("table", _csv(tmp_path / "t.csv", "question,answer,score", rows))
    assert report.notes[1:] == [
        "t.csv: nothing is judged, because the cells of score are no numbers, booleans or few options. To read it "
        "nevertheless, name it with --score."
    ]
    (result, *_), _ = read_as("table", tmp_path / "t.csv", scores=["score"])
    assert result.scores[0].judgment == "rather long remark number 0"
    assert len(read_as("table", _csv(tmp_path / "o.csv", "question,answer", [("q", "a")]))[1].notes) == 1
    rows = [(f"\u95ee{n}", f"\u7b54{n}", f"{n}") for n in range(4)]
    _, report = read_as("table", _csv(tmp_path / "zh.csv", "\u95ee\u9898,\u56de\u7b54,\u8bc4\u5206", rows))
    assert report.notes[1] == (
        "zh.csv: no column is taken for inputs or outputs. If \u95ee\u9898, \u56de\u7b54 hold them, name these with "
        "--input and --output, and a column of versions with --run."
    )
    _, report = read_as("table", _csv(tmp_path / "m.csv", "task,anna,bert", [("a", 0.5, 2), ("b", 0.25, 3)]))
    assert report.notes[1:] == [
        "m.csv: anna, bert are read as scores of one version. If they are versions, write a row for each version and "
        "input, with the columns input, model and score."
    ]


def test_a_direction_alone_leaves_the_other_scores_to_the_guess(tmp_path: Path) -> None:
    """A type names the columns of scores; a direction, or that people judged, does not."""
    path = _csv(tmp_path / "t.csv", "question,answer,f1,bleu", [(n, "a", n / 4, n / 5) for n in range(4)])
    for chosen, names in (
        (["f1:higher"], ["f1", "bleu"]),
        (["f1:human:higher"], ["f1", "bleu"]),
        (["f1:number:higher"], ["f1"]),
        (["f1:number:human"], ["f1"]),
    ):
        results, _ = read_as("table", path, scores=chosen)
        assert [score.evaluator for score in results[1].scores] == names


def test_people_who_judged_are_the_authors_where_that_is_plain(tmp_path: Path) -> None:
    """The only column of reviewers beside one score or scores of people, or one called like its score."""
    plain = {
        "question,answer,label,Reviewer": ((), {"label": "who"}),
        "question,answer,label,judge,Reviewer": ((), {}),
        "question,answer,human_label,judge,labelled_by": ((), {"human_label": "who"}),
        "question,answer,label,judge,annotator_name": (["label:human"], {"label": "who"}),
        "question,answer,label,judge,label_reviewer": ((), {"label": "who"}),
        "question,answer,label,author": ((), {}),
        "question,answer,label,judge,author": (["label:human"], {"label": "who"}),
        "question,answer,label,judge,initials": (["label:human:initials"], {"label": "who"}),
        "question,answer,label,other,seen by": (["label:lower:human:seen by"], {"label": "who"}),
    }
    for header, (scores, authors) in plain.items():
        people = header.count(",") - 2
        rows = [(f"q{n}", "a", *[n % 3 / 2] * (people - 1), n % 2, "who") for n in range(8)]
        rows = [(*row[: header.count(",")], "who") for row in rows]
        results, report = read_as("table", _csv(tmp_path / "t.csv", header, rows), scores=scores)
        assert {score.evaluator: score.author for score in results[0].scores if score.author} == authors, header
        assert ("authors: " in report.notes[0]) == bool(authors)
        assert results[0].metadata == {header.rpartition(",")[2]: "who"}


def test_a_cell_without_a_name_leaves_the_author_open(tmp_path: Path) -> None:
    """Two columns of reviewers tell nothing, a named one must be there, and only its names are authors."""
    rows = [("q1", "a", 1, " ann ", "x"), ("q2", "b", 0, "", "y"), ("q3", "c", 1, "N/A", "z")]
    path = _csv(tmp_path / "t.csv", "question,answer,label,reviewer,annotator", rows)
    results, report = read_as("table", path)
    assert [score.author for result in results for score in result.scores] == [None] * 3
    assert report.notes[1] == (
        "t.csv: reviewer, annotator may name who judged. To say which one, import again with --score "
        "'label:human:reviewer'."
    )
    results, report = read_as("table", path, scores=["label:human:reviewer"])
    assert [score.author for result in results for score in result.scores] == ["ann", None, None]
    assert len(report.notes) == 1
    assert "authors: reviewer (of label)" in report.notes[0]
    names = ({"id": 1}, ["x"], 7)
    objects = [{"question": n, "answer": "a", "label": n, "reviewer": name} for n, name in enumerate(names)]
    results, _ = read_as("table", _jsonl(tmp_path / "t.jsonl", objects))
    assert [score.author for result in results for score in result.scores] == [None, None, "7"]
    with pytest.raises(Invalid, match=r"t\.csv has no column 'rater' of authors\. Its columns: "):
        read_as("table", path, scores=["label:human:rater"])


def test_a_column_whose_name_is_no_evaluators_is_metadata(tmp_path: Path) -> None:
    """Without a name, or with a too long one, which is told."""
    rows = [
        {"question": f"q{n}", "answer": "a", "scores": {"": 1, "x" * 3_000: 2, "ok": True}, "": 5} for n in range(3)
    ]
    results, report = read_as("table", _jsonl(tmp_path / "t.jsonl", rows))
    assert [[score.evaluator for score in result.scores] for result in results] == [["ok"]] * 3
    assert len(report.notes[0]) < 400
    assert "a name of 3,007 characters is too long for an evaluator, so 'scores.xxxxxxxxxxxxx'" in report.notes[1]

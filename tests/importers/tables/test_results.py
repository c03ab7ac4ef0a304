"""Results from the rows of a table."""

import csv
import json
from pathlib import Path

import pytest
from tests.e2e.in_process import run
from tests.importers.reading import read_as


def test_a_column_that_comes_late_is_kept(tmp_path: Path) -> None:
    """As metadata, because what it holds was not guessed."""
    rows = [{"input": "q", "output": "x"}] * 2_000 + [{"input": "q", "output": "x", "seed": 7}]
    path = tmp_path / "late.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    results, _ = read_as("table", path)
    assert [result.metadata for result in results][-2:] == [{}, {"seed": 7}]


def test_counts_of_passes_are_a_rate_with_its_samples(tmp_path: Path) -> None:
    """The totals of a run are those of the file, and stand beside the mean of the rates."""
    path = tmp_path / "counts.csv"
    path.write_text("task,model,passed,n\nsums,a,3,4\nwords,a,1,2\nsums,b,0,4\nwords,b,9,2\ncolours,b,,\n")
    results, report = read_as("table", path)
    (first, second, third, bad) = (result.scores[0] for result in results if not result.not_run)
    assert (first.evaluator, first.judgment, list(first.samples)) == ("pass_rate", 0.75, [True, True, True, False])
    assert (second.judgment, third.judgment, third.samples) == (0.5, 0, [False] * 4)
    assert (bad.judgment, bad.error) == (None, "passed 9 and n 2 are no counts of passes.")
    totals = {figure.name: figure.value for figure in results[1].run.reported}
    assert totals == {"passed": 4, "samples": 6}
    assert "passes and samples: passed, n." in report.notes[0]


def test_passes_and_failures_are_counts_too_but_a_flag_is_none(tmp_path: Path) -> None:
    """Where no row has several samples, a column of 0 and 1 is a boolean."""
    (tmp_path / "both.csv").write_text("input,passes,failures\na,2,1\nb,0,3\n")
    results, _ = read_as("table", tmp_path / "both.csv")
    assert [round(result.scores[0].judgment, 3) for result in results] == [0.667, 0]
    (tmp_path / "flag.csv").write_text("input,output,passed,n\na,x,1,1\nb,y,0,1\n")
    results, _ = read_as("table", tmp_path / "flag.csv")
    assert [(score.evaluator, score.judgment) for result in results for score in result.scores] == [
        ("passed", True),
        ("passed", False),
    ]


def test_rows_without_ids_and_inputs_pair_by_number_with_as_many_rows(tmp_path: Path) -> None:
    """Of a run in the same file or in another one; another number of rows is another set of datapoints."""
    (tmp_path / "long.csv").write_text("model,output,ok\na,x,1\nb,x,1\na,y,0\nb,y,1\nc,x,1\n")
    for name, answers in (("two", "xy"), ("three", "xyz")):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(json.dumps({"output": text, "ok": True}) for text in answers))
    cases = {
        path.stem: [(result.version.label, result.case.id) for result in read_as("table", path)[0]]
        for path in tmp_path.iterdir()
    }
    assert cases["two"] == [("two", "row 1 of 2"), ("two", "row 2 of 2")]
    assert cases["three"][0] == ("three", "row 1 of 3")
    assert cases["long"] == [
        ("a", "row 1 of 2"),
        ("b", "row 1 of 2"),
        ("a", "row 2 of 2"),
        ("b", "row 2 of 2"),
        ("c", "row 1 of 1"),
    ]
    note = "two.jsonl has no ids and no inputs, so its rows pair by number with runs of as many rows."
    assert note in read_as("table", tmp_path / "two.jsonl")[1].notes


def test_an_id_with_different_contents_and_odd_bytes_are_told(tmp_path: Path) -> None:
    """Both rows come in. A byte that is not UTF-8 is replaced, unless the file is of Windows."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.csv").write_bytes("id,input,output\n7,Größe,Füße\n7,Maß,".encode() + b"\xff\n")
    (folder / "b.csv").write_bytes("id,input,output\n8,Größe,x\n".encode("cp1252"))
    ended = run(["import", str(folder), "--into", str(tmp_path / "new.db"), "--dry-run"])
    told = " ".join(ended.stdout.split())
    assert "folder: ids of several datapoints, because inputs or targets differ (1): 7." in told
    assert "a.csv: bytes that are not UTF-8, read as \N{REPLACEMENT CHARACTER}: 1." in told
    assert "b.csv is not UTF-8. It is read as Windows-1252." in told
    assert "3 │ 3 │" in told


WORDS = ["None", "N/A", "null", "nan", "NA", "-"]


def test_words_for_nothing_are_texts_where_texts_stand_and_no_judgment_in_scores(tmp_path: Path) -> None:
    """In CSV and JSON alike. An empty text of JSON is an empty output, a null is none."""
    (tmp_path / "t.csv").write_text(
        "id,model,context,expected,answer,ok\n"
        + "".join(f"{word},{word},{word},{word},{word},{word}\n" for word in WORDS)
        + "7,A,c,x,y,true\n"
    )
    rows = [{"input": word, "target": word, "output": word, "note": word} for word in [*WORDS, "\n", ""]]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, [*rows, {"input": "q", "output": None, "error": "x"}])))
    results, _ = read_as("table", tmp_path / "t.csv")
    for result, word in zip(results, WORDS, strict=False):
        case = result.case
        assert (case.id, case.inputs, case.target) == (word, {"context": word}, {"expected": word})
        assert (result.output, result.version.label, result.scores) == (word, word, [])
    results, _ = read_as("table", tmp_path / "t.jsonl")
    assert [result.output for result in results] == [*WORDS, "\n", "", None]
    for result, word in zip(results, [*WORDS, "\n", ""], strict=False):
        assert (result.case.inputs, result.case.target) == ({"input": word}, {"target": word})
        assert result.metadata == {"note": word}


def test_a_bad_cell_is_a_failed_judgment_and_leaves_the_type_of_its_column(tmp_path: Path) -> None:
    """Of a column that reads as a score or is mostly numbers or booleans; columns of one evaluator share a type."""
    lines = [f"q{n},a,b,{'error' if n == 4 else n},{n % 2},{n},{n % 2 == 0}" for n in range(9)]
    header = "question,answer_a,answer_b,score_a,score_b,tone_a,ok_a\n"
    (tmp_path / "wide.csv").write_text(header + "\n".join([*lines, "q9,a,b,9,oops,x,maybe"]))
    results, report = read_as("table", tmp_path / "wide.csv")
    assert report.notes[0].endswith(
        "scores of a: score_a (number), tone_a (number), ok_a (boolean); scores of b: score_b (number)."
    )
    assert [score.error for result in results for score in result.scores if score.error] == [
        "'error' is no number.",
        "'x' is no number.",
        "'maybe' is no boolean.",
        "'oops' is no number.",
    ]
    assert "wide.csv: 1 cell of score_a is no number: 'error' (line 6)." in report.notes
    qualities, oks = [4, None, "abc", 2, 1], [True, False, "maybe", True, False]
    rows = [{"output": "x", "quality": a, "ok": b} for a, b in zip(qualities, oks, strict=True)]
    (tmp_path / "j.jsonl").write_text("\n".join(map(json.dumps, rows)))
    results, report = read_as("table", tmp_path / "j.jsonl")
    assert [result.scores[0].judgment for result in results] == [4, None, None, 2, 1]
    assert [result.scores[1].judgment for result in results] == [True, False, None, True, False]
    assert report.notes[-2:] == [
        "j.jsonl: 1 cell of quality is no number: 'abc' (line 3).",
        "j.jsonl: 1 cell of ok is no boolean: 'maybe' (line 3).",
    ]


def test_decimal_commas_and_booleans_of_other_languages_are_read(tmp_path: Path) -> None:
    """Where the delimiter is another one. Outputs stay as they are."""
    (tmp_path / "de.csv").write_text(
        "Nr;question;answer;Bewertung;Korrekt;Kosten;latency\n"
        "1;q1;0,5;0,65;WAHR;1.234,5;0,7\n2;q2;1,5;1;FALSCH;12;1,2\n3;q3;x;1.000;WAHR;0,5;3\n"
    )
    results, report = read_as("table", tmp_path / "de.csv", cost="Kosten")
    assert "scores: Bewertung (number), Korrekt (boolean)" in report.notes[0].replace("Nr (number), ", "")
    judged = [[score.judgment for score in result.scores if score.evaluator != "Nr"] for result in results]
    assert judged == [[0.65, True], [1, False], [1000, True]]
    assert [(result.output, result.latency, result.cost) for result in results] == [
        ("0,5", 0.7, 1234.5),
        ("1,5", 1.2, 12),
        ("x", 3, 0.5),
    ]
    (tmp_path / "bad.csv").write_text(
        "question;answer;note\n" + "".join(f"q{n};a;{n},5\n" for n in range(9)) + "q;a;?\n"
    )
    results, report = read_as("table", tmp_path / "bad.csv", scores=["note:number"])
    assert (results[3].scores[0].judgment, results[9].scores[0].error) == (3.5, "'?' is no number.")
    assert report.notes[-1] == "bad.csv: 1 cell of note is no number: '?' (line 11)."


def test_latency_and_cost_have_units_and_what_is_none_is_metadata(tmp_path: Path) -> None:
    """And told with the first one. A column that says milliseconds has them where a cell has no unit."""
    (tmp_path / "t.csv").write_text(
        "question,answer,latency_ms,cost\nq1,a,0.7s,$0.01\nq2,a,120 ms,0.02 USD\nq3,a,500,3\nq4,a,timeout,1 EUR\n"
        "q5,a,-1,n/a\nq6,a,2 min,5 \u00a2\n"
    )
    results, report = read_as("table", tmp_path / "t.csv")
    assert [(result.latency, result.cost) for result in results] == [
        (0.7, 0.01),
        (0.12, 0.02),
        (0.5, 3),
        (None, None),
        (None, None),
        (120, 0.05),
    ]
    assert [result.metadata for result in results[3:]] == [
        {"latency_ms": "timeout", "cost": "1 EUR"},
        {"latency_ms": "-1"},
        {},
    ]
    assert report.notes[1:] == [
        "t.csv: 2 cells of latency_ms are no latency: first 'timeout' (line 5).",
        "t.csv: 1 cell of cost is no cost in US dollars: '1 EUR' (line 5).",
    ]
    (tmp_path / "de.csv").write_text("question;answer;latency;cost\nq1;a;0,7 s;$1.000,5\nq2;a;120 ms;0,25\n")
    results, _ = read_as("table", tmp_path / "de.csv")
    assert [(result.latency, result.cost) for result in results] == [(0.7, 1000.5), (0.12, 0.25)]


def test_rows_with_fewer_cells_than_the_header_are_told(tmp_path: Path) -> None:
    """They come in with what they have."""
    (tmp_path / "t.csv").write_text("id,question,answer,ok\n1,q,a,true\n2,q,x\n3,q,a,false")
    results, report = read_as("table", tmp_path / "t.csv")
    assert [len(result.scores) for result in results] == [1, 0, 1]
    assert report.notes[1:] == ["t.csv: 1 row has fewer cells than the header: line 3."]
    (tmp_path / "t.csv").write_text("id,question,answer,ok\n1,q,a,true\n2,q,x\n3,q,a\n4,q,a,true")
    assert read_as("table", tmp_path / "t.csv")[1].notes[1:] == [
        "t.csv: 2 rows have fewer cells than the header: first line 3."
    ]


def test_a_row_that_was_not_run_is_a_datapoint(tmp_path: Path) -> None:
    """With a run fewer logs than datapoints; a file of such rows alone holds no results."""
    path = tmp_path / "t.csv"
    path.write_text("id,question,answer,correct\n1,q1,a1,true\n2,q2,,\n3,q3,,\n4,q4,a4,false\n")
    told = " ".join(run(["import", str(path), "--into", str(tmp_path / "new.db")]).stdout.split())
    assert "4 datapoints" in told
    assert "2 logs, 2 judgments" in told
    again = run(["import", str(path), "--into", str(tmp_path / "new.db")]).stdout
    assert "All of it was in the database already" in " ".join(again.split())
    path.write_text("id,question,model,answer,correct\n1,q1,a,a1,true\n2,q2,a,,\n1,q1,b,,\n2,q2,b,x,\n")
    told = " ".join(run(["import", str(path), "--into", str(tmp_path / "two.db"), "--dry-run"]).stdout.split())
    assert "t │ 2 │ 2 │ 2" in told, told
    path = tmp_path / "none.jsonl"
    path.write_text('{"input": "q", "output": null}')
    assert "none.jsonl: it holds no results" in run(["import", str(path), "--into", str(tmp_path / "no.db")]).stderr


def test_keys_of_metadata_are_metadata_whatever_they_hold(tmp_path: Path) -> None:
    """Also an empty one, and those that are called like a column of outputs."""
    about = {"": 1, "k.x": True, "output": "m", "score": 5, "model": "z"}
    rows = [{"input": "q", "answer_a": "x", "answer_b": "x", "metadata": about}] * 3
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    results, _ = read_as("table", tmp_path / "t.jsonl")
    assert [(result.scores, result.metadata, result.output) for result in results] == [([], about, "x")] * 6


def test_a_text_that_is_one_for_each_datapoint_is_about_the_datapoint(tmp_path: Path) -> None:
    """No judgment, because runs do not differ in it. A column that reads as a score is one."""
    rows = [f"{n},{model},x,{'ab'[n % 2]},{'cd'[n % 2]},{'ef'[model == 'm']}" for n in range(6) for model in "mo"]
    (tmp_path / "t.csv").write_text("id,model,answer,category,verdict,tone\n" + "\n".join(rows))
    results, report = read_as("table", tmp_path / "t.csv")
    assert [result.case.metadata for result in results[:3]] == [{"category": "a"}, {"category": "a"}, {"category": "b"}]
    assert [score.evaluator for score in results[0].scores] == ["verdict", "tone"]
    assert "metadata of datapoints: category." in report.notes[0]


def test_an_exported_table_comes_back_as_it_was(tmp_path: Path) -> None:
    """The datapoints with their ids, metadata and tags, and evaluators that only failed or abstained."""
    about = {"metadata.datapoint.id": "d1", "metadata.datapoint.level": "easy", "metadata.datapoint.tags": ["a"]}
    row = {"run": "m", "datapoint": "dp_1", "log": "log_1", "input.q": "x", "output": "y", "metadata.seed": "7"}
    rows = [
        {**row, **about, "scores.f1.error": "Broken.", "scores.late.error": "Slow.", "scores.no.abstained": True},
        {**row, "datapoint": "dp_2", "scores.f1.error": "Broken.", "scores.late": 0.5, "scores.late.explanation": "ok"},
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with (tmp_path / "t.csv").open("w") as file:
        writer = csv.DictWriter(file, list({**rows[0], **rows[1]}))
        writer.writeheader()
        writer.writerows({k: v if isinstance(v, str) else json.dumps(v) for k, v in row.items()} for row in rows)
    for name in ("t.jsonl", "t.csv"):
        (first, second), _ = read_as("table", tmp_path / name)
        case = first.case
        assert (case.id, case.metadata, case.tags, case.inputs) == ("d1", {"level": "easy"}, ["a"], {"q": "x"}), name
        assert (second.case.id, second.case.metadata, second.case.tags) == ("dp_2", {}, [])
        assert first.metadata == {"seed": "7", "log": "log_1"}
        judged = {score.evaluator: (score.judgment, score.error, score.explanation) for score in first.scores}
        assert judged == {"f1": (None, "Broken.", None), "late": (None, "Slow.", None), "no": (None, None, None)}
        judged = {score.evaluator: (score.judgment, score.error, score.explanation) for score in second.scores}
        assert judged == {"f1": (None, "Broken.", None), "late": (0.5, None, "ok")}


def _judged(path: Path, cells: list[str]) -> tuple[list[object], list[str]]:
    """The judgments of a column of scores, None for those that are refused, and what the import says of them."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["question", "output", "score"], *([f"q{n}", "x", cell] for n, cell in enumerate(cells))]
        )
    results, report = read_as("table", path)
    scores = [result.scores[0] for result in results]
    assert all((score.judgment is None) == (score.error is not None) for score in scores)
    return [score.judgment for score in scores], report.notes[1:]


@pytest.mark.parametrize(
    ("cells", "judgments"),
    [
        (["50%", "12.5 %", "100%", "0"], [0.5, 0.125, 1, 0]),
        (["12,5%", "7,25%", "50%"], [0.125, 0.0725, 0.5]),
        (["1,200.5", "1,200", "0.5", "-3"], [1200.5, 1200, 0.5, -3]),
        (["1.200,5", "1.200", "0,5", "+3"], [1200.5, 1200, 0.5, 3]),
        (["1,234,567", "2,000"], [1234567, 2000]),
        (["0,5", "0.5", "3", "0,25", "1e3"], [0.5, 0.5, 3, 0.25, 1000]),
        (["1.200", "2.500"], [1.2, 2.5]),
    ],
)
def test_numbers_are_read_as_their_column_writes_them(
    tmp_path: Path, cells: list[str], judgments: list[object]
) -> None:
    """Percents are parts of one, and commas what some cell of the column makes sure."""
    assert _judged(tmp_path / "s.csv", cells) == (judgments, [])


@pytest.mark.parametrize(
    ("cells", "judgments", "told"),
    [
        (
            ["1,200", "2,300", "3"],
            [None, None, 3],
            "2 cells of score are no number: first '1,200' (line 2). "
            "It may be 1200 or 1.200: write it without the comma.",
        ),
        (
            ["0,5", "0.5", "3", "7", "1,200"],
            [0.5, 0.5, 3, 7, None],
            "1 cell of score is no number: '1,200' (line 6). It may be 1200 or 1.200: write it without the comma.",
        ),
        (
            ["50%", "60%", "70"],
            [0.5, 0.6, None],
            "1 cell of score is no number: '70' (line 4). Write all cells of the column with a percent sign, or none.",
        ),
        (
            ["0.5", "0.7", "60%", "0%"],
            [0.5, 0.7, None, 0],
            "1 cell of score is no number: '60%' (line 4). Write all cells of the column with a percent sign, or none.",
        ),
    ],
)
def test_numbers_that_may_be_two_are_refused_with_what_to_change(
    tmp_path: Path, cells: list[str], judgments: list[object], told: str
) -> None:
    """They are failed judgments of a number evaluator, never texts."""
    assert _judged(tmp_path / "s.csv", cells) == (judgments, [f"s.csv: {told}"])


def test_groups_of_points_are_in_doubt_where_other_columns_have_decimal_commas(tmp_path: Path) -> None:
    """Not 1.2: the judgment failed, and a cost is metadata. A column with a sure decimal point keeps its own."""
    rows = "".join(f"q{n};a;1.20{n};{n},25;0.80{n};2.50{n};1.10{n}\n" for n in range(4))
    (tmp_path / "de.csv").write_text(f"question;answer;points;grade;f1;cost;latency_ms\n{rows}")
    results, report = read_as("table", tmp_path / "de.csv")
    assert [[score.judgment for score in result.scores] for result in results][1] == [None, 1.25, 0.801]
    assert (results[1].cost, results[1].metadata, results[1].latency) == (None, {"cost": "2.501"}, 1.101)
    wanted = "It may be 1200 or 1.200: write it without the point, or with a decimal comma."
    no_score = "".join(f"q{n};a;1.20{n};{n},25\n" for n in range(4))
    (tmp_path / "min.csv").write_text(f"question;answer;points;duration (min)\n{no_score}")
    results, _ = read_as("table", tmp_path / "min.csv")
    assert [result.scores[0].judgment for result in results] == [None] * 4
    assert f"de.csv: 4 cells of points are no number: first '1.200' (line 2). {wanted}" in report.notes


def test_names_with_numbers_are_no_numbers(tmp_path: Path) -> None:
    """Whatever stands before or behind the number."""
    rows = "".join(f"q{n},x,v{n % 2},{n % 2 + 1}st\n" for n in range(6))
    (tmp_path / "v.csv").write_text(f"question,output,grade,rank\n{rows}")
    results, _ = read_as("table", tmp_path / "v.csv")
    assert [score.judgment for score in results[0].scores] == ["v0", "1st"]

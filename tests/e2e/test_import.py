"""`evals-mcp import`: files come in whole, once, and are answered about."""

import json
from pathlib import Path

import pytest
from tests.e2e.in_process import Ended, run
from tests.serving.administration import create_key
from tests.serving.served_here import served

CSV = "question;expected;answer_a;answer_b;score_a;score_b;latency_ms_a\n" + "".join(
    f"{n}+{n}?;{n + n};{n + n};{n + n if n < 3 else 'no'};1;{int(n < 3)};{100 * n}\n" for n in range(10)
)


_SCORES = ("--score", "scores.f1", "--score", "scores.a//b", "--score", "scores.a--b")


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
    assert f"\nCreated the database {database}.\nNew in the database: " in ended.stdout
    assert f'Ask an assistant with EVALS_MCP_DATABASE set to {database}: "Which version is better in sums?"' in told
    of_assistant = run(["import", str(results)], EVALS_MCP_DATABASE=str(database))
    assert 'Ask your assistant: "Which version is better in sums?"' in of_assistant.stdout
    answer = _call(database, "list_runs", "evaluation=sums")
    assert "a | 10 | 100% true" in answer
    assert "b | 10 | 30% true (-70 points)" in answer


def test_the_same_import_twice_changes_nothing(results: Path, tmp_path: Path) -> None:
    """Rows that are truly equal stay apart, both times."""
    results.write_text(CSV + CSV.splitlines()[1] + "\n")
    database = tmp_path / "new.db"
    assert "22 logs, 22 judgments" in _import(results, database).stdout
    before = _call(database, "list_runs", "evaluation=sums")
    again = _import(results, database).stdout
    assert "All of it was in the database already." in again
    assert "Created" not in again
    assert _call(database, "list_runs", "evaluation=sums") == before


def test_files_come_into_a_served_database(results: Path, tmp_path: Path) -> None:
    """By its address and a key, as with `copy`; HUMANLOOP_BASE_URL names another server, which is not asked."""
    path = tmp_path / "served.db"
    key = create_key(str(path), None, "imports").secret
    elsewhere = "http://127.0.0.1:9"
    with served(str(path)) as address:
        command = ["import", str(results), "--into", address]
        assert run(command, HUMANLOOP_API_KEY="wrong").status == 1
        told = run(command, HUMANLOOP_API_KEY=key, HUMANLOOP_BASE_URL=elsewhere)
        assert told.status == 0
        assert "Created" not in told.stdout
        assert "Ask an assistant with HUMANLOOP_BASE_URL set to this server: " in told.stdout
    assert "b | 10 | 30% true (-70 points)" in _call(path, "list_runs", "evaluation=sums")


def test_a_database_that_is_named_wins_over_a_server(results: Path, tmp_path: Path) -> None:
    """As in the other commands."""
    ended = run(["import", str(results), "--into", str(tmp_path / "a.db")], HUMANLOOP_BASE_URL="http://127.0.0.1:9")
    assert (ended.status, (tmp_path / "a.db").exists()) == (0, True)


def test_names_are_whole_where_the_output_is_no_terminal(results: Path, tmp_path: Path) -> None:
    """They can be copied out of a pipe or a file."""
    name = f"{'northwind-includes-citations-' * 6}evaluation"
    told = _import(results, tmp_path / "new.db", "--evaluation", name).stdout
    assert f"\u2502 {name} \u2502" in told
    assert f': "Which version is better in {name}?"\n' in told


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


def test_a_file_that_has_grown_adds_its_new_rows(results: Path, tmp_path: Path) -> None:
    """Also where they bring other datapoints, and judgments that make an evaluator another one."""
    database = tmp_path / "new.db"
    _import(results, database)
    results.write_text(CSV + "10+10?;20;20;20;0.5;1;90\n")
    ended = _import(results, database)
    assert (ended.status, ended.stderr) == (0, "")
    assert "1 datapoint" in ended.stdout
    assert "2 logs" in ended.stdout
    assert "11 | " in _call(database, "list_runs", "evaluation=sums")
    assert "All of it was in the database already." in _import(results, database).stdout


def test_an_evaluator_may_have_any_name_and_judge_twice(tmp_path: Path) -> None:
    """A slash is no folder, like names stay apart, and a second judgment stands beside the first."""
    path = tmp_path / "odd.jsonl"
    path.write_text('{"output": "x", "f1": 0.5, "scores": {"f1": 0.25, "a//b": true, "a--b": false}}\n' * 2)
    ended = _import(path, tmp_path / "new.db", "--score", "f1", *_SCORES)
    assert (ended.status, ended.stderr) == (0, "")
    assert "2 logs, 8 judgments" in " ".join(ended.stdout.split())
    told = " ".join(ended.stdout.split())
    assert "The evaluator a//b is called a--b here, where a slash separates folders." in told
    answer = _call(tmp_path / "new.db", "list_runs", "evaluation=odd")
    assert "a--b is true on all 2 logs" in answer
    assert '"a--b (2)" is false on all 2 logs' in answer


def _promptfoo(folder: Path, name: str, prompt: str) -> Path:
    """One result of a prompt, as promptfoo writes it."""
    result = {"provider": "mini", "prompt": {"raw": prompt}, "vars": {"x": "1"}, "success": True, "score": 1}
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"results": {"version": 3, "results": [result]}}))
    return path


def test_a_version_of_a_known_name_with_other_settings_joins_in_a_later_import(tmp_path: Path) -> None:
    """It goes by what tells it apart, because names of versions are unique in a file."""
    database = tmp_path / "new.db"
    _import(_promptfoo(tmp_path, "monday", "Hi {{x}}"), database, "--evaluation", "greetings")
    ended = _import(_promptfoo(tmp_path, "tuesday", "Hello {{x}}"), database, "--evaluation", "greetings")
    assert (ended.status, ended.stderr) == (0, "")
    runs = _call(database, "list_runs", "evaluation=greetings")
    assert 'mini | "prompt=Hi {{x}}" | 1 |' in runs
    assert '"prompt=Hello {{x}}" | - | 1 |' in runs


def _export(folder: Path) -> Path:
    """An export of Humanloop with a prompt, and no evaluation."""
    file = folder / "export" / "files" / "pr_1" / "file.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"id": "pr_1", "type": "prompt", "path": "p", "version_id": "prv_1", "model": "m"}')
    return folder / "export"


def test_exports_and_tables_come_in_together_or_not_at_all(results: Path, tmp_path: Path) -> None:
    """Nothing is stored before everything is read, and the table of what came in has both."""
    export, database = _export(tmp_path), tmp_path / "new.db"
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"output": ')
    assert run(["import", str(export), str(broken), "--into", str(database)]).status == 1
    assert not database.exists()
    ended = run(["import", str(export), str(results), "--into", str(database)])
    assert (ended.status, ended.stderr) == (0, "")
    assert "sums" in ended.stdout
    assert "No evaluations" not in _call(database, "list_evaluations")


def test_a_folder_may_have_all_kinds_of_files(results: Path, tmp_path: Path) -> None:
    """Exports at any depth, tables, results of tools, and texts that are nothing of these."""
    folder = tmp_path / "mixed"
    (folder / "a" / "b" / "c").mkdir(parents=True)
    _export(folder / "a" / "b" / "c")
    results.rename(folder / "a" / results.name)
    _promptfoo(folder, "greetings", "Hi {{x}}")
    (folder / "licence.txt").write_text("MIT License\n\nPermission is hereby granted, free of charge, to any person\n")
    ended = _import(folder, tmp_path / "new.db")
    assert (ended.status, ended.stderr) == (0, "")
    told = " ".join(ended.stdout.split())
    assert "│ mixed │ 2 │ 10 │ 20 │" in told
    assert "│ greetings │ 1 │ 1 │ 1 │" in told
    assert "Skipped licence.txt: no known format." in told
    assert "file.json" not in told


def test_an_export_without_evaluations_comes_in(tmp_path: Path) -> None:
    """Its files do; there is no evaluation to ask about."""
    ended = _import(_export(tmp_path), tmp_path / "new.db", "--format", "humanloop")
    assert (ended.status, ended.stderr) == (0, "")
    assert "New in the database: 1 file, 1 version." in ended.stdout
    assert "Ask " not in ended.stdout


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    """Of a file to import, and of the database."""
    long = tmp_path / ("n" * 300)
    assert _import(long, tmp_path / "new.db").stderr == f"evals-mcp: There is no file or folder {str(long)!r}.\n"
    assert "File name too long" in run(["--database", str(long), "call", "list_evaluations"]).stderr


def test_a_wrong_format_is_refused_with_the_formats(results: Path, tmp_path: Path) -> None:
    """Also that of folders, for what is no such folder."""
    unknown = _import(results, tmp_path / "new.db", "--format", "humanlop")
    assert "There is no format 'humanlop'. Formats: humanloop, promptfoo, " in unknown.stderr
    assert (
        "sums.csv has not the format humanloop."
        in _import(results, tmp_path / "new.db", "--format", "humanloop").stderr
    )


def test_a_file_that_is_not_as_its_tool_writes_it_is_named_with_the_place(tmp_path: Path) -> None:
    """Whatever a reader meets there; a result whose values cannot be stored is left out alone."""
    path = _promptfoo(tmp_path, "odd", "Hi {{x}}")
    content = json.loads(path.read_text())
    first = content["results"]["results"][0]
    content["results"]["results"] += [{**first, "vars": {"x": "2"}, "success": True, "gradingResult": {"reason": [1]}}]
    path.write_text(json.dumps(content))
    ended = _import(path, tmp_path / "new.db")
    assert "Skipped odd.json, result 2: output: Input should be a valid string." in " ".join(ended.stdout.split())
    assert "1 log," in " ".join(ended.stdout.split())
    content["results"]["results"] += [{**first, "latencyMs": "soon"}]
    path.write_text(json.dumps(content))
    ended = _import(path, tmp_path / "other.db")
    assert "evals-mcp: odd.json is not as promptfoo writes it, after result 2 (TypeError: " in ended.stderr
    assert (ended.status, (tmp_path / "other.db").exists()) == (1, False)


@pytest.mark.parametrize("odd", ["\x00", "\ud800"])
def test_a_result_with_a_text_that_cannot_be_stored_is_left_out_alone(tmp_path: Path, odd: str) -> None:
    """Wherever the text stands, also in a key; nothing of that result is counted."""
    keys = ("id", "model", "input", "output", "expected", "note")
    fields: dict[str, object] = {**dict.fromkeys(keys, "o"), "grade": "good"}
    rows = [fields | {"id": f"{number}"} for number in range(9)]
    rows += [fields | {name: f"b {odd}"} for name in fields] + [fields | {"metadata": {odd: 1}}]
    path = tmp_path / "odd.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    ended = _import(path, tmp_path / "new.db", "--score", "grade")
    assert (ended.status, ended.stderr) == (0, "")
    told = " ".join(ended.stdout.split())
    what = "a NUL character" if odd == "\x00" else "half of a surrogate pair"
    for line in range(10, 18):
        assert f"Skipped odd.jsonl, line {line}: text has {what}" in told
    assert "│ odd │ 1 │ 9 │ 9 │ 0 │ 9 judged │" in told
    assert "New in the database: 3 files, 9 datapoints, 3 versions, 1 evaluation, 1 run, 9 logs, 9 judgments." in told


def test_a_negative_cost_leaves_out_its_result_alone(tmp_path: Path) -> None:
    """As -1, which stands for none in some tools. In a table the cell alone is left out."""
    path = _promptfoo(tmp_path, "odd", "Hi {{x}}")
    content = json.loads(path.read_text())
    first = content["results"]["results"][0]
    content["results"]["results"] += [{**first, "vars": {"x": "2"}, "cost": -1}]
    content["results"]["results"] += [{**first, "vars": {"x": "3"}, "latencyMs": -1}]
    path.write_text(json.dumps(content))
    told = _import(path, tmp_path / "new.db").stdout
    assert "Skipped odd.json, result 2: cost is negative." in told
    assert "Skipped odd.json, result 3: latency is negative." in told
    assert "1 log" in " ".join(told.split())
    table = tmp_path / "odd.csv"
    table.write_text("input,output,cost\nq,o,1\nq2,o,-1\n")
    told = " ".join(_import(table, tmp_path / "table.db").stdout.split())
    assert "odd.csv: 1 cell of cost is no cost in US dollars" in told
    assert "2 logs" in told


def test_what_the_server_refuses_is_named_by_its_place(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file and place of a result, or the evaluation."""
    monkeypatch.setattr("evals_mcp.importers.contents._NEVER_NEGATIVE", ())
    path = _promptfoo(tmp_path, "odd", "Hi {{x}}")
    content = json.loads(path.read_text())
    first = content["results"]["results"][0]
    content["results"]["results"] += [{**first, "vars": {"x": "2"}, "cost": -1}]
    path.write_text(json.dumps(content))
    assert _import(path, tmp_path / "new.db").stderr.startswith("evals-mcp: odd.json, result 2: `output_cost` of log ")
    long = "x" * 600
    ended = _import(results, tmp_path / "new.db", "--evaluation", long)
    assert ended.stderr == f"evals-mcp: {long}: A path must have 1 to 500 characters.\n"


def test_a_number_has_the_direction_that_the_command_names(results: Path, tmp_path: Path) -> None:
    """So that one version is better. Without one, the import says how to name it."""
    results.write_text(
        "question;answer_a;answer_b;score_a;score_b\n" + "".join(f"q{n};x;y;{n};0.5\n" for n in range(9))
    )
    database = tmp_path / "new.db"
    told = " ".join(_import(results, database).stdout.split())
    assert "Not set whether higher is better, so never better or worse: score. If it is, import again with" in told
    assert "--evaluation NEW --score 'score:higher', else with :lower." in told
    assert "| lower" in _call(database, "compare_runs", "evaluation=sums")
    for direction, verdict in (("higher", "worse"), ("lower", "better")):
        ended = _import(results, database, "--score", f"score:number:{direction}", "--evaluation", direction)
        assert (ended.status, "Not set" in ended.stdout) == (0, False)
        assert f"| {verdict}" in _call(database, "compare_runs", f"evaluation={direction}")


def test_files_with_the_same_outputs_are_named(tmp_path: Path) -> None:
    """As of one run in several formats, even if they come in as several runs: these are told apart by the files."""
    folder = tmp_path / "formats"
    folder.mkdir()
    for name in ("monday", "tuesday", "friday"):
        path = _promptfoo(folder, name, "Hi {{x}}")
        output = "bye" if name == "friday" else "hello"
        path.write_text(path.read_text().replace('"success"', f'"response": {{"output": "{output}"}}, "success"'))
    ended = _import(folder, tmp_path / "new.db", "--evaluation", "greetings")
    told = " ".join(ended.stdout.split())
    assert "The same outputs for the same datapoints are in monday.json, tuesday.json (runs: mini)." in told
    assert "mini (friday.json)" in _call_import(folder)


def _call_import(folder: Path) -> str:
    words = ["import_results", f"path={folder}", "evaluation=greetings", "dry_run=true"]
    return run(["call", *words], EVALS_MCP_IMPORT_DIRS=str(folder.parent)).stdout


def test_a_cost_is_the_whole_cost_of_an_output(tmp_path: Path) -> None:
    """Tools tell one figure. It is not called the output's, and counts as the cost in comparisons."""
    path = tmp_path / "costs.csv"
    path.write_text("id,model,input,output,cost\n1,a,q1,x,0.01\n2,a,q2,y,0.02\n1,b,q1,x,0.03\n2,b,q2,y,0.05\n")
    database = tmp_path / "new.db"
    _import(path, database)
    logs = _call(database, "get_logs", "evaluation=costs")
    assert "| cost\n" in logs
    assert "output cost" not in logs
    compared = _call(database, "compare_runs", "evaluation=costs")
    assert "cost | 2 | $0.0150 | $0.0400 |" in compared
    assert "Only the output's cost" not in compared


def test_codes_in_files_do_not_reach_the_terminal(tmp_path: Path) -> None:
    """In names of files, columns, runs and evaluations; in tables, notes, errors, of commands that read them."""
    code = "\x1b[2J\x1b]0;x\x07\r"
    odd = tmp_path / f"a{code}b\nfake line.csv"
    odd.write_text(f'question,model,"sc{code}ore",correct\nq,"m{code}",0.5,true\nq2,m,{code},true\n', newline="")
    broken = tmp_path / f"{code}.jsonl"
    broken.write_text("{")
    shown = [
        _import(odd, tmp_path / "new.db", "--evaluation", f"e{code}v"),
        _import(odd, tmp_path / "new.db", "--dry-run"),
        _import(broken, tmp_path / "new.db"),
        run(["import", f"--{code}"]),
        run(["export", f"e{code}v", "--from", str(tmp_path / "new.db"), "--to", str(tmp_path / f"o{code}")]),
        run(["keys", "create", f"k{code}", "--database", str(tmp_path / "new.db")]),
        run(["keys", "list", "--database", str(tmp_path / "new.db")]),
        run(["export", f"no{code}", "--from", str(tmp_path / "new.db"), "--to", str(tmp_path / "out")]),
    ]
    for ended in shown:
        assert not set("\x1b\x07\r") & set(ended.stdout + ended.stderr), ended
        assert "\nfake line" not in ended.stdout
    assert "\\u{1b}[2J" in shown[0].stdout
    assert "e\\u{1b}[2J" in shown[4].stderr

"""Logs of Inspect: scores of every shape, epochs, steps, attachments, and headers that lie."""

import json
from pathlib import Path
from typing import Any

import pytest
from backports.zstd import zipfile
from tests.e2e.in_process import run
from tests.shared_data import DATA

from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Report, format_of
from evals_mcp.importers.results import Result
from evals_mcp.importers.tables.columns import Chosen

FILES = DATA / "formats" / "inspect"


def _read(path: Path) -> tuple[list[Result], Report]:
    format, report = format_of(path), Report()
    assert format is not None
    assert format.name == "inspect"
    return list(format.read(path, Chosen(), report)), report


def _header(**fields: Any) -> dict[str, Any]:
    eval = {"eval_id": "e", "run_id": "r", "task": "sums", "model": "openai/mini", "task_args": {"n": 2}}
    return {"version": 2, "status": "success", "eval": eval, "results": {"total_samples": 1, "scores": []}, **fields}


def _sample(**fields: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "attachment://a1"}
    return {
        "id": "one",
        "epoch": 1,
        "input": "1+1?",
        "target": "2",
        "messages": [{"role": "user", "content": "1+1?"}, said],
        "output": {"choices": [{"message": said, "stop_reason": "stop"}]},
        "model_usage": {
            "openai/mini": {"input_tokens": 3, "output_tokens": 1, "input_tokens_cache_read": 2, "total_tokens": 6}
        },
        "attachments": {"a1": "It is 2."},
        "total_time": 0.5,
        **fields,
    }


def _written(
    folder: Path, header: dict[str, Any], *samples: dict[str, Any], method: int = zipfile.ZIP_DEFLATED
) -> Path:
    path = folder / "log.eval"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("header.json", json.dumps(header))
        for number, sample in enumerate(samples):
            archive.writestr(f"samples/{number}_epoch_1.json", json.dumps(sample))
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_ZSTANDARD])
def test_a_sample_is_a_log_with_what_it_used(tmp_path: Path, method: int) -> None:
    """Attachments stand where they are referred to; the answer is the output, not a message before it."""
    results, _ = _read(_written(tmp_path, _header(), _sample(), method=method))
    (result,) = results
    assert (result.version.label, result.evaluation, result.output) == ("openai/mini", "sums", "It is 2.")
    assert [message.content for message in result.messages] == ["1+1?"]
    assert (result.case.id, result.case.inputs, result.case.target) == ("one", {"input": "1+1?"}, {"target": "2"})
    assert (result.prompt_tokens, result.output_tokens, result.latency, result.finish_reason) == (5, 1, 0.5, "stop")
    assert result.cached_tokens == 2  # counted apart from the input by this model


def test_scores_of_every_shape_become_judgments(tmp_path: Path) -> None:
    """Grades are right, half or wrong; a dict is an evaluator for each key; what was not scored is not judged."""
    scores = {
        "match": {"value": "C", "answer": "2", "explanation": "equal"},
        "judge": {"value": "P"},
        "length": {"value": 8},
        "tone": {"value": "warm"},
        "parts": {"value": {"a": 0.5, "b": "I"}},
        "unscored": {"value": float("nan")},
    }
    results, _ = _read(_written(tmp_path, _header(), _sample(scores=scores)))
    assert {score.evaluator: score.judgment for score in results[0].scores} == {
        "match": True,
        "judge": 0.5,
        "length": 8,
        "tone": "warm",
        "parts.a": 0.5,
        "parts.b": False,
    }
    first = results[0].scores[0]
    assert (first.explanation, first.metadata) == ("equal", {"answer": "2", "grade": "C"})


def test_calls_of_models_and_tools_are_steps(tmp_path: Path) -> None:
    """With their inputs and outputs."""
    call = {"id": "c1", "function": "add", "arguments": {"x": 1}}
    said = {"role": "assistant", "content": "", "tool_calls": [call]}
    events = [
        {"event": "model", "model": "openai/mini", "input": [{"role": "user", "content": "1+1?"}]}
        | {"output": {"choices": [{"message": said}]}},
        {"event": "tool", "function": "add", "arguments": {"x": 1}, "result": "2"},
        {"event": "state"},
    ]
    results, _ = _read(_written(tmp_path, _header(), _sample(events=events)))
    assert [(step.kind, step.name, step.inputs, step.output) for step in results[0].steps] == [
        ("model", "openai/mini", None, ""),
        ("tool", "add", {"x": 1}, "2"),
    ]


def test_a_header_that_lies_is_told(tmp_path: Path) -> None:
    """The number of samples, a success without scores, and a metric that its samples do not have."""
    scored = [{"name": "match", "scorer": "match", "metrics": {"accuracy": {"value": 1.0}, "stderr": {"value": 0.125}}}]
    header = _header(results={"total_samples": 790, "scores": scored})
    results, report = _read(_written(tmp_path, header, _sample(scores={"match": {"value": "I"}})))
    assert [(figure.name, figure.evaluator, figure.value, figure.stderr) for figure in results[0].run.reported] == [
        ("accuracy", "match", 1.0, 0.125)
    ]
    assert report.notes == [
        "log.eval claims 790 samples and holds 1.",
        "log.eval reports accuracy 1.0 of match; its samples have 0.",
    ]
    _, report = _read(_written(tmp_path, _header(), _sample()))
    assert report.notes == ["log.eval has no scores."]
    _, report = _read(_written(tmp_path, _header(status="cancelled", version=4), _sample()))
    assert report.notes == [
        "log.eval has log version 4; versions 2 and 3 are known.",
        "log.eval: the run ended as cancelled.",
    ]


def test_broken_archives_are_refused(tmp_path: Path) -> None:
    """By file and member."""
    whole = _written(tmp_path, _header(), _sample()).read_bytes()
    (tmp_path / "cut.eval").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Invalid, match=r"cut\.eval is a broken archive"):
        _read(tmp_path / "cut.eval")
    with zipfile.ZipFile(tmp_path / "text.eval", "w") as archive:
        archive.writestr("header.json", "{")
    with pytest.raises(Invalid, match=r"text\.eval, header\.json is not JSON"):
        _read(tmp_path / "text.eval")


@pytest.mark.skipif(not FILES.exists(), reason="the logs are not beside this repository")
def test_recorded_logs_agree_with_their_own_metrics(tmp_path: Path) -> None:
    """No metric differs; epochs are repeated logs; the same run in two files comes in once; a cancelled run is told."""
    ended = run(["import", str(FILES), "--into", str(tmp_path / "logs.db")])
    told = " ".join(ended.stdout.split())
    assert (ended.status, " reports " in told) == (0, False)
    assert "6 runs, 174 logs, 365 judgments" in told
    assert "Skipped repo-log_formats.json: its run is in repo-log_formats.eval, too." in told
    assert "repo-2025-05-12T20-28-13-04-00_popularity.json: the run ended as cancelled." in told
    asked = ["--database", str(tmp_path / "logs.db"), "call", "list_runs", "evaluation=popularity"]
    assert "cancelled" in run(asked).stdout


def test_the_same_run_in_another_file_adds_nothing(tmp_path: Path) -> None:
    """The archive today, its JSON form tomorrow."""
    sample = _sample(attachments={}, scores={"match": {"value": "C"}})
    archive = _written(tmp_path, _header(), sample)
    (tmp_path / "log.json").write_text(json.dumps({**_header(), "samples": [sample]}))
    into = ["--into", str(tmp_path / "logs.db")]
    assert "1 log, 1 judgment." in " ".join(run(["import", str(archive), *into]).stdout.split())
    assert "All of it was in the database already." in run(["import", str(tmp_path / "log.json"), *into]).stdout


def test_runs_of_one_model_with_other_settings_are_other_versions(tmp_path: Path) -> None:
    """Each has its own settings."""
    folder = tmp_path / "logs"
    for number in (1, 2):
        (folder / str(number)).mkdir(parents=True)
        eval = {**_header()["eval"], "run_id": f"r{number}", "task_args": {"shots": number}}
        _written(folder / str(number), _header(eval=eval), _sample(scores={"match": {"value": "C"}}))
    into = str(tmp_path / "logs.db")
    assert run(["import", str(folder), "--into", into]).status == 0
    compared = run(["--database", into, "call", "compare_runs", "evaluation=sums"]).stdout
    assert "shots 1 → 2" in compared


def test_an_archive_that_would_grow_too_far_is_refused(tmp_path: Path) -> None:
    """Before any of it is read; nor does a name that leads out of an archive write a file."""
    path = _written(tmp_path, _header(), {**_sample(), "padding": " " * 60_000_000})
    with pytest.raises(Invalid, match=r"log\.eval, samples/0_epoch_1\.json would grow from [\d,]+ bytes to 60,\d+,\d+"):
        _read(path)
    path = _written(tmp_path, _header())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("samples/../../outside.json", json.dumps(_sample()))
    results, _ = _read(path)
    assert (len(results), [file.name for file in tmp_path.parent.glob("outside*")]) == (1, [])

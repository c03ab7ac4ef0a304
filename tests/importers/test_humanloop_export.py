"""Folders of humanloop-export: everything keeps its id, and figures agree with the exported statistics."""

import json
from collections import Counter, defaultdict
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.shared_data import DATA

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Report
from evals_mcp.importers.humanloop_export import FORMAT
from evals_mcp.importers.importing import import_files
from evals_mcp.models.evaluation_document import (
    DatapointRecord,
    EvaluationRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    RunRecord,
    VersionRecord,
)
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.store.store import open_temporary_store

EXPORT = DATA / "formats" / "humanloop-export-CONSTRUCTED" / "exports" / "20250605-120000"
PROMPT = {"id": "pr_1", "type": "prompt", "path": "apps/answer", "name": "answer"}
VERSION = {**PROMPT, "version_id": "prv_1", "model": "m", "template": "{{q}}", "created_at": "2025-01-01T00:00:00"}
DATASET = {"id": "ds_1", "type": "dataset", "path": "questions", "name": "questions", "version_id": "dsv_1"}
SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
_LOST = [
    ReportedFigure(name="num_logs", value=3, source="humanloop"),
    ReportedFigure(name="total_logs", value=3, source="humanloop", evaluator="evv_1"),
    ReportedFigure(name="num_true", value=2, source="humanloop", evaluator="evv_1"),
]
EVALUATOR = {"id": "ev_1", "type": "evaluator", "path": "ok", "name": "ok", "version_id": "evv_1", "spec": SPEC}


def _read(folder: Path) -> tuple[list[Record], Report]:
    report = Report()
    assert FORMAT.recognises(folder)
    return list(FORMAT.read(folder, report).records()), report


def _log(id: str, minute: int, **fields: Any) -> dict[str, Any]:
    return {"id": id, "prompt": VERSION, "output": id, "created_at": f"2025-01-01T00:{minute:02}:00", **fields}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An export with a trace, a log that two runs share, and pages out of order."""
    folder = tmp_path / "20250101-000000"

    def write(path: str, *content: Any) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("\n".join(map(json.dumps, content)))

    write("files/pr_1/file.json", PROMPT)
    write("files/pr_1/versions/prv_1", VERSION)
    write("files/ds_1/file.json", DATASET)
    write("files/ds_1/versions/dsv_1", {**DATASET, "datapoints_count": 3})
    write("files/ds_1/datapoints/dsv_1/1.jsonl", {"id": "dp_2", "inputs": {"q": "b"}}, {"id": "dp_1", "inputs": {}})
    write("files/ds_1/.done", "")
    evaluation = "files/pr_1/evaluations/evr_1"
    attached = [{"version": EVALUATOR, "orchestrated": False}]
    write(f"{evaluation}/evaluation.json", {"id": "evr_1", "name": "E", "evaluators": attached})
    counts = {"evaluator_version_id": "evv_1", "total_logs": 3, "num_true": 2}
    stats = [{"run_id": f"rn_{number}", "num_logs": number + 1, "evaluator_stats": [counts]} for number in (1, 2)]
    write(f"{evaluation}/stats.json", {"run_stats": stats})
    run = {"version": VERSION, "dataset": DATASET, "status": "completed"}
    for number in (1, 2):
        id = f"rn_{number}"
        write(f"{evaluation}/runs/{id}", {"id": id, "control": number == 1, "created_at": f"2025-01-0{number}", **run})
    judged = [{"id": "log_j", "evaluator": EVALUATOR, "judgment": True, "created_at": "2025-01-01T01:00:00"}]
    first = {"datapoint": {"id": "dp_1"}, "log": _log("log_1", 1), "evaluator_logs": judged}
    late = {"run_id": "rn_1", "datapoint": {"id": "dp_9"}, "log": _log("log_2", 2)}
    write(f"{evaluation}/logs/2.jsonl", late, {"run_id": "rn_1", **first})
    write(f"{evaluation}/logs/1.jsonl", {"run_id": "rn_2", **first})
    write("files/pr_1/logs/1.jsonl", _log("log_2", 2), _log("data_3", 0, trace_children=[_log("log_4", 5)]), "no log")
    return folder


def test_ids_order_traces_and_shared_logs_stay(export: Path) -> None:
    """A log comes once, in both of its runs; its judgment once; the oldest log first."""
    records, report = _read(export)
    logs = [record for record in records if isinstance(record, LogRecord)]
    assert [(log.id, log.run_ids, log.trace_parent_id) for log in logs] == [
        ("data_3", [], None),
        ("log_4", [], "data_3"),
        ("log_1", ["rn_2"], None),
        ("log_1", ["rn_1"], None),
        ("log_2", ["rn_1"], None),
    ]
    assert [log.source_datapoint_id for log in logs] == [None, None, "dp_1", "dp_1", "dp_9"]
    (judgment,) = (record for record in records if isinstance(record, JudgmentRecord))
    assert (judgment.id, judgment.judged_log_id, judgment.judgment) == ("log_j", "log_1", True)
    runs = [record for record in records if isinstance(record, RunRecord)]
    assert [(run.id, run.evaluations[0].control, run.dataset_version_id) for run in runs] == [
        ("rn_1", True, "dsv_1"),
        ("rn_2", False, "dsv_1"),
    ]
    versions = {record.id: record.datapoint_ids for record in records if isinstance(record, VersionRecord)}
    assert versions == {"dsv_1": ["dp_2", "dp_1"], "prv_1": [], "evv_1": []}
    assert [run.reported_figures for run in runs] == [None, _LOST]
    assert report.notes == [
        "Dataset version dsv_1 has 2 of 3 datapoints here.",
        "files/pr_1 may be incomplete: it has no mark .done.",
        "Run rn_2 has 1 of 3 logs here. Its exported statistics are kept.",
    ]
    assert [str(skipped.location) for skipped in report.skipped] == ["files/pr_1/logs/1.jsonl, line 3"]


def test_a_line_that_is_too_long_is_refused_by_its_place(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before memory holds it."""
    monkeypatch.setattr("evals_mcp.importers.log_lines.LONGEST_LINE", 10)
    with pytest.raises(Invalid, match=r"1\.jsonl, line 1 is longer than 10 bytes\."):
        _read(export)


def test_an_incomplete_export_is_read_as_far_as_it_goes(export: Path) -> None:
    """Broken and missing files are named; logs that statistics promise are counted; versions in runs still come in."""
    evaluation = export / "files/pr_1/evaluations/evr_1"
    (evaluation / "stats.json").write_text(json.dumps({"run_stats": [{"run_id": "rn_1", "num_logs": 9}]}))
    (evaluation / "runs/rn_2").write_text('{"id": "rn_2", "contr')
    (export / "files/pr_1/versions/prv_1").unlink()
    (export / "files/ds_1/file.json").unlink()
    records, report = _read(export)
    assert [record.id for record in records if isinstance(record, RunRecord)] == ["rn_1"]
    assert {"prv_1", "dsv_1", "evv_1"} == {record.id for record in records if isinstance(record, VersionRecord)}
    assert "Run rn_1 has 2 of 9 logs here. Its exported statistics are kept." in report.notes
    assert [str(skipped) for skipped in (item.location for item in report.skipped)] == [
        "files/ds_1/file.json",
        "files/pr_1/evaluations/evr_1/runs/rn_2",
        "files/pr_1/logs/1.jsonl, line 3",
    ]


def test_statistics_without_logs_are_kept_as_reported(export: Path) -> None:
    """They are figures of the runs, labelled with their source."""
    evaluation = export / "files/pr_1/evaluations/evr_1"
    of_evaluator = {"evaluator_version_id": "evv_1", "num_true": 3, "std": None}
    of_evaluator["num_judgments_per_option"] = {"good": 2}
    stats = {"run_stats": [{"run_id": "rn_1", "num_logs": 4, "evaluator_stats": [of_evaluator]}]}
    (evaluation / "stats.json").write_text(json.dumps(stats))
    for path in evaluation.glob("logs/*"):
        path.unlink()
    records, report = _read(export)
    runs = {record.id: record.reported_figures for record in records if isinstance(record, RunRecord)}
    assert [(figure.evaluator, figure.name, figure.value, figure.source) for figure in runs["rn_1"] or ()] == [
        (None, "num_logs", 4, "humanloop"),
        ("evv_1", "num_true", 3, "humanloop"),
        ("evv_1", "num_judgments_per_option.good", 2, "humanloop"),
    ]
    assert runs["rn_2"] is None
    assert "Run rn_1 has 0 of 4 logs here. Its exported statistics are kept." in report.notes


def test_environments_commit_messages_and_old_statuses_stay(export: Path) -> None:
    """The deployed version is the default one; a deployment that somebody made later stays in a second import."""
    folder = export / "files/pr_1"
    second = {
        **VERSION,
        "version_id": "prv_2",
        "model": "n",
        "commit_message": "Try n",
        "created_at": "2025-02-01T00:00:00",
    }
    (folder / "versions/prv_2").write_text(json.dumps(second))
    deployed = [
        {"version_id": "prv_2", "environment_id": f"env_{tag}", "environment_name": name, "environment_tag": tag}
        for name, tag in (("live", "default"), ("qa", "other"))
    ]
    (folder / "deployments.json").write_text(json.dumps(deployed))
    old = {key: value for key, value in _log("data_8", 9).items() if key != "prompt"}
    flow = {"id": "fl_1", "type": "flow", "path": "old/flow", "version_id": "flv_1", "attributes": {}}
    (folder / "logs/2.jsonl").write_text(json.dumps({**old, "flow": flow, "trace_status": "incomplete"}))

    with closing(open_temporary_store()) as store:
        client = EvalsClient(open_app=lambda: create_app(OpenAccess(store)))

        async def load() -> dict[str, int]:
            return dict((await import_files(client, [export])).added)

        assert anyio.run(load)["environment"] == 1
        default = store.files.get("prompt", "pr_1")
        assert (default.version_id, default.version_name) == ("prv_2", "Try n")
        environments = {
            item.name: item.file and item.file.version_id for item in store.environments.all("prompt", "pr_1")
        }
        assert environments == {"production": "prv_2", "staging": None, "qa": "prv_2"}
        assert store.logs.get("data_8").log_status == "incomplete"
        store.environments.deploy("prompt", "pr_1", "production", "prv_1")
        assert anyio.run(load) == {}
        assert store.files.get("prompt", "pr_1").version_id == "prv_1"


def test_only_what_an_export_deploys_is_deployed(export: Path) -> None:
    """No first version is, so that nobody takes it for the one in production."""
    with closing(open_temporary_store()) as store:
        client = EvalsClient(open_app=lambda: create_app(OpenAccess(store)))
        assert "deployment" not in anyio.run(import_files, client, [export]).added
        assert all(item.file is None for item in store.environments.all("prompt", "pr_1"))


@pytest.mark.skipif(not EXPORT.exists(), reason="the export is not beside this repository")
def test_the_api_answers_what_the_export_says() -> None:
    """Files, versions, datapoints, evaluations, runs, logs and statistics, field by field where it has a value."""
    with closing(open_temporary_store()) as store:
        client = EvalsClient(open_app=lambda: create_app(OpenAccess(store)))
        anyio.run(_compare, client)


async def _compare(client: EvalsClient) -> None:
    await import_files(client, [EXPORT])
    raw = client.raw_pages
    for folder in (EXPORT / "files").iterdir():
        kind, id = json.loads((folder / "file.json").read_bytes())["type"], folder.name
        answered = {version["version_id"]: version for version in await raw.versions(kind, id)}
        for path in folder.glob("versions/*"):
            _require_same(json.loads(path.read_bytes()), answered[path.name])
        for path in folder.glob("datapoints/*/*.jsonl"):
            points = {point["id"]: point for point in (await raw.datapoints(id, path.parent.name, 1, 1000)).records}
            for line in path.read_text().splitlines():
                _require_same(json.loads(line), points[json.loads(line)["id"]])
    (folder,) = EXPORT.glob("files/*/evaluations/*")
    _require_same(json.loads((folder / "evaluation.json").read_bytes()), await raw.evaluation(folder.name))
    runs = {run["id"]: run for run in await raw.runs(folder.name)}
    for path in folder.glob("runs/*"):
        _require_same(json.loads(path.read_bytes()), runs[path.name])
    logs = {log["log"]["id"]: log for log in (await raw.evaluation_logs(folder.name, 1, 1000)).records}
    for path in folder.glob("logs/*"):
        for line in path.read_text().splitlines():
            _require_same(json.loads(line), logs[json.loads(line)["log"]["id"]])
    stats = await raw.stats(folder.name)
    answered = {run["run_id"]: run for run in stats["run_stats"]}
    for run in json.loads((folder / "stats.json").read_bytes())["run_stats"]:
        # The export leaves evaluators out that judged nothing in the run.
        judged = [item for item in answered[run["run_id"]]["evaluator_stats"] if item["total_logs"]]
        _require_same(run, {**answered[run["run_id"]], "evaluator_stats": judged}, at=run["run_id"])


_OURS = {"created_by", "directory_id", "url", "last_used_at", "updated_at", "percentiles", "commit_message", "sum"}
_OURS |= {
    "version_logs_count",
    "total_logs_count",
    "version_description",
    "batch_id",
    "environments",
    "schema",
    "trace_children",
}


def _require_same(said: Any, answered: Any, at: str = "") -> None:
    """What the export says is answered: values that are set, lists in any order of their ids."""
    if isinstance(said, dict):
        assert isinstance(answered, dict), at
        for name, value in said.items():
            # Here a file is called by the last part of its path, and its inputs are those of its template.
            is_of_file = name in ("name", "inputs") and "path" in said
            if name not in _OURS and not is_of_file and value not in (None, [], {}):
                _require_same(value, answered.get(name), f"{at}.{name}")
    elif isinstance(said, list):
        assert len(said) == len(answered), at
        for one, other in zip(sorted(said, key=_identity), sorted(answered, key=_identity), strict=True):
            _require_same(one, other, at)
    elif isinstance(said, float):
        assert answered == pytest.approx(said), at
    elif isinstance(said, str) and at.endswith(("_at", "_time")):
        assert _moment(answered) == _moment(said), at
    else:
        assert answered == said, at


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _identity(item: Any) -> str:
    known = item.get("version", item) if isinstance(item, dict) else {}
    keys = ("evaluator_version_id", "version_id", "id", "name")
    return next((str(known[key]) for key in keys if known.get(key)), json.dumps(item, sort_keys=True))


@pytest.mark.skipif(not EXPORT.exists(), reason="the export is not beside this repository")
def test_figures_are_those_of_the_exported_statistics() -> None:
    """Logs, judgments, failures and means of each run and evaluator."""
    records, _ = _read(EXPORT)
    kinds = Counter(type(record) for record in records)
    assert (kinds[DatapointRecord], kinds[EvaluationRecord], kinds[RunRecord], kinds[LogRecord]) == (60, 1, 4, 240)
    run_of = {record.id: record.run_ids[0] for record in records if isinstance(record, LogRecord)}
    judgments = defaultdict(list)
    for record in records:
        if isinstance(record, JudgmentRecord):
            judgments[run_of[record.judged_log_id], record.evaluator_version_id].append(record)
    (path,) = EXPORT.glob("files/*/evaluations/*/stats.json")
    for run in json.loads(path.read_bytes())["run_stats"]:
        assert run["num_logs"] == list(run_of.values()).count(run["run_id"])
        for stats in run["evaluator_stats"]:
            found = judgments[run["run_id"], stats["evaluator_version_id"]]
            values = [float(item.judgment) for item in found if isinstance(item.judgment, int | float)]
            assert len(values) == stats["num_judgments"]
            assert sum(item.error is not None for item in found) == stats["num_errors"]
            total = stats["sum"] if "sum" in stats else stats["num_true"]
            assert sum(values) == pytest.approx(total)

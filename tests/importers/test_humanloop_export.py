"""Folders of humanloop-export: everything keeps its id, and figures agree with the exported statistics."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from tests.shared_data import DATA

from evals_mcp.importers.formats import Report
from evals_mcp.importers.humanloop_export import FORMAT
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
    return list(FORMAT.read(folder, report)), report


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
    assert [log.source_datapoint_id for log in logs] == [None, None, "dp_1", "dp_1", None]
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

"""A folder that `humanloop-export` or `evals-mcp export` wrote: files with their versions, evaluations, runs, logs.

The layout is that of humanloop/humanloop-export (bb23c12). Ids, names and times stay as they are. An export may lack
pages without saying so, and lists the same run and log in several evaluations.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.api_records import (
    ENDED,
    Unreadable,
    read_attached,
    read_datapoint,
    read_evaluation,
    read_file,
    read_log,
    read_run,
    read_version,
)
from evals_mcp.importers.exported_versions import deployments_of, named
from evals_mcp.importers.formats import FolderFormat, Report
from evals_mcp.importers.log_lines import LogFiles, LogLine, lines_in, log_line, ordered, page_order
from evals_mcp.importers.results import Location
from evals_mcp.importers.text_files import lines_of, read_json
from evals_mcp.models.evaluation_document import DatapointRecord, DeploymentRecord, Record, RunEvaluation
from evals_mcp.models.model import JsonObject
from evals_mcp.models.reported_figures import ReportedFigure, read_figures

MARK = "evals-mcp.json"
"""The file that tells exports of this program from others: its evaluation, files, and order of versions and runs."""

_SOURCE = "humanloop"
_LOGS = (
    (True, "evaluations/*/logs/*.jsonl"),
    (True, "files/*/evaluations/*/logs/*.jsonl"),
    (False, "files/*/logs/*.jsonl"),
)


def _recognises(path: Path) -> bool:
    if not path.is_dir():
        return False
    return (path / MARK).is_file() or next(path.glob("files/*/file.json"), None) is not None


class HumanloopExport:
    """The folder of an export. Its lines of logs are read twice: once to check and order them, once to load them."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._lines: list[LogLine] | None = None

    def checked(self) -> Iterator[Record]:
        """All records, logs in any order. Reports what is missing or unreadable. Raises Invalid."""
        reading = _Reading(self._folder, self._report)
        yield from reading.definitions()
        lines: list[LogLine] = []
        for line, item in reading.lines():
            lines.append(line)
            yield from reading.line(line, item)
        reading.report_missing_logs()
        self._lines = ordered(lines, newest_first=reading.is_ours)

    def records(self) -> Iterator[Record]:
        """All records, logs from the oldest. Reports nothing again."""
        if self._lines is None:
            for _ in self.checked():
                pass
        logs = Counter(run_id for run_id, _ in {(line.run_id, line.log_id) for line in self._lines or ()})
        reading = _Reading(self._folder, Report(), logs)
        yield from reading.definitions()
        with closing(LogFiles()) as files:
            for line in self._lines or ():
                yield from reading.line(line, json.loads(files.read(line)))


class _Reading:
    """One pass over an export, and what of it is in the document already."""

    def __init__(self, folder: Path, report: Report, logs: Counter[str | None] | None = None) -> None:
        self._folder = folder
        self._report = report
        self._logs_of_runs = logs
        self._mark = self._json(folder / MARK) if (folder / MARK).is_file() else {}
        self._paths: set[str] = set()
        self._versions: set[str] = set()
        self._datapoints: set[str] = set()
        self._runs: set[str] = set()
        self._logs: set[tuple[str, str | None]] = set()
        self._judgments: set[str] = set()
        self._dataset_of: dict[str, str] = {}
        self._statistics: dict[str, JsonObject] = {}
        self._found: Counter[str] = Counter()

    @property
    def is_ours(self) -> bool:
        """Whether `evals-mcp export` wrote it, so that the order of lines is that of the list."""
        return bool(self._mark)

    def definitions(self) -> Iterator[Record]:
        """Files and versions (tools first, because prompts link them), evaluations and runs."""
        folders = [folder for folder in sorted(self._folder.glob("files/*")) if folder.is_dir()]
        for folder in sorted(folders, key=lambda folder: not folder.name.startswith("tl_")):
            yield from self._file(folder)
        found = chain(self._folder.glob("evaluations/*"), self._folder.glob("files/*/evaluations/*"))
        evaluations = {folder: self._json(folder / "evaluation.json") for folder in sorted(found) if folder.is_dir()}
        for folder, evaluation in evaluations.items():
            if evaluation:
                yield from self._evaluation(folder, evaluation)
        yield from self._runs_of({folder: evaluation for folder, evaluation in evaluations.items() if evaluation})

    def lines(self) -> Iterator[tuple[LogLine, JsonObject]]:
        """The lines with logs, in the order of the files. One file may have 1,001 of them."""
        for in_evaluation, pattern in _LOGS:
            for path in sorted(self._folder.glob(pattern), key=page_order):
                for offset, number, text in lines_in(path):
                    try:
                        item = json.loads(text)
                        yield log_line(path, offset, number, item, in_evaluation=in_evaluation), item
                    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                        self._report.skip(self._location(path, f"line {number}"), "it is no log")

    def line(self, line: LogLine, content: JsonObject) -> Iterator[Record]:
        """The log of a line with its judgments and the logs below it."""
        item = content if line.in_evaluation else {"log": content}
        run_id = line.run_id if line.run_id in self._runs else None
        yield from self._log(item, run_id, item["log"].get("trace_parent_id"), line)

    def report_missing_logs(self) -> None:
        """Report runs with fewer logs than their statistics say."""
        for run_id, statistics in self._statistics.items():
            here, count = self._found[run_id], statistics.get("num_logs")
            if run_id in self._runs and isinstance(count, int) and here < count:
                self._report.note(
                    f"Run {run_id} has {here:,} of {count:,} logs here. Its exported statistics are kept."
                )

    def _file(self, folder: Path) -> Iterator[Record]:
        """A file and its versions, oldest first, with their deployments."""
        file = self._json(folder / "file.json")
        versions = [version for path in sorted(folder.glob("versions/*")) if (version := self._json(path))]
        if not (folder / ".done").exists():
            self._report.note(f"files/{folder.name} may be incomplete: it has no mark .done.")
        order = {id: at for at, id in enumerate(self._oldest_first("versions"))}

        def age(version: JsonObject) -> tuple[int, str]:
            return order.get(str(version.get("version_id")), 0), str(version.get("created_at"))

        for version in named(sorted(versions, key=age) or [file]):
            yield from self._version(version, folder)
        yield from self._deployments(folder, file, versions)

    def _deployments(self, folder: Path, file: JsonObject, versions: Sequence[JsonObject]) -> Iterator[Record]:
        path = folder / "deployments.json"
        deployed = self._content(path) if path.is_file() else list(deployments_of(versions))
        for item in deployed if isinstance(deployed, list) else []:
            if isinstance(item, dict) and item.get("version_id") in self._versions:
                try:
                    yield DeploymentRecord.model_validate({**item, "file_id": file.get("id") or folder.name})
                except ValueError:
                    self._report.skip(self._location(path, ""), "a deployment is not as documented")

    def _version(self, version: JsonObject, folder: Path | None = None) -> Iterator[Record]:
        """A version that is new, with its file and its datapoints if these are new."""
        version_id = version.get("version_id")
        if not isinstance(version_id, str) or version_id in self._versions:
            return
        try:
            file = read_file(version, whole=True)
            points = [] if folder is None else self._datapoints_of(folder, version_id, file.id)
            record = read_version(version, [point.id for point in points])
            linked = [tool["version_id"] for tool in version.get("linked_tools") or [] if self._has_version(tool)]
            record.content |= {"linked_tools": linked} if linked else {}
            record.keeps_id = folder is not None
        except Unreadable as reason:
            self._report.skip(self._location(folder or self._folder, f"version {version_id}"), str(reason))
            return
        if file.id not in self._paths:
            self._paths.add(file.id)
            yield file
        for point in points:
            if point.id not in self._datapoints:
                self._datapoints.add(point.id)
                yield point
        self._versions.add(version_id)
        yield record
        count = version.get("datapoints_count")
        if file.type == "dataset" and isinstance(count, int) and count != len(points):
            self._report.note(f"Dataset version {version_id} has {len(points):,} of {count:,} datapoints here.")

    def _datapoints_of(self, folder: Path, version_id: str, dataset_id: str) -> list[DatapointRecord]:
        points: dict[str, DatapointRecord] = {}
        for path in sorted(folder.glob(f"datapoints/{version_id}/*.jsonl"), key=page_order):
            for number, line in lines_of(path):
                try:
                    point = read_datapoint(json.loads(line), dataset_id)
                except (Unreadable, ValueError) as reason:
                    self._report.skip(self._location(path, f"line {number}"), str(reason))
                else:
                    points.setdefault(point.id, point)
        return list(points.values())

    def _evaluation(self, folder: Path, evaluation: JsonObject) -> Iterator[Record]:
        listed = evaluation.get("evaluators") or []
        attached = [item for item in listed if isinstance(item, dict) and isinstance(item.get("version"), dict)]
        for item in attached:
            yield from self._version(item["version"])
        known = [item for item in attached if self._has_version(item["version"])]
        file_id = evaluation["file_id"] if "file_id" in evaluation else folder.parents[1].name
        try:
            record = read_evaluation(evaluation, [], file_id)
            has_ended = all(_status(path) in ENDED for path in folder.glob("runs/*"))
            record.evaluators = [read_attached(item, keeps_orchestrated=has_ended) for item in known]
        except Unreadable as reason:
            self._report.skip(self._location(folder, "evaluation.json"), str(reason))
            return
        if file_id is not None and file_id not in self._paths:
            self._report.note(f"Evaluation {record.id} is of file {file_id}, which is not here.")
            record.file_id = None
        yield record
        stats = self._json(folder / "stats.json") if (folder / "stats.json").is_file() else {}
        for run in stats.get("run_stats") or []:
            if isinstance(run, dict):
                self._statistics[str(run.get("run_id"))] = run

    def _runs_of(self, evaluations: Mapping[Path, JsonObject]) -> Iterator[Record]:
        """The runs, oldest first, each with all evaluations that list it."""
        found: dict[str, JsonObject] = {}
        joined: dict[str, list[RunEvaluation]] = {}
        for folder, evaluation in evaluations.items():
            evaluation_id = evaluation.get("id", folder.name)
            for path in sorted(folder.glob("runs/*")):
                run = self._json(path)
                if not run:
                    continue
                run_id = str(run.setdefault("id", path.name))
                found.setdefault(run_id, run)
                added = {name: run.get(name) for name in ("control", "added_at")}
                item = RunEvaluation.model_validate({"evaluation_id": evaluation_id, **added})
                joined.setdefault(run_id, []).append(item)
        order = {id: at for at, id in enumerate(self._oldest_first("runs"))}
        for run_id, run in sorted(
            found.items(), key=lambda item: (order.get(item[0], 0), str(item[1].get("created_at")))
        ):
            yield from self._run(run_id, run, joined[run_id])

    def _run(self, run_id: str, run: JsonObject, joined: list[RunEvaluation]) -> Iterator[Record]:
        for version in (run.get("version"), run.get("dataset")):
            if isinstance(version, dict):
                yield from self._version(version)
        dataset_version_id = (run.get("dataset") or {}).get("version_id")
        try:
            record = read_run(run, joined, dataset_version_id if dataset_version_id in self._versions else None)
        except Unreadable as reason:
            self._report.skip(Location(self._folder.name, f"run {run_id}"), str(reason))
            return
        self._runs.add(run_id)
        if record.dataset_version_id is not None:
            self._dataset_of[run_id] = run["dataset"]["id"]
        record.reported_figures = self._lost_statistics(run_id) or record.reported_figures
        yield record

    def _lost_statistics(self, run_id: str) -> list[ReportedFigure]:
        """The exported statistics of a run whose logs are not all here, as figures that Humanloop reported."""
        statistics = self._statistics.get(run_id, {})
        count = statistics.get("num_logs")
        if self._logs_of_runs is None or not isinstance(count, int) or self._logs_of_runs[run_id] >= count:
            return []
        found = list(read_figures({"num_logs": count}, _SOURCE))
        for stats in statistics.get("evaluator_stats") or []:
            found += read_figures(stats, _SOURCE, str(stats.get("evaluator_version_id")))
        return found

    def _log(self, item: JsonObject, run_id: str | None, parent_id: str | None, line: LogLine) -> Iterator[Record]:
        """A log with its judgments, then the steps below it. What is in the document already is left out."""
        content = item["log"]
        steps = content.pop("trace_children", None) or []
        if content.get("log_status") is None and content.get("trace_status") is not None:
            content["log_status"] = content["trace_status"]
        judgments = [*(item.get("evaluator_logs") or []), *(content.get("evaluator_logs") or [])]
        try:
            read = read_log({**item, "evaluator_logs": judgments}, run_id, whole=True)
        except Unreadable as reason:
            self._report.skip(self._location(line.path, f"line {line.number}"), str(reason))
            return
        if read.lost_judgments:
            self._report.skip(self._location(line.path, f"line {line.number}"), "a judgment is not as documented")
        log = read.log
        log.trace_parent_id = parent_id if (parent_id, None) in self._logs else None
        for version in read.versions:
            yield from self._version(version)
        yield from self._datapoint_of(read.datapoint, run_id)
        if log.source_datapoint_id not in self._datapoints:
            log.source_datapoint_id = None
        if (log.id, run_id) not in self._logs:
            self._logs |= {(log.id, run_id), (log.id, None)}
            self._found[run_id or ""] += 1
            yield log
        for judgment in read.judgments:
            if judgment.id not in self._judgments:
                self._judgments.add(judgment.id)
                yield judgment
        for step in steps:
            yield from self._log({"log": step}, None, log.id, line)

    def _datapoint_of(self, datapoint: JsonObject | None, run_id: str | None) -> Iterator[Record]:
        """The datapoint of a log in a run, if its dataset lacks the page with it."""
        dataset_id = self._dataset_of.get(run_id or "")
        if datapoint is None or dataset_id is None or datapoint.get("id") in self._datapoints:
            return
        try:
            point = read_datapoint(datapoint, dataset_id)
        except Unreadable:
            return
        self._datapoints.add(point.id)
        yield point

    def _oldest_first(self, kind: str) -> list[str]:
        found = (self._mark.get("oldest_first") or {}).get(kind)
        return found if isinstance(found, list) else []

    def _has_version(self, version: Any) -> bool:
        return isinstance(version, dict) and version.get("version_id") in self._versions

    def _json(self, path: Path) -> JsonObject:
        """The object in a file; an empty one if there is none, which is reported."""
        content = self._content(path)
        return content if isinstance(content, dict) else {}

    def _content(self, path: Path) -> Any:
        try:
            content = read_json(path)
        except OSError:
            self._report.skip(self._location(path, ""), "the export lacks it")
        except Invalid as error:
            self._report.skip(self._location(path, ""), str(error).removeprefix(path.name).strip(" ,."))
        else:
            return content
        return None

    def _location(self, path: Path, at: str) -> Location:
        return Location(str(path.relative_to(self._folder)), at)


def _status(path: Path) -> Any:
    try:
        return read_json(path).get("status")
    except (Invalid, AttributeError):
        return None


FORMAT = FolderFormat("humanloop", _recognises, HumanloopExport)

"""A folder that `humanloop-export` wrote: files with all versions, evaluations, runs, logs and judgments.

The layout is that of humanloop/humanloop-export (bb23c12). Ids, names and times stay as they are. An export may lack
pages without saying so, and lists the same run and log in several evaluations.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from evals_mcp.errors import Invalid
from evals_mcp.importers.api_records import (
    Unreadable,
    read_datapoint,
    read_evaluation,
    read_file,
    read_log,
    read_run,
    read_version,
)
from evals_mcp.importers.formats import FolderFormat, Report
from evals_mcp.importers.results import Location
from evals_mcp.importers.text_files import lines_of, read_json
from evals_mcp.models.evaluation_document import DatapointRecord, Record, RunEvaluation
from evals_mcp.models.model import JsonObject
from evals_mcp.models.reported_figures import ReportedFigure, read_figures

_SOURCE = "humanloop"


def _recognises(path: Path) -> bool:
    return path.is_dir() and next(path.glob("files/*/file.json"), None) is not None


def _read(path: Path, report: Report) -> Iterator[Record]:
    yield from _Export(path, report).records()


class _Line(NamedTuple):
    """Where a log stands: its time, the file, the offset of its line, and whether the line is of an evaluation."""

    time: str
    path: Path
    offset: int
    number: int
    in_evaluation: bool


class _Export:
    """The folder of an export, and what of it is in the document already."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._paths: set[str] = set()
        self._versions: set[str] = set()
        self._datapoints: set[str] = set()
        self._runs: set[str] = set()
        self._logs: set[tuple[str, str | None]] = set()
        self._judgments: set[str] = set()
        self._logged: Counter[str | None] = Counter()

    def records(self) -> Iterator[Record]:
        """The document: files and versions, evaluations and runs, then logs from the oldest."""
        for file in sorted(self._folder.glob("files/*/file.json")):
            yield from self._file(file.parent)
        evaluations = sorted(file.parent for file in self._folder.glob("files/*/evaluations/*/evaluation.json"))
        for folder in evaluations:
            yield from self._evaluation(folder)
        lines = self._lines()
        yield from self._runs_of(evaluations)
        for line in lines:
            yield from self._line(line)

    def _file(self, folder: Path) -> Iterator[Record]:
        """A file, and its versions, oldest first."""
        file = self._json(folder / "file.json")
        versions = [self._json(path) for path in sorted(folder.glob("versions/*"))]
        if not (folder / ".done").exists():
            self._report.note(f"files/{folder.name} may be incomplete: it has no mark .done.")
        for version in sorted(versions, key=lambda version: str(version.get("created_at"))) or [file]:
            yield from self._version(version, folder)

    def _version(self, version: JsonObject, folder: Path | None = None) -> Iterator[Record]:
        """A version that is new, with its file and its datapoints if these are new."""
        version_id = version.get("version_id")
        if not isinstance(version_id, str) or version_id in self._versions:
            return
        try:
            file = read_file(version)
            points = [] if folder is None else self._datapoints_of(folder, version_id, file.id)
            record = read_version(version, [point.id for point in points])
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
        for path in sorted(folder.glob(f"datapoints/{version_id}/*.jsonl"), key=_page):
            for number, line in lines_of(path):
                try:
                    point = read_datapoint(json.loads(line), dataset_id)
                except (Unreadable, ValueError) as reason:
                    self._report.skip(self._location(path, f"line {number}"), str(reason))
                else:
                    points.setdefault(point.id, point)
        return list(points.values())

    def _evaluation(self, folder: Path) -> Iterator[Record]:
        evaluation = self._json(folder / "evaluation.json")
        evaluators = [item["version"] for item in evaluation.get("evaluators") or [] if isinstance(item, dict)]
        for version in evaluators:
            yield from self._version(version)
        known = [version for version in evaluators if version.get("version_id") in self._versions]
        try:
            yield read_evaluation(evaluation, known, folder.parents[1].name)
        except Unreadable as reason:
            self._report.skip(self._location(folder, "evaluation.json"), str(reason))

    def _runs_of(self, evaluations: Sequence[Path]) -> Iterator[Record]:
        """The runs, oldest first, each with all evaluations that list it."""
        found: dict[str, JsonObject] = {}
        joined: dict[str, list[RunEvaluation]] = {}
        counted: dict[str, JsonObject] = {}
        for folder in evaluations:
            if (folder / "stats.json").exists():
                counted |= {item["run_id"]: item for item in self._json(folder / "stats.json").get("run_stats") or []}
            for path in sorted(folder.glob("runs/*")):
                run = self._json(path)
                found.setdefault(path.name, run)
                item = RunEvaluation(evaluation_id=folder.name, control=bool(run.get("control")))
                joined.setdefault(path.name, []).append(item)
        for run_id, run in sorted(found.items(), key=lambda item: str(item[1].get("created_at"))):
            for version in (run.get("version"), run.get("dataset")):
                if isinstance(version, dict):
                    yield from self._version(version)
            dataset_version_id = (run.get("dataset") or {}).get("version_id")
            try:
                record = read_run(
                    run, joined[run_id], dataset_version_id if dataset_version_id in self._versions else None
                )
            except Unreadable as reason:
                self._report.skip(Location(self._folder.name, f"run {run_id}"), str(reason))
                continue
            self._runs.add(run_id)
            record.reported_figures = self._lost_statistics(run_id, counted.get(run_id)) or None
            yield record

    def _lost_statistics(self, run_id: str, counted: JsonObject | None) -> list[ReportedFigure]:
        """The exported statistics of a run whose logs are not all here, as figures that Humanloop reported."""
        here, amount = self._logged[run_id], (counted or {}).get("num_logs")
        if counted is None or not isinstance(amount, int) or here >= amount:
            return []
        self._report.note(f"Run {run_id} has {here:,} of {amount:,} logs here. Its exported statistics are kept.")
        found = list(read_figures({"num_logs": amount}, _SOURCE))
        for stats in counted.get("evaluator_stats") or []:
            found += read_figures(stats, _SOURCE, str(stats.get("evaluator_version_id")))
        return found

    def _lines(self) -> list[_Line]:
        """Where the logs stand, oldest first. Pages are in no order, and one has 1,001 lines."""
        lines = []
        for in_evaluation, pattern in ((True, "files/*/evaluations/*/logs/*.jsonl"), (False, "files/*/logs/*.jsonl")):
            for path in sorted(self._folder.glob(pattern)):
                offset = 0
                with path.open("rb") as file:
                    for number, line in enumerate(file, 1):
                        try:
                            content = json.loads(line)
                            log = content["log"] if in_evaluation else content
                            time = str(log.get("created_at") or log.get("start_time"))
                            if in_evaluation:
                                self._logged[content.get("run_id")] += 1
                            lines.append(_Line(time, path, offset, number, in_evaluation))
                        except (ValueError, TypeError, KeyError, AttributeError):
                            self._report.skip(self._location(path, f"line {number}"), "it is no log")
                        offset += len(line)
        return sorted(lines, key=lambda line: line.time)

    def _line(self, line: _Line) -> Iterator[Record]:
        with line.path.open("rb") as file:
            file.seek(line.offset)
            content = json.loads(file.readline())
        item = content if line.in_evaluation else {"log": content, "evaluator_logs": content.get("evaluator_logs")}
        run_id = item.get("run_id")
        yield from self._log(item, run_id if run_id in self._runs else None, None, line)

    def _log(self, item: JsonObject, run_id: str | None, parent_id: str | None, line: _Line) -> Iterator[Record]:
        """A log with its judgments, then the steps below it. What is in the document already is left out."""
        steps = item["log"].pop("trace_children", None) or []
        try:
            read = read_log(item, run_id)
        except Unreadable as reason:
            self._report.skip(self._location(line.path, f"line {line.number}"), str(reason))
            return
        log = read.log
        log.trace_parent_id = parent_id
        for version in read.versions:
            yield from self._version(version)
        if log.source_datapoint_id not in self._datapoints:
            log.source_datapoint_id = None
        if (log.id, run_id) not in self._logs:
            self._logs |= {(log.id, run_id), (log.id, None)}
            yield log
        for judgment in read.judgments:
            if judgment.id not in self._judgments:
                self._judgments.add(judgment.id)
                yield judgment
        for step in steps:
            yield from self._log({"log": step, "evaluator_logs": step.get("evaluator_logs")}, None, log.id, line)

    def _json(self, path: Path) -> JsonObject:
        content = read_json(path)
        if not isinstance(content, dict):
            raise Invalid(f"{path.relative_to(self._folder)} is not a JSON object.")
        return content

    def _location(self, path: Path, at: str) -> Location:
        return Location(str(path.relative_to(self._folder)), at)


def _page(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else 0


FORMAT = FolderFormat("humanloop", _recognises, _read)

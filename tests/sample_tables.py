"""The sample evaluation as tables, for tests that recount it."""

from collections import defaultdict
from typing import Any, NamedTuple

from evals_mcp.models.evaluation_document import (
    DatapointRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    RunRecord,
    VersionRecord,
)
from evals_mcp.sample.support_bot import read_sample


class SampleLog(NamedTuple):
    """A log, the position of its datapoint, and its judgments by the path of the evaluator."""

    log: LogRecord
    datapoint: int
    judgments: dict[str, JudgmentRecord]


class SampleRun(NamedTuple):
    """The logs of a version, by its name."""

    version: str
    control: bool
    logs: list[SampleLog]


class Sample(NamedTuple):
    """Versions of the prompt, datapoints and runs in their order, and specifications by the evaluator's path."""

    versions: list[VersionRecord]
    datapoints: list[DatapointRecord]
    evaluators: dict[str, dict[str, Any]]
    runs: list[SampleRun]


def read_tables() -> Sample:
    """Read the sample that ships with the package."""
    records = list(read_sample())
    files = {record.id: record for record in records if isinstance(record, FileRecord)}
    versions = {record.id: record for record in records if isinstance(record, VersionRecord)}
    datapoints = [record for record in records if isinstance(record, DatapointRecord)]
    paths = {id: files[version.file_id].path for id, version in versions.items()}
    return Sample(
        [version for version in versions.values() if files[version.file_id].type == "prompt"],
        datapoints,
        {paths[id]: version.content["spec"] for id, version in versions.items() if "spec" in version.content},
        _read_runs(records, versions, [point.id for point in datapoints], paths),
    )


def _read_runs(
    records: list[Record], versions: dict[str, VersionRecord], points: list[str], paths: dict[str, str]
) -> list[SampleRun]:
    judgments: dict[str, dict[str, JudgmentRecord]] = defaultdict(dict)
    for record in records:
        if isinstance(record, JudgmentRecord):
            judgments[record.judged_log_id][paths[record.evaluator_version_id]] = record
    runs = {}
    for record in records:
        if isinstance(record, RunRecord):
            name = versions[record.version_id or ""].name or ""
            runs[record.id] = SampleRun(name, record.evaluations[0].control, [])
        elif isinstance(record, LogRecord):
            point = points.index(record.source_datapoint_id or "")
            runs[record.run_ids[0]].logs.append(SampleLog(record, point, judgments[record.id]))
    return list(runs.values())

"""Make an evaluation document of results. They wait in temporary files, so memory holds only what tells them apart."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import attrgetter
from typing import IO, Any

from evals_mcp.importers.contents import Contents, log_key
from evals_mcp.importers.earlier_results import EarlierResults
from evals_mcp.importers.judgment_types import JudgmentType, is_plain, state_of
from evals_mcp.importers.occurrences import Occurrences
from evals_mcp.importers.results import Case, EvaluatorKind, Result, Score, Step, Version, canonical_json
from evals_mcp.importers.waiting_lines import WaitingLines
from evals_mcp.models.enums import FileType
from evals_mcp.models.evaluation_document import (
    AttachedEvaluator,
    DatapointRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    RunEvaluation,
    RunRecord,
    VersionRecord,
)
from evals_mcp.models.ids import derived_id
from evals_mcp.models.reported_figures import ReportedFigure

_LOG = b"L"  # begins the line of a log; a line of JSON with the result's location and judgments comes before it
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_WITHIN_OUTPUT = 0.0  # the cost of the prompt: tools tell one figure, and the output's alone would pass for half of one
_OF_SCORE = {
    "output": "explanation",
    "error": "error",
    "metadata": "metadata",
    "score": "score",
    "passed": "passed",
    "threshold": "threshold",
    "provider_latency": "latency",
    "prompt_tokens": "prompt_tokens",
    "output_tokens": "output_tokens",
    "output_cost": "cost",
}
_parts_of = attrgetter(*_OF_SCORE.values())


class Assembly:
    """Collects the results of one evaluation in a temporary file, then yields its document.

    Ids come from the evaluation's name and the content: those of logs also from the run's key, else from the file's
    name, those of runs from all datapoints and logs, and those of judgments from the evaluator's type, because a run
    has one dataset version, and a judgment one evaluator version. So a changed file is another run, which shares the
    logs that did not change. Equal results in one file are told apart by their number.
    `ambiguous_ids` are those in the files that several datapoints have, because their inputs or targets differ.
    """

    def __init__(self, evaluation: str, file: IO[bytes], evaluation_id: str | None = None) -> None:
        self.evaluation = evaluation
        self.evaluation_id = evaluation_id or self._id("evr")
        self._folder = evaluation.replace("/", "-").strip() or "Imported"
        self._cases = WaitingLines(file)
        self._results = WaitingLines(file)
        self._versions: dict[str, Version] = {}
        self._runs: dict[str, tuple[Version, str]] = {}
        self._run_files: dict[str, str] = {}
        self._reported: dict[str, dict[tuple[str, str | None, str], ReportedFigure]] = defaultdict(dict)
        self._steps: dict[tuple[str, str], None] = {}
        self._evaluators: dict[tuple[str, EvaluatorKind], JudgmentType] = {}
        self._evaluator_ids: dict[tuple[str, EvaluatorKind], str] = {}  # known when all judgments are
        self._empty_judgment = JudgmentRecord(id="none", evaluator_version_id="", judged_log_id="")
        self._equal = Occurrences()
        self._contents: Contents[str] = Contents()
        self.outputs: Contents[tuple[str, str]] = Contents()  # by label and file
        self._version_ids: dict[str, str] = {}
        self._dataset_id = self._id("ds")
        self._datapoint_ids: dict[str, None] = {}
        self._own_case_ids = Occurrences()
        self.ambiguous_ids: dict[str, None] = {}
        self.earlier = EarlierResults()
        self.logs_count = 0
        self.errors_count = 0
        self.judgment_states: Counter[str] = Counter()

    def add(self, result: Result, content: str) -> None:
        """Add a result with its content. Raises ValueError if a value cannot be stored."""
        datapoint_id = self._datapoint_id(result.case)
        datapoint = None if datapoint_id in self._datapoint_ids else self._datapoint(datapoint_id, result.case)
        if result.not_run:
            self._add_datapoint(datapoint, result.case)
            return
        log = self._log(result, content, datapoint_id)
        steps = [self._step(step, number, log.id) for number, step in enumerate(result.steps)]
        judged = _encode([str(result.location), list(self._judgments(result.scores, log.id))])
        # Nothing of a result that cannot be stored is kept: all of it is made before any of it is written.
        self._add_datapoint(datapoint, result.case)
        self._versions.setdefault(log.version_id, result.version)
        self._runs.setdefault(log.run_ids[0], (result.version, result.run.status))
        self._run_files.setdefault(log.run_ids[0], result.location.path)
        self._contents.add(log.run_ids[0], f'"{log.id}"')  # as JSON, which ids of earlier imports came from
        if result.output is not None or result.error is not None:
            output = f"{datapoint_id}\x00{result.output}\x00{result.error}"
            self.outputs.add((result.version.label, result.location.path), output)
        for figure in result.run.reported:
            evaluator = None if figure.evaluator is None else self._path(figure.evaluator)
            key = (figure.name, evaluator, figure.source)
            self._reported[log.run_ids[0]][key] = figure.model_copy(update={"evaluator": evaluator})
        self._steps.update(dict.fromkeys((step.kind, step.name) for step in result.steps))
        for score in result.scores:
            if (judged_by := (score.evaluator, score.kind)) not in self._evaluators:
                self._evaluators[judged_by] = JudgmentType()
            self._evaluators[judged_by].add(score)
            self.judgment_states[state_of(score)] += 1
        logs = [_LOG + record.model_dump_json(exclude_none=True).encode() for record in (log, *steps)]
        self._results.write(b"\n".join((judged.encode(), *logs, b"")))
        self.logs_count += 1
        self.errors_count += result.error is not None

    def _add_datapoint(self, datapoint: DatapointRecord | None, case: Case) -> None:
        """Add a new datapoint; None is one that was added before."""
        if datapoint is None:
            return
        self._datapoint_ids[datapoint.id] = None
        if case.id is not None and self._own_case_ids.count(case.id):
            self.ambiguous_ids[case.id] = None
        self._cases.write(datapoint.model_dump_json(exclude_none=True).encode() + b"\n")

    @property
    def datapoints_count(self) -> int:
        """The number of datapoints."""
        return len(self._datapoint_ids)

    @property
    def run_labels(self) -> list[str]:
        """The labels of the runs, in the order of the files; those that repeat with the runs' first files."""
        labels = [version.label for version, _ in self._runs.values()]
        repeated = {label for label, count in Counter(labels).items() if count > 1}
        files = self._run_files.values()
        return [f"{name} ({file})" if name in repeated else name for name, file in zip(labels, files, strict=True)]

    @property
    def undirected(self) -> list[str]:
        """The evaluators that give numbers, and do not say whether higher is better."""
        return [name for (name, _), judgments in self._evaluators.items() if judgments.is_undirected]

    @property
    def evaluator_names(self) -> dict[str, str]:
        """What the evaluators are called here, by their names in the files. A slash would separate folders."""
        names: dict[str, str] = {}
        for evaluator, _ in self._evaluators:
            if evaluator not in names:
                name = evaluator.replace("/", "-")
                alike = sum(other.replace("/", "-") == name for other in names)
                names[evaluator] = name if not alike else f"{name} ({alike + 1})"
        return names

    def records(self) -> Iterator[Record]:
        """The document: the evaluation's files and runs, then each log with its judgments."""
        return (record for record, _ in self._located_records())

    def location_of(self, position: int) -> str:
        """Where a record of the document comes from: a place in a file, else the evaluation. Positions start at 1."""
        return next(islice(self._located_records(), position - 1, None))[1]

    def _located_records(self) -> Iterator[tuple[Record, str]]:
        location = self.evaluation
        dataset_version_id = self._id("dsv", *sorted(self._datapoint_ids))
        run_ids = {
            run_id: self._id("run", run_id, dataset_version_id, self._contents.digest(run_id)) for run_id in self._runs
        }
        about = chain(
            self._dataset(dataset_version_id),
            self._file_versions(),
            self._evaluation(run_ids, dataset_version_id),
        )
        yield from ((record, location) for record in about)
        judgments: list[Any] = []
        for line in self._results:
            if not line.startswith(_LOG):
                location, judgments = json.loads(line)
                continue
            log = LogRecord.model_validate_json(line[1:])
            log.run_ids = [run_ids[run_id] for run_id in log.run_ids]
            yield log, location
            yield from ((self._judgment_record(judgment), location) for judgment in judgments)
            judgments = []

    def _evaluation(self, run_ids: Mapping[str, str], dataset_version_id: str) -> Iterator[Record]:
        yield EvaluationRecord(
            id=self.evaluation_id,
            name=self.evaluation,
            evaluators=[AttachedEvaluator(version_id=self._evaluator_id(*evaluator)) for evaluator in self._evaluators],
        )
        for run_id, (version, status) in self._runs.items():
            yield RunRecord(
                id=run_ids[run_id],
                evaluations=[RunEvaluation(evaluation_id=self.evaluation_id)],
                version_id=self._version_id(version),
                dataset_version_id=dataset_version_id,
                status=status,
                reported_figures=list(self._reported[run_id].values()) or None,
            )

    def _dataset(self, version_id: str) -> Iterator[Record]:
        yield FileRecord(id=self._dataset_id, type="dataset", path=self._path("datapoints"))
        yield from map(DatapointRecord.model_validate_json, self._cases)
        yield VersionRecord(id=version_id, file_id=self._dataset_id, datapoint_ids=list(self._datapoint_ids))

    def _file_versions(self) -> Iterator[Record]:
        """What was run, the evaluators, and what the steps called."""
        for type in sorted({_file_type(version) for version in self._versions.values()}):
            yield FileRecord(id=self._file_id(type), type=type, path=self._path(type))
        named: set[str] = set()
        for version_id, version in self._versions.items():
            type, content = _file_type(version), dict(version.content)
            # Names are unique in a file. A version without one goes by what tells it apart.
            name = None if version.label in named else version.label
            named.add(version.label)
            if type == "flow":
                content = {"attributes": content or {"run": version.label}}
            yield VersionRecord(id=version_id, file_id=self._file_id(type), content=content, name=name)
        names = self.evaluator_names
        for (evaluator, kind), judgments in self._evaluators.items():
            file_id, name = self._id("ev", evaluator, kind), names[evaluator]
            description = None if name == evaluator else f"Called {evaluator} in the files."
            yield FileRecord(id=file_id, type="evaluator", path=self._path(name), description=description)
            version_id = self._evaluator_id(evaluator, kind)
            yield VersionRecord(id=version_id, file_id=file_id, content={"spec": judgments.spec(kind)})
        for step in self._steps:
            yield from self._step_version(*step)

    def _datapoint_id(self, case: Case) -> str:
        messages = [message.model_dump(mode="json") for message in case.messages]
        return self._id("dp", canonical_json([case.id, case.inputs, messages, case.target]))

    def _datapoint(self, id: str, case: Case) -> DatapointRecord:
        return DatapointRecord(
            id=id,
            dataset_id=self._dataset_id,
            inputs=dict(case.inputs),
            messages=list(case.messages) or None,
            target=None if case.target is None else dict(case.target),
            metadata=_without_none({**(case.metadata or {}), "id": case.id}),
            tags=list(case.tags) or None,
        )

    def _log(self, result: Result, content: str, datapoint_id: str) -> LogRecord:
        version_id = self._version_id(result.version)
        key = log_key(result, content, version_id, datapoint_id)
        return LogRecord(
            id=self._id("log", key, str(self._equal.count(key))),
            version_id=version_id,
            run_ids=[self._id("run", version_id, result.run.key)],
            source_datapoint_id=datapoint_id,
            inputs=dict(result.case.inputs),
            messages=list(result.messages or result.case.messages) or None,
            output=result.output,
            output_message=result.message,
            error=result.error,
            provider_latency=result.latency,
            created_at=result.started_at,
            start_time=result.started_at,
            prompt_tokens=result.prompt_tokens,
            output_tokens=result.output_tokens,
            reasoning_tokens=result.reasoning_tokens,
            cached_tokens=result.cached_tokens,
            prompt_cost=None if result.cost is None else _WITHIN_OUTPUT,
            output_cost=result.cost,
            finish_reason=result.finish_reason,
            metadata=_without_none(result.metadata or {}),
            source="import",
        )

    def _step(self, step: Step, number: int, log_id: str) -> LogRecord:
        return LogRecord(
            id=self._id("log", log_id, "step", str(number)),
            version_id=self._step_version_id(step.kind, step.name),
            trace_parent_id=log_id,
            inputs=None if step.inputs is None else dict(step.inputs),
            messages=list(step.messages) or None,
            output=step.output,
            error=step.error,
            start_time=step.started_at,
            end_time=step.ended_at,
            prompt_tokens=step.prompt_tokens,
            output_tokens=step.output_tokens,
            cached_tokens=step.cached_tokens,
            finish_reason=step.finish_reason,
            source="import",
        )

    def _step_version(self, kind: str, name: str) -> Iterator[Record]:
        """The prompt of a model's calls, or the tool."""
        type: FileType = "prompt" if kind == "model" else "tool"
        content = {"model": name} if kind == "model" else {"function": {"name": name, "description": ""}}
        file_id = self._id("pr" if kind == "model" else "tl", kind, name)
        file = FileRecord(id=file_id, type=type, path=self._path(f"{type}s", name))
        yield file
        yield VersionRecord(id=self._step_version_id(kind, name), file_id=file.id, content=content, name=name)

    def _step_version_id(self, kind: str, name: str) -> str:
        return self._id("prv" if kind == "model" else "tv", kind, name)

    def _judgments(self, scores: Sequence[Score], log_id: str) -> Iterator[list[Any]]:
        """The judgments as JSON; those by the same evaluator and author are numbered."""
        numbers: Counter[tuple[str, str, str | None]] = Counter()
        for score in scores:
            numbers[key := (score.evaluator, score.kind, score.author)] += 1
            parts = zip(_OF_SCORE, _parts_of(score), strict=True)
            about = {name: value for name, value in parts if value is not None}
            if score.samples:
                about["samples"] = list(score.samples)
            if score.cost is not None:
                about["prompt_cost"] = _WITHIN_OUTPUT
            # A value that no database stores is refused before anything of the result is written.
            if not is_plain(score.judgment, about):
                JudgmentRecord(id=log_id, evaluator_version_id="", judged_log_id="", judgment=score.judgment, **about)
            yield [*key, log_id, numbers[key], score.judgment, about]

    def _judgment_record(self, content: list[Any]) -> JudgmentRecord:
        name, kind, author, log_id, number, judgment, about = content
        version_id = self._evaluator_id(name, kind)
        fields = about | {"evaluator_version_id": version_id, "judged_log_id": log_id, "user": author}
        fields["id"] = self._id("log", log_id, version_id, author or "", str(number))
        fields["judgment"] = None if judgment is None else self._evaluators[name, kind].value(judgment)
        # To check plain values would take half of the time.
        is_checked = is_plain(judgment, about)
        return self._empty_judgment.model_copy(update=fields) if is_checked else JudgmentRecord(**fields)

    def _file_id(self, type: FileType) -> str:
        return self._id("pr" if type == "prompt" else "fl")

    def _version_id(self, version: Version) -> str:
        prefix, content = "prv" if _file_type(version) == "prompt" else "flv", canonical_json(version.content)
        key = f"{version.label}\x00{content}"
        if key not in self._version_ids:
            self._version_ids[key] = self._id(prefix, version.label, content)
        return self._version_ids[key]

    def _evaluator_id(self, name: str, kind: EvaluatorKind) -> str:
        if (name, kind) not in self._evaluator_ids:
            spec = self._evaluators[name, kind].spec(kind)
            self._evaluator_ids[name, kind] = self._id("evv", name, kind, canonical_json(spec))
        return self._evaluator_ids[name, kind]

    def _path(self, *names: str) -> str:
        return "/".join([self._folder, *(name.replace("/", "-") for name in names)])

    def _id(self, prefix: str, *parts: str) -> str:
        return derived_id(prefix, "import", self.evaluation, prefix, *parts)


def _file_type(version: Version) -> FileType:
    return "prompt" if "model" in version.content else "flow"


def _without_none(values: Mapping[str, Any]) -> dict[str, Any] | None:
    return {name: value for name, value in values.items() if value is not None} or None

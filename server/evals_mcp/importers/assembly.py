"""Make an evaluation document of results. They wait in temporary files, so memory holds only what tells them apart."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from tempfile import TemporaryFile
from typing import IO, Any, Self

from evals_mcp.importers.judgment_types import JudgmentType
from evals_mcp.importers.results import Case, EvaluatorKind, Result, Score, Step, Version
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

_ID_BYTES = 15
_LOG, _JUDGMENT = "L", "J"


class Assembly:
    """Collects the results of one evaluation, then yields its document. A context manager that removes its files.

    Ids come from the evaluation's name, the run's key, else the file's name, and the content, so that the same results
    have the same ids.
    Equal results in one file are told apart by their number.
    """

    def __init__(self, evaluation: str) -> None:
        self.evaluation = evaluation
        self._folder = evaluation.replace("/", "-").strip() or "Imported"
        self._cases: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed by the context manager
        self._results: IO[bytes] = TemporaryFile()  # noqa: SIM115
        self._datapoint_ids: dict[str, None] = {}
        self._versions: dict[str, Version] = {}
        self._runs: dict[tuple[str, str], str] = {}
        self._steps: dict[tuple[str, str], None] = {}
        self._files: dict[str, str] = {}
        self._evaluators: dict[tuple[str, EvaluatorKind], JudgmentType] = {}
        self._equal: Counter[bytes] = Counter()
        self.logs_count = 0
        self.errors_count = 0
        self.judgment_states: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cases.close()
        self._results.close()

    def claim(self, run_key: str, file: str) -> str | None:
        """The other file that has the run with this key already; None if this file is its first."""
        owner = self._files.setdefault(run_key, file) if run_key else file
        return None if owner == file else owner

    def add(self, result: Result) -> None:
        """Add a result. Raises ValueError if a value cannot be stored."""
        datapoint = self._datapoint(result.case)
        log = self._log(result, datapoint.id)
        steps = [self._step(step, number, log.id) for number, step in enumerate(result.steps)]
        judgments = [self._judgment(score, log.id) for score in result.scores]
        # Nothing of a result that cannot be stored is kept: all of it is made before any of it is written.
        if datapoint.id not in self._datapoint_ids:
            self._datapoint_ids[datapoint.id] = None
            self._cases.write(datapoint.model_dump_json(exclude_none=True).encode() + b"\n")
        self._versions.setdefault(result.version.label, result.version)
        self._runs.setdefault((result.version.label, result.run.key), result.run.status)
        self._steps.update(dict.fromkeys((step.kind, step.name) for step in result.steps))
        for score in result.scores:
            self._evaluators.setdefault((score.evaluator, score.kind), JudgmentType()).add(score)
        logs = [record.model_dump_json(exclude_none=True) for record in (log, *steps)]
        lines = [_LOG + line for line in logs[:1]] + [_JUDGMENT + line for line in judgments]
        lines += [_LOG + line for line in logs[1:]]
        self._results.write(("\n".join(lines) + "\n").encode())
        self.logs_count += 1
        self.errors_count += result.error is not None
        self.judgment_states.update(map(_state, result.scores))

    @property
    def run_labels(self) -> list[str]:
        """The labels of the runs, in the order of the files."""
        return [label for label, _ in self._runs]

    @property
    def datapoints_count(self) -> int:
        """How many different datapoints there are."""
        return len(self._datapoint_ids)

    def records(self) -> Iterator[Record]:
        """The document: the evaluation's files and runs, then each log with its judgments."""
        yield from self._headers()
        self._results.seek(0)
        for line in self._results:
            content = line.decode()
            if content.startswith(_LOG):
                yield LogRecord.model_validate_json(content[1:])
            else:
                yield self._judgment_record(json.loads(content[1:]))

    def _headers(self) -> Iterator[Record]:
        dataset = FileRecord(id=self._id("ds"), type="dataset", path=f"{self._folder}/datapoints")
        yield dataset
        self._cases.seek(0)
        for line in self._cases:
            yield DatapointRecord.model_validate_json(line)
        datapoint_ids = list(self._datapoint_ids)
        dataset_version = VersionRecord(
            id=self._id("dsv", *datapoint_ids), file_id=dataset.id, datapoint_ids=datapoint_ids
        )
        yield dataset_version
        for type in sorted({_file_type(version) for version in self._versions.values()}):
            yield FileRecord(id=self._file_id(type), type=type, path=f"{self._folder}/{type}")
        for version in self._versions.values():
            type, content = _file_type(version), dict(version.content)
            if type == "flow":
                content = {"attributes": content or {"run": version.label}}
            file_id = self._file_id(type)
            yield VersionRecord(id=self._version_id(version), file_id=file_id, content=content, name=version.label)
        attached = []
        for (name, kind), judgments in self._evaluators.items():
            file = FileRecord(id=self._id("ev", name, kind), type="evaluator", path=f"{self._folder}/{name}")
            yield file
            version_id = self._evaluator_id(name, kind)
            yield VersionRecord(id=version_id, file_id=file.id, content={"spec": judgments.spec(kind)})
            attached.append(AttachedEvaluator(version_id=version_id))
        evaluation_id = self._id("evr")
        yield EvaluationRecord(id=evaluation_id, name=self.evaluation, evaluators=attached)
        for (label, key), status in self._runs.items():
            yield RunRecord(
                id=self._id("run", label, key),
                evaluations=[RunEvaluation(evaluation_id=evaluation_id)],
                version_id=self._version_id(self._versions[label]),
                dataset_version_id=dataset_version.id,
                status=status,
            )
        for step_kind, name in self._steps:
            yield from self._step_version(step_kind, name)

    def _datapoint(self, case: Case) -> DatapointRecord:
        messages = list(case.messages) or None
        content = [case.id, case.inputs, [message.model_dump(mode="json") for message in case.messages], case.target]
        return DatapointRecord(
            id=self._id("dp", _canonical(content)),
            dataset_id=self._id("ds"),
            inputs=dict(case.inputs),
            messages=messages,
            target=None if case.target is None else dict(case.target),
            metadata=_without_none({**(case.metadata or {}), "id": case.id}),
            tags=list(case.tags) or None,
        )

    def _log(self, result: Result, datapoint_id: str) -> LogRecord:
        version = result.version
        content = [
            result.location.file,
            version.label,
            result.run.key,
            datapoint_id,
            result.output,
            result.error,
            result.latency,
        ]
        key = blake2b(_canonical([*content, result.metadata]).encode(), digest_size=_ID_BYTES).digest()
        number = self._equal[key]
        self._equal[key] += 1
        return LogRecord(
            id=self._id("log", key.hex(), str(number)),
            version_id=self._version_id(version),
            run_ids=[self._id("run", version.label, result.run.key)],
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
            prompt_cost=result.prompt_cost,
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
            source="import",
        )

    def _step_version(self, kind: str, name: str) -> Iterator[Record]:
        """The prompt of a model's calls, or the tool."""
        type: FileType = "prompt" if kind == "model" else "tool"
        content = {"model": name} if kind == "model" else {"function": {"name": name, "description": ""}}
        path = f"{self._folder}/{type}s/{name.replace('/', '-')}"
        file = FileRecord(id=self._id("pr" if kind == "model" else "tl", kind, name), type=type, path=path)
        yield file
        yield VersionRecord(id=self._step_version_id(kind, name), file_id=file.id, content=content, name=name)

    def _step_version_id(self, kind: str, name: str) -> str:
        return self._id("prv" if kind == "model" else "tv", kind, name)

    def _judgment(self, score: Score, log_id: str) -> str:
        return json.dumps(
            [
                score.evaluator,
                score.kind,
                log_id,
                score.judgment,
                score.explanation,
                score.error,
                score.author,
                score.metadata,
            ],
            ensure_ascii=False,
            allow_nan=False,
        )

    def _judgment_record(self, spilled: list[Any]) -> JudgmentRecord:
        name, kind, log_id, judgment, explanation, error, author, metadata = spilled
        return JudgmentRecord(
            id=self._id("log", log_id, name, kind, author or ""),
            evaluator_version_id=self._evaluator_id(name, kind),
            judged_log_id=log_id,
            judgment=None if judgment is None else self._evaluators[name, kind].value(judgment),
            output=explanation,
            error=error,
            user=author,
            metadata=metadata,
        )

    def _file_id(self, type: FileType) -> str:
        return self._id("pr" if type == "prompt" else "fl")

    def _version_id(self, version: Version) -> str:
        return self._id("prv" if _file_type(version) == "prompt" else "flv", version.label)

    def _evaluator_id(self, name: str, kind: str) -> str:
        return self._id("evv", name, kind)

    def _id(self, prefix: str, *parts: str) -> str:
        return derived_id(prefix, "import", self.evaluation, prefix, *parts)


def _state(score: Score) -> str:
    if score.error is not None:
        return "failed"
    return "abstained" if score.judgment is None else "judged"


def _file_type(version: Version) -> FileType:
    return "prompt" if "model" in version.content else "flow"


def _canonical(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False)


def _without_none(values: Mapping[str, Any]) -> dict[str, Any] | None:
    return {name: value for name, value in values.items() if value is not None} or None

"""Logs of Inspect (inspect_ai): `.eval` archives and their JSON form, of log versions 2 and 3."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.archives import require_sane
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Run, Score, Step, Version, as_object, as_text, time_of
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.text_files import read_head, read_json
from evals_mcp.models.messages import ChatMessage
from evals_mcp.models.reported_figures import ReportedFigure, finite_number, read_figures

_VERSIONS = (2, 3)
_ATTACHMENT = "attachment://"
_GRADES: Mapping[str, bool | float] = {"C": True, "P": 0.5, "I": False, "N": False}
"""The values of Inspect's grades: correct, partial, incorrect, no answer (value_to_float in inspect_ai)."""


def _recognises(path: Path) -> bool:
    head = read_head(path)
    if path.suffix.lower() == ".eval":
        return head.startswith(b"PK")
    return path.suffix.lower() == ".json" and b'"eval"' in head and b'"task"' in head


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    with _open(path) as (header, samples):
        log = _Log(header, path, report)
        for at, sample in samples:
            yield log.result(sample, Location(path.name, at))
        log.check()


@contextmanager
def _open(path: Path) -> Iterator[tuple[Mapping[str, Any], Iterator[tuple[str, Mapping[str, Any]]]]]:
    """The header and the samples, one by one. Raises Invalid."""
    if path.suffix.lower() == ".json":
        content = read_json(path)
        samples = content.get("samples") or [] if isinstance(content, dict) else []
        yield content, ((f"sample {number}", sample) for number, sample in enumerate(samples, 1))
        return
    try:
        from backports.zstd import zipfile  # the standard one reads Zstandard from Python 3.14 on
    except ModuleNotFoundError:
        import zipfile  # type: ignore[no-redef]
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())

            def member(name: str) -> Any:
                info = archive.getinfo(name)
                require_sane(path.name, info)
                try:
                    return json.loads(archive.read(info))
                except (ValueError, RecursionError):
                    raise Invalid(f"{path.name}, {name} is not JSON.") from None

            found = [name for name in ("header.json", "_journal/start.json") if name in names]
            if not found:
                raise Invalid(f"{path.name} has no header of Inspect.")
            of_samples = sorted(name for name in names if name.startswith("samples/") and name.endswith(".json"))
            yield member(found[0]), ((name, member(name)) for name in of_samples)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise Invalid(f"{path.name} is a broken archive: {error}.") from None


class _Log:
    """The header of a log, which names the task and the model, and what its samples hold."""

    def __init__(self, header: Mapping[str, Any], path: Path, report: Report) -> None:
        self._header = header
        self._path = path
        self._report = report
        self._eval = as_object(header.get("eval"))
        self._count = 0
        self._reported: list[ReportedFigure] = []
        self._values: dict[str, list[float]] = defaultdict(list)
        if header.get("version") not in _VERSIONS:
            report.note(f"{path.name} has log version {header.get('version')}; versions 2 and 3 are known.")

    def result(self, sample: Mapping[str, Any], location: Location) -> Result:
        """The result of one sample in one epoch."""
        attachments = as_object(sample.get("attachments"))
        sample = _resolved(sample, attachments) if attachments else sample
        self._count += 1
        output = as_object(sample.get("output"))
        message = as_object(next(iter(output.get("choices") or []), {})).get("message")
        usage = [as_object(item) for item in as_object(sample.get("model_usage")).values()]
        messages = _messages(sample.get("messages"))
        answer = _message(message) if isinstance(message, dict) else None
        if answer is not None and messages and messages[-1].role == "assistant":
            messages = messages[:-1]
        error = as_object(sample.get("error")).get("message")
        scores = list(self._scores(as_object(sample.get("scores") or sample.get("score"))))
        model = str(self._eval.get("model") or self._path.stem)
        return Result(
            version=Version(model, _version_content(self._eval, self._header)),
            case=self._case(sample),
            location=location,
            scores=scores,
            output=_text_of(answer),
            message=answer if answer is not None and answer.tool_calls else None,
            messages=messages,
            error=None if error is None else as_text(error),
            latency=sample.get("total_time"),
            started_at=time_of(sample.get("started_at")),
            prompt_tokens=_prompt_tokens(usage),
            output_tokens=_sum(usage, "output_tokens"),
            reasoning_tokens=_sum(usage, "reasoning_tokens"),
            cached_tokens=_sum(usage, "input_tokens_cache_read"),
            finish_reason=as_object(next(iter(output.get("choices") or []), {})).get("stop_reason"),
            metadata={"epoch": sample.get("epoch"), "limit": sample.get("limit"), **as_object(sample.get("store"))},
            evaluation=str(self._eval.get("task") or self._path.stem),
            run=Run(
                key=str(self._eval.get("run_id") or self._path.name),
                status="completed" if self._header.get("status", "success") == "success" else "cancelled",
                reported=self._figures({score.evaluator for score in scores}),
            ),
            steps=list(_steps(sample)),
        )

    def _figures(self, evaluators: Set[str]) -> Sequence[ReportedFigure]:
        """The metrics in the header, once a sample tells what its scores are called."""
        if evaluators and not self._reported:
            for item in as_object(self._header.get("results")).get("scores") or []:
                self._reported += _metrics(item, evaluators)
        return self._reported

    def check(self) -> None:
        """Report where the header does not agree with the samples."""
        name, status = self._path.name, self._header.get("status")
        if status not in (None, "success"):
            self._report.note(f"{name}: the run ended as {status}.")
        results = as_object(self._header.get("results"))
        total = results.get("total_samples")
        if isinstance(total, int) and total != self._count:
            self._report.note(f"{name} claims {total:,} samples and holds {self._count:,}.")
        if status == "success" and not results.get("scores"):
            self._report.note(f"{name} has no scores.")
        for item in results.get("scores") or []:
            self._check_metrics(item)

    def _check_metrics(self, item: Mapping[str, Any]) -> None:
        values = self._values.get(str(item.get("name"))) or self._values.get(f"{item.get('scorer')}.{item.get('name')}")
        for metric in ("accuracy", "mean"):
            reported = as_object(as_object(item.get("metrics")).get(metric)).get("value")
            if not values or not isinstance(reported, int | float):
                continue
            mean = math.fsum(values) / len(values)
            if not math.isclose(mean, reported, rel_tol=1e-6, abs_tol=1e-9):
                about = f"{self._path.name} reports {metric} {reported} of {item.get('name')}"
                self._report.note(f"{about}; its samples have {mean:.6g}.")

    def _case(self, sample: Mapping[str, Any]) -> Case:
        given = sample.get("input")
        choices = sample.get("choices")
        inputs = {"input": given} if isinstance(given, str) else {}
        if choices:
            inputs["choices"] = choices
        target = sample.get("target")
        return Case(
            inputs=inputs,
            messages=_messages(given) if isinstance(given, list) else [],
            target=None if target in (None, "") else {"target": target},
            id=as_text(sample["id"]) if "id" in sample else None,
            metadata=as_object(sample.get("metadata")),
        )

    def _scores(self, scores: Mapping[str, Any]) -> Iterator[Score]:
        """A score for each scorer, or for each key of its value."""
        for scorer, score in scores.items():
            value = as_object(score).get("value")
            parts = value if isinstance(value, dict) else {None: value}
            if isinstance(value, list):
                parts = {str(index): part for index, part in enumerate(value)}
            for key, part in parts.items():
                if part is None or (isinstance(part, float) and math.isnan(part)):
                    continue
                name = scorer if key is None else f"{scorer}.{key}"
                judgment = _GRADES.get(part, part) if isinstance(part, str) else part
                if not isinstance(judgment, bool | int | float | str):
                    judgment = as_text(judgment)
                if isinstance(judgment, bool | int | float):
                    self._values[name].append(float(judgment))
                yield Score(
                    name,
                    judgment,
                    as_object(score).get("explanation"),
                    higher_is_better=True if part in _GRADES else None,
                    metadata=_about(score, part),
                )


def _metrics(item: Mapping[str, Any], evaluators: Set[str]) -> Iterator[ReportedFigure]:
    """The reported metrics of a score, with the standard error of its mean."""
    name, scorer, reducer = item.get("name"), item.get("scorer"), item.get("reducer")
    named = f"{scorer}.{name}" if f"{scorer}.{name}" in evaluators else str(name)
    values = {key: as_object(metric).get("value") for key, metric in as_object(item.get("metrics")).items()}
    for figure in read_figures(values, "inspect", named):
        if figure.name == "stderr" and len(values) > 1:
            continue
        called = figure.name if reducer in (None, "mean") else f"{figure.name} ({reducer})"
        error = finite_number(values.get("stderr")) if figure.name in ("accuracy", "mean") else None
        yield figure.model_copy(update={"name": called, "stderr": error})


def _prompt_tokens(usages: Sequence[Mapping[str, Any]]) -> int | None:
    """The tokens in. Some models count those of a cache apart from them, as the total tells."""
    read, output = _sum(usages, "input_tokens"), _sum(usages, "output_tokens")
    cache = (_sum(usages, "input_tokens_cache_read") or 0) + (_sum(usages, "input_tokens_cache_write") or 0)
    total = _sum(usages, "total_tokens") or 0
    return read + cache if read is not None and total >= read + cache + (output or 0) else read


def _about(score: Any, value: Any) -> dict[str, Any] | None:
    about = {"answer": as_object(score).get("answer"), **as_object(as_object(score).get("metadata"))}
    if isinstance(value, str) and value in _GRADES:
        about["grade"] = value
    return {name: item for name, item in about.items() if item is not None} or None


def _version_content(eval: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, Any]:
    """What tells versions apart: the model, its settings, and the arguments of the task."""
    found = {
        "model_name": eval.get("model"),
        "task_args": eval.get("task_args"),
        "model_args": eval.get("model_args"),
        "generate_config": eval.get("model_generate_config"),
        "solver": [step.get("solver") for step in as_object(header.get("plan")).get("steps") or []],
    }
    return {name: value for name, value in found.items() if value}


def _steps(sample: Mapping[str, Any]) -> Iterator[Step]:
    """The calls of models and tools. Messages that a log stores once are not repeated in its steps."""
    for event in sample.get("events") or []:
        match event.get("event"):
            case "model":
                choice = as_object(next(iter(as_object(event.get("output")).get("choices") or []), {}))
                usage = [as_object(as_object(event.get("output")).get("usage"))]
                yield Step(
                    "model",
                    str(event.get("model") or "model"),
                    messages=_messages(event.get("input")),
                    output=_text_of(_message(choice["message"])) if choice.get("message") else None,
                    error=None if event.get("error") is None else as_text(event["error"]),
                    started_at=time_of(event.get("timestamp")),
                    ended_at=time_of(event.get("completed")),
                    prompt_tokens=_prompt_tokens(usage),
                    output_tokens=_sum(usage, "output_tokens"),
                    cached_tokens=_sum(usage, "input_tokens_cache_read"),
                    finish_reason=choice.get("stop_reason"),
                )
            case "tool":
                result = event.get("result")
                yield Step(
                    "tool",
                    str(event.get("function") or "tool"),
                    inputs=as_object(event.get("arguments")),
                    output=None if result is None else as_text(result),
                    error=as_object(event.get("error")).get("message"),
                    started_at=time_of(event.get("timestamp")),
                    ended_at=time_of(event.get("completed")),
                )


def _messages(messages: Any) -> list[ChatMessage]:
    return [_message(item) for item in messages if isinstance(item, dict)] if isinstance(messages, list) else []


def _message(message: Mapping[str, Any]) -> ChatMessage:
    calls = [
        {
            "id": str(call.get("id")),
            "type": "function",
            "function": {"name": str(call.get("function")), "arguments": as_text(call.get("arguments") or {})},
        }
        for call in message.get("tool_calls") or []
    ]
    content = message.get("content")
    return ChatMessage.model_validate(
        {
            "role": message.get("role", "user"),
            "content": content if isinstance(content, str | list) else None,
            "name": message.get("function"),
            "tool_call_id": message.get("tool_call_id"),
            "tool_calls": calls or None,
        }
    )


def _text_of(message: ChatMessage | None) -> str | None:
    """The text of a message; of one in parts, the text parts."""
    if message is None or message.content is None:
        return None
    if isinstance(message.content, str):
        return message.content
    parts = [part if isinstance(part, dict) else part.model_dump() for part in message.content]
    return "\n".join(str(part["text"]) for part in parts if isinstance(part.get("text"), str)) or None


def _resolved(value: Any, attachments: Mapping[str, Any]) -> Any:
    """A value with its references to attachments replaced by them."""
    replace: Callable[[Any], Any] = lambda item: _resolved(item, attachments)  # noqa: E731
    if isinstance(value, str) and value.startswith(_ATTACHMENT):
        return attachments.get(value.removeprefix(_ATTACHMENT), value)
    if isinstance(value, dict):
        return {name: item if name == "attachments" else replace(item) for name, item in value.items()}
    return [replace(item) for item in value] if isinstance(value, list) else value


def _sum(usages: Sequence[Mapping[str, Any]], name: str) -> int | None:
    found = [usage[name] for usage in usages if isinstance(usage.get(name), int)]
    return sum(found) if found else None


FORMAT = Format("inspect", _recognises, _read, names_evaluations=True)

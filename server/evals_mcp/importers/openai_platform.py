"""Evals of OpenAI's platform as its API answers: evals, runs and output items, alone, in pages or in one object.

By the API's documentation. A folder may have the pages of the output items, and beside them those of runs and evals.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, EvaluatorKind, Location, NoResults, Result, Run, Score, Version, as_object
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.text_files import lines_of, read_head, read_json
from evals_mcp.models.messages import ChatMessage
from evals_mcp.models.reported_figures import ReportedFigure

_EVAL, _RUN, _ITEM = "eval", "eval.run", "eval.run.output_item"
_KINDS = (_EVAL, _RUN, _ITEM)
_HEAD = re.compile(rb'"object"\s*:\s*"eval(\.run(\.output_item)?)?"|"datasource_item"\s*:')
_ABOUT = re.compile(rb'"object"\s*:\s*"eval(\.run)?"')
_ENDINGS = (".json", ".jsonl")
_MOST_SIBLINGS = 500
_ID = re.compile(r"[-_ ][0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_FIELD = re.compile(r"\{\{\s*item\.(\w+)")
_LLM = ("score_model", "label_model", "azure_ai_evaluator")

Json = Mapping[str, Any]


def _recognises(path: Path) -> bool:
    return path.suffix.lower() in _ENDINGS and _HEAD.search(read_head(path)) is not None


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    # Lines are read twice, so that memory does not hold all items. A document is in memory anyway.
    whole = list(_objects(path)) if path.suffix.lower() == ".json" else None
    about: dict[str, dict[str, Json]] = {_EVAL: {}, _RUN: {}}
    has_items = False
    for kind, _, value in chain(whole or _objects(path), chain.from_iterable(map(_told, _siblings(path)))):
        if kind == _ITEM:
            has_items = True
        else:
            about[kind].setdefault(str(value.get("id")), value)
    if not has_items:
        raise NoResults(f"{path.name} has evals or runs, and no output items. Import the output items beside it.")
    reader = _Reader(about[_EVAL], about[_RUN], report)
    for kind, at, value in whole or _objects(path):
        if kind == _ITEM:
            yield reader.result(value, Location(path.name, at))
    reader.check(path.name)


def _objects(path: Path) -> Iterator[tuple[str, str, Json]]:
    """The objects of a file: kind, position and content. Raises Invalid."""
    if path.suffix.lower() == ".json":
        yield from _within(read_json(path), "")
        return
    for number, line in lines_of(path):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                raise Invalid(f"{path.name}, line {number} is not JSON.") from None
            yield from _within(value, f"line {number}")


def _within(value: Any, at: str) -> Iterator[tuple[str, str, Json]]:
    if isinstance(value, list):
        for item in value:
            yield from _within(item, at)
    elif isinstance(value, dict):
        kind = _ITEM if "datasource_item" in value else value.get("object")
        if kind in _KINDS:
            yield kind, at or f"{kind.rpartition('.')[2].replace('_', ' ')} {value.get('id')}", value
        if kind != _ITEM:
            parts = ("runs", "output_items") if kind in _KINDS else value
            for name in parts:
                yield from _within(value.get(name), at)


def _siblings(path: Path) -> list[Path]:
    """The files beside this one that tell of evals and runs."""
    files = sorted(path.parent.glob("*.json*"))[:_MOST_SIBLINGS]
    others = [file for file in files if file != path and file.suffix.lower() in _ENDINGS]
    return [file for file in others if _ABOUT.search(read_head(file))]


def _told(path: Path) -> Iterator[tuple[str, str, Json]]:
    """The evals and runs in a file beside the one that is read."""
    return (found for found in _objects(path) if found[0] != _ITEM)


class _Reader:
    """Reads output items. Each run is a run, each grader an evaluator: whether it passed, with its score."""

    def __init__(self, evals: Mapping[str, Json], runs: Mapping[str, Json], report: Report) -> None:
        self._evals = evals
        self._runs = runs
        self._report = report
        self._names: dict[str, str] = {}
        self._known: dict[str, None] = {}
        self._unknown: dict[str, None] = {}

    def result(self, item: Json, location: Location) -> Result:
        """The result of one output item."""
        run_id, sample = str(item.get("run_id")), as_object(item.get("sample"))
        run, eval = self._runs.get(run_id, {}), self._evals.get(str(item.get("eval_id")), {})
        (self._known if run else self._unknown)[run_id] = None
        self._report.find(_items_of(run_id, run), str(item.get("id")))
        usage, error = as_object(sample.get("usage")), as_object(sample.get("error"))
        own_output = as_object(item.get("datasource_item")).get("sample.output_text")
        created = item.get("created_at")
        return Result(
            version=_version(run, sample, run_id),
            case=_case(item, run, eval),
            location=location,
            scores=list(self._scores(item, run_id, run, eval)),
            output=_text_of(sample.get("output")) or own_output,
            messages=_messages(sample.get("input")),
            error=str(error.get("message") or error.get("code") or "") or None,
            started_at=datetime.fromtimestamp(created, UTC) if isinstance(created, int) else None,
            prompt_tokens=usage.get("prompt_tokens"),
            output_tokens=usage.get("completion_tokens"),
            cached_tokens=usage.get("cached_tokens"),
            finish_reason=sample.get("finish_reason"),
            evaluation=str(eval.get("name") or item.get("eval_id")),
            id=str(item.get("id")),
            run=Run(
                run_id,
                "completed" if run.get("status", "completed") == "completed" else "cancelled",
                reported=list(self._reported(run)),
            ),
        )

    def check(self, file: str) -> None:
        """Report runs that are not there, and what the others claim."""
        for run_id in self._unknown:
            self._report.note(f"{file} has no run {run_id}, so what was run is told from its output items.")
        for run_id, run in self._runs.items():
            total = as_object(run.get("result_counts")).get("total")
            if run_id in self._known and isinstance(total, int):
                self._report.claim(_items_of(run_id, run), total)
                for criterion, passed in _criteria(run):
                    grader = self._name(str(criterion.get("testing_criteria")))
                    self._report.claim(_passes_of(run_id, run, grader), passed)

    def _reported(self, run: Json) -> Iterator[ReportedFigure]:
        for criterion, passed in _criteria(run):
            evaluator = self._name(str(criterion.get("testing_criteria")))
            for name, value in (("passed", passed), ("failed", criterion.get("failed"))):
                if isinstance(value, int):
                    yield ReportedFigure(name=name, value=value, source="openai-platform", evaluator=evaluator)

    def _scores(self, item: Json, run_id: str, run: Json, eval: Json) -> Iterator[Score]:
        for given in item.get("results") or []:
            result = as_object(given)
            full = str(result.get("name"))
            name, passed, score = self._name(full), result.get("passed"), result.get("score")
            sample = as_object(result.get("sample"))
            usage, error = as_object(sample.get("usage")), as_object(sample.get("error"))
            failure = str(error.get("message") or error.get("code") or "") or None
            if passed is True:
                self._report.find(_passes_of(run_id, run, name), str(item.get("id")))
            yield Score(
                name,
                None if failure else passed,
                result.get("reason") or _text_of(sample.get("output")),
                failure,
                _kind(result, full, eval),
                metadata={"label": result["label"]} if result.get("label") else None,
                score=score if isinstance(score, int | float) and not failure else None,
                prompt_tokens=usage.get("prompt_tokens"),
                output_tokens=usage.get("completion_tokens"),
            )

    def _name(self, full: str) -> str:
        """A grader's name without the id that the platform appends, unless another grader has it."""
        if full not in self._names:
            short = _ID.sub("", full)
            self._names[full] = full if short in self._names.values() else short
        return self._names[full]


def _items_of(run_id: str, run: Json) -> str:
    return f"Output items of run {run.get('name')} ({run_id})"


def _passes_of(run_id: str, run: Json, grader: str) -> str:
    return f"Passes of {grader} in run {run.get('name')} ({run_id})"


def _criteria(run: Json) -> Iterator[tuple[Json, int]]:
    for given in run.get("per_testing_criteria_results") or []:
        passed = as_object(given).get("passed")
        if isinstance(passed, int):
            yield as_object(given), passed


def _kind(result: Json, name: str, eval: Json) -> EvaluatorKind:
    criteria = [as_object(given) for given in eval.get("testing_criteria") or []]
    types = [item.get("type") for item in criteria if item.get("name") == _ID.sub("", name) or item.get("id") == name]
    type = str(result.get("type") or next(iter(types), "")).replace("-", "_").removesuffix("_grader")
    return "llm" if type in _LLM else "python" if type == "python" else "external"


def _version(run: Json, sample: Json, run_id: str) -> Version:
    """The run's prompt, if the platform called a model with one; else the run by its name."""
    source = as_object(run.get("data_source"))
    settings = as_object(source.get("sampling_params"))
    model = source.get("model") or run.get("model") or sample.get("model")
    template = _messages(as_object(source.get("input_messages")).get("template"))
    label = str(run.get("name") or model or run_id)
    if not template or not model:
        return Version(label, {"model_name": model} if model else {})
    content = {
        "model": model,
        "template": [message.model_dump(exclude_none=True) for message in template],
        "temperature": settings.get("temperature"),
        "top_p": settings.get("top_p"),
        "max_tokens": settings.get("max_completion_tokens") or settings.get("max_completions_tokens"),
        "seed": settings.get("seed"),
    }
    return Version(label, {name: value for name, value in content.items() if value is not None})


def _case(item: Json, run: Json, eval: Json) -> Case:
    """A row of the data source. What graders compare with, and the prompt does not have, is the target."""
    row = as_object(item.get("datasource_item"))
    graders = [as_object(given).get("reference") for given in eval.get("testing_criteria") or []]
    compared = {name for text in graders if isinstance(text, str) for name in _FIELD.findall(text)}
    prompted = set(_FIELD.findall(json.dumps(as_object(run.get("data_source")).get("input_messages"))))
    target = {name: value for name, value in row.items() if name in compared - prompted}
    return Case(
        inputs={name: value for name, value in row.items() if name not in target and not name.startswith("sample.")},
        target=target or None,
        id=None if item.get("datasource_item_id") is None else str(item["datasource_item_id"]),
    )


def _messages(value: Any) -> list[ChatMessage]:
    found = []
    for message in value if isinstance(value, list) else []:
        if isinstance(message, dict):
            calls = message.get("tool_calls")
            role, content = message.get("role") or "assistant", _text(message.get("content"))
            found.append(ChatMessage.model_validate({"role": role, "content": content, "tool_calls": calls or None}))
    return found


def _text_of(output: Any) -> str | None:
    messages = _messages(output)
    return messages[-1].content if messages and isinstance(messages[-1].content, str) else None


def _text(content: Any) -> str | None:
    if isinstance(content, str | None):
        return content
    parts: Sequence[Any] = content if isinstance(content, list) else [content]
    texts = [part if isinstance(part, str) else as_object(part).get("text") for part in parts]
    return "\n".join(text for text in texts if isinstance(text, str)) or None


FORMAT = Format("openai-platform", _recognises, _read, lambda path: ("*.json", "*.jsonl"), names_evaluations=True)

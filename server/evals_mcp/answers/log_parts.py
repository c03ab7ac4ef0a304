"""The parts of a log by name, as text or as rows that can be cut. No requests."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.calls import left_out, next_call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted, block, name, quote
from evals_mcp.answers.frame.tokens import whole_character
from evals_mcp.answers.judgments import by_author, judgment_word, sample_words, verdict_words
from evals_mcp.answers.values import compact_list, compact_value
from evals_mcp.errors import Invalid
from evals_mcp.media import mark_media
from evals_mcp.models.judgments import JudgmentState
from evals_mcp.models.logs import EvaluatorLogResponse, LogResponse, log_output
from evals_mcp.models.message_parts import called_tools
from evals_mcp.models.path_labels import path_labels
from evals_mcp.models.rows import DatapointContent

TRACE = "trace"
"""The part that is a tree of steps instead of text."""

_LONGEST_OPTION = 500  # characters
_ON_ONE_LINE = 200
_COMPACT = 2_000
_DEEPEST_COMPACT = 6
_LONGEST_KEY = 60
_LISTED = 20
_NOTHING = object()


class LabeledJudgment(NamedTuple):
    """One evaluator's judgment of a log: label, state, value, and explanation or error.

    `by` names its author where several judged, and says if the author replaced it. `evaluator` is the label without the
    number that tells repeated judgments apart. `beside` is what else the evaluator says, in words.
    """

    label: str
    state: JudgmentState
    judgment: Any
    explanation: str | None
    error: str | None
    log_id: str
    by: Quoted = ""
    author: str | None = None
    evaluator: str = ""
    beside: Sequence[Quoted] = ()

    @property
    def word(self) -> Quoted:
        """The judgment as a word, with what the evaluator says beside it, and its author where several judged."""
        return ", ".join([judgment_word(self.state, self.judgment, _LONGEST_OPTION), *self.beside]) + self.by


class Part(NamedTuple):
    """A part of a log: its heading, the path that reads it, and its JSON value."""

    heading: Quoted
    path: str
    value: Any


def log_document(log: LogResponse, datapoint: DatapointContent | None = None) -> dict[Quoted, Any]:
    """The parts of a log by name, without empty parts and the trace. Media are marks.

    The target is that of the log's datapoint, and so are the inputs and messages if the log has none.
    """
    message = None if log.output_message is None else log.output_message.model_dump(mode="json", exclude_none=True)
    messages = getattr(log, "messages", None) or []
    given: dict[Quoted, Any] = {
        "inputs": log.inputs,
        "messages": [item.model_dump(mode="json", exclude_none=True) for item in messages],
    }
    if datapoint is not None and not any(given.values()):
        given = {"inputs": datapoint.inputs, "messages": datapoint.messages}
    document: dict[Quoted, Any] = {
        **given,
        "target": None if datapoint is None else datapoint.target,
        "output": log_output(log),
        "output_message": message if message and not _is_plain(message) else None,
        "error": log.error,
        "judgment": getattr(log, "judgment", None),
        "judgments": {item.label: _judgment_document(item) for item in labeled_judgments(log)},
        "stdout": log.stdout,
        "metadata": log.metadata,
        "provider_request": log.provider_request,
        "provider_response": log.provider_response,
    }
    return {
        key: mark_media(value)
        for key, value in document.items()
        if value not in (None, "", [], {}) or (key == "output" and value == "")
    }


def labeled_judgments(log: LogResponse) -> list[LabeledJudgment]:
    """The judgments of a log, in order. Repeated judgments by an evaluator are numbered; each author's last counts."""
    logs = list(log.evaluator_logs)
    called = path_labels(item.evaluator.path for item in logs)
    times = Counter(item.evaluator.path for item in logs)
    seen: Counter[str] = Counter()
    last = {(item.evaluator.path, item.user or ""): item.id for item in logs}
    authors = Counter(path for path, _ in last)
    found = []
    for item in logs:
        path = item.evaluator.path
        seen[path] += 1
        label = called[path]
        by: Quoted = by_author(item.user) if authors[path] > 1 else ""
        by += "" if last[path, item.user or ""] == item.id else " (replaced)"
        numbered = label if times[path] == 1 else f"{label}#{seen[path]}"
        found.append(_labeled(item, numbered)._replace(by=by, evaluator=label))
    return found


def find_part(document: Mapping[Quoted, Any], path: str) -> Any:
    """The value at a dotted path. Raises Invalid with the existing parts."""
    value = _resolve(document, path.strip().split("."))
    if value is not _NOTHING:
        return value
    known = [*_paths(document), TRACE]
    close = get_close_matches(path[:200], known, n=1)
    hint = f" Did you mean {name(close[0])}?" if close else ""
    parts = figures.listed([name(item) for item in known], _LISTED)
    raise Invalid(f"part: the log has no {_short(path)}.{hint} Its parts: {parts}.")


def part_text(value: Any) -> str:
    """A part as text, which offsets refer to. Values other than text become indented JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def list_parts(log: LogResponse, document: Mapping[Quoted, Any], most: int) -> list[Part]:
    """The displayed parts of a log. Inputs, messages and others with more than `most` items stay one part."""
    found: list[Part] = []
    for key, value in document.items():
        if key == "judgments":
            found += [_judgment_part(item) for item in labeled_judgments(log)]
        elif isinstance(value, Mapping) and len(value) <= most and all(len(part) <= _LONGEST_KEY for part in value):
            found += [Part(f"{key}.{name(part)}", f"{key}.{part}", value[part]) for part in value]
        elif key == "messages" and len(value) <= most:
            found += [part for number, message in enumerate(value) for part in _message_parts(number, message)]
        else:
            found.append(Part(key, key, value))
    return found


def part_row(log_id: str, part: Part) -> Row:
    """A part as a row: whole, or its beginning with the call that reads on."""
    text = "" if part.value is None else part_text(part.value)
    calls = called_tools(part.value) if part.path.endswith("tool_calls") else []

    def render(limit: int) -> Quoted:
        if len(text) <= limit:
            return _whole(part, text)
        if calls:
            read_on = next_call("get_log", log=log_id, part=part.path)
            return f"{part.heading}: {compact_list(calls, limit)}. Read all: {read_on}"
        end = whole_character(text, limit)
        call = next_call("get_log", log=log_id, part=part.path, offset=end or None)
        if not end:
            return f"{part.heading} ({figures.count(len(text), 'character')}): {call}"
        opening = f"{part.heading} ({figures.count(len(text), 'character')}):\n{block(text[:end])}"
        return f"{opening}\n{left_out(len(text) - end, 'character', call)}"

    return Row(render, len(text))


def _whole(part: Part, text: str) -> Quoted:
    if not text:
        return part.heading if part.value is None else f'{part.heading}: ""'
    if isinstance(part.value, str):
        is_line = len(text) <= _ON_ONE_LINE and "\n" not in text
        return f"{part.heading}: {quote(text)}" if is_line else f"{part.heading}:\n{block(text)}"
    if len(text) <= _COMPACT and _depth(part.value) <= _DEEPEST_COMPACT:
        return f"{part.heading}: {_compact(part)}"
    return f"{part.heading}:\n{block(text)}"


def _compact(part: Part) -> Quoted:
    if part.path.endswith("tool_calls") and (calls := called_tools(part.value)):
        return compact_list(calls)
    return compact_value([part.value] if part.path == "output_message" else part.value)


def _message_parts(number: int, message: Mapping[str, Any]) -> Iterator[Part]:
    role = name(str(message.get("role", "no role")))
    for key, value in message.items():
        if key == "role" or value in (None, "", []):
            continue
        heading = f"messages.{figures.count(number)} {role}" + ("" if key == "content" else f" {name(key)}")
        yield Part(heading, f"messages.{number}.{key}", value)


def _judgment_part(item: LabeledJudgment) -> Part:
    heading = f"judgments.{name(item.label)} {item.word}"
    path = f"judgments.{item.label}"
    if item.error is not None:
        return Part(heading, f"{path}.error", item.error)
    if item.explanation:
        return Part(f"{heading}, explanation", f"{path}.explanation", item.explanation)
    if isinstance(item.judgment, str) and len(item.judgment) > _LONGEST_KEY:
        return Part(f"judgments.{name(item.label)}{item.by}", f"{path}.judgment", item.judgment)
    return Part(heading, path, None)


def _labeled(log: EvaluatorLogResponse, label: str) -> LabeledJudgment:
    state: JudgmentState = "failed" if log.error is not None else "abstained" if log.judgment is None else "judged"
    judgment = log.judgment if state == "judged" else None
    beside = verdict_words(judgment, log.score, log.passed, log.threshold)
    beside += filter(None, [sample_words(log.samples or ())])
    return LabeledJudgment(label, state, judgment, log_output(log), log.error, log.id, author=log.user, beside=beside)


def _judgment_document(item: LabeledJudgment) -> dict[str, Any]:
    document = {"state": item.state, "judgment": item.judgment, "explanation": item.explanation, "error": item.error}
    document |= {"author": item.author, "log": item.log_id}
    return {key: value for key, value in document.items() if value is not None}


def _is_plain(message: Mapping[str, Any]) -> bool:
    """Whether an output message has nothing beyond the output."""
    return isinstance(message.get("content"), str) and set(message) <= {"role", "content"}


def _resolve(value: Any, steps: Sequence[str]) -> Any:
    """The value at a path. Keys may contain dots; the longest existing key wins."""
    if not steps:
        return value
    if isinstance(value, Mapping):
        for end in range(len(steps), 0, -1):
            key = ".".join(steps[:end])
            if key in value and (found := _resolve(value[key], steps[end:])) is not _NOTHING:
                return found
    elif isinstance(value, list) and steps[0].isdecimal() and len(steps[0]) < 9 and int(steps[0]) < len(value):
        return _resolve(value[int(steps[0])], steps[1:])
    return _NOTHING


def _paths(document: Mapping[Quoted, Any]) -> Iterator[str]:
    for key, value in document.items():
        yield key
        if isinstance(value, Mapping):
            yield from (f"{key}.{part}" for part in value if len(part) <= _LONGEST_KEY)


def _depth(value: Any, so_far: int = 0) -> int:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    if not parts or so_far > _DEEPEST_COMPACT:
        return so_far
    return max(_depth(part, so_far + 1) for part in parts)


def _short(text: str) -> Quoted:
    return quote(text, 60)

"""A trace as rows: each step below a log with its position, time and the beginning of its output."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.log_parts import labeled_judgments, log_document
from evals_mcp.answers.values import compact_list, compact_value, size
from evals_mcp.models.logs import DEEPEST_TRACE, LogResponse, log_kind, log_latency
from evals_mcp.models.message_parts import called_tools
from evals_mcp.models.usage import log_usage

_GLANCE = 1_000  # characters of a step's input, output or error, at most
_CAP = 10_000
_SHOWN_DEPTH = 8


class Step(NamedTuple):
    """A log below another. `position` is its position in the tree: `(2, 1)` is the first child of the second."""

    position: tuple[int, ...]
    log: LogResponse


def list_steps(log: LogResponse) -> list[Step]:
    """All logs of the trace below a log, parents before children."""
    return list(_walk(log))


def step_rows(root: LogResponse, steps: Sequence[Step]) -> list[Row]:
    """One row per step. Times are relative to the start of `root`."""
    return [_row(root, step) for step in steps]


def version_words(log: LogResponse) -> Quoted:
    """The type and path of a log's file, and its version name: `prompt support/reply v2`."""
    kind = log_kind(log) or "log"
    version = getattr(log, kind)
    called = f" {name(version.version_name)}" if version.version_name else ""
    return f"{name(kind)} {name(version.path)}{called}"


def fact_words(log: LogResponse) -> list[Quoted]:
    """The known ones of latency, tokens and cost of a log."""
    facts: list[Quoted] = []
    latency, usage = log_latency(log), log_usage(log)
    if latency is not None:
        facts.append(figures.duration(latency))
    tokens = [(getattr(usage, f"{kind}_tokens"), word) for kind, word in _TOKENS]
    if known := ", ".join(f"{figures.count(amount)} {word}" for amount, word in tokens if amount is not None):
        facts.append(f"tokens {known}")
    if usage.cost is not None:
        facts.append(figures.cost(usage.cost) + (" output cost" if usage.is_output_cost else ""))
    return facts


_TOKENS: tuple[tuple[str, Quoted], ...] = (
    ("prompt", "in"),
    ("output", "out"),
    ("reasoning", "reasoning"),
    ("cached", "cached"),
)


def _walk(log: LogResponse) -> Iterator[Step]:
    waiting = [Step((number,), child) for number, child in _numbered(log)][::-1]
    while waiting:
        step = waiting.pop()
        yield step
        waiting += [Step((*step.position, number), child) for number, child in _numbered(step.log)][::-1]


def _numbered(log: LogResponse) -> Iterator[tuple[int, LogResponse]]:
    return enumerate(log.trace_children or (), 1)


def _row(root: LogResponse, step: Step) -> Row:
    log = step.log
    facts: list[Quoted] = [f"{_number(step.position)} {name(log.id)} {version_words(log)}", *_times(root, log)]
    judgments: list[Quoted] = [f"{name(item.label)} {item.word}" for item in labeled_judgments(log)]
    parts = _parts(log)
    needs = [min(part.need, _GLANCE) for _, part in parts]
    if log.log_status == "incomplete":
        facts.append("incomplete")
    if len(step.position) >= DEEPEST_TRACE:
        facts.append("get this log to see steps below it")

    def render(limit: int) -> Quoted:
        shown: list[Quoted] = [
            f"{word} {part.render(room)}" for (word, part), room in zip(parts, share(limit, needs), strict=True)
        ]
        return "; ".join([*facts, *shown, *judgments])

    return Row(render, sum(needs))


def _parts(log: LogResponse) -> list[tuple[Quoted, Row]]:
    """The input, error, output and tool calls of a step, as far as present."""
    document = log_document(log)
    given = [document[key] for key in ("inputs", "messages") if key in document]
    calls = called_tools(document.get("output_message", {}).get("tool_calls"))
    asked = given[0] if len(given) == 1 else given
    parts: list[tuple[Quoted, Row]] = [("input", Row(lambda limit: compact_value(asked, limit), size(asked, _CAP)))]
    texts: tuple[Quoted, ...] = ("error", "output")
    parts += [(key, Row(partial(quote, document[key]), len(document[key]))) for key in texts if key in document]
    parts.append(("calls", Row(lambda limit: compact_list(calls, limit), size(calls, _CAP))))
    return [part for part in parts if part[1].need]


def _times(root: LogResponse, log: LogResponse) -> list[Quoted]:
    facts = fact_words(log)
    if root.start_time is not None and log.start_time is not None:
        after = (log.start_time - root.start_time).total_seconds()
        facts.insert(0, f"at {'-' if after < 0 else '+'}{figures.duration(abs(after))}")
    return facts


def _number(position: tuple[int, ...]) -> Quoted:
    if len(position) <= _SHOWN_DEPTH:
        return ".".join(map(figures.number, position))
    return f"…{'.'.join(map(figures.number, position[-2:]))} (depth {figures.count(len(position))})"

"""A trace as rows: every step below a log with its place in the tree, its time and a glance at what it gave."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.log_parts import judgments_said
from evals_mcp.models.logs import DEEPEST_TRACE, LogResponse, log_cost, log_kind, log_latency, log_output

_GLANCE = 300  # characters of an output or error that a step shows at most
_SHOWN_DEPTH = 8


class Step(NamedTuple):
    """A log below another: where it is in the tree (`(2, 1)` is the first below the second), and how much is below."""

    place: tuple[int, ...]
    log: LogResponse


def list_steps(log: LogResponse) -> list[Step]:
    """Every log of the trace below a log, each before those below it."""
    return list(_walk(log))


def step_rows(root: LogResponse, steps: Sequence[Step]) -> list[Row]:
    """A row for each step; times are from the start of `root` on."""
    return [_row(root, step) for step in steps]


def version_words(log: LogResponse) -> str:
    """The type and path of a log's file, and the name of its version: `prompt support/reply v2`."""
    kind = log_kind(log) or "log"
    version = getattr(log, kind)
    called = f" {name(version.version_name)}" if version.version_name else ""
    return f"{kind} {name(version.path)}{called}"


def fact_words(log: LogResponse) -> list[str]:
    """Latency, tokens and cost of a log, those that are known."""
    facts = []
    latency, cost = log_latency(log), log_cost(log)
    if latency is not None:
        facts.append(figures.duration(latency))
    tokens = [(getattr(log, f"{kind}_tokens", None), word) for kind, word in _TOKENS]
    if known := [f"{figures.count(amount)} {word}" for amount, word in tokens if amount is not None]:
        facts.append(f"tokens {', '.join(known)}")
    if cost is not None:
        facts.append(figures.cost(cost))
    return facts


_TOKENS = (("prompt", "in"), ("output", "out"), ("reasoning", "reasoning"))


def _walk(log: LogResponse) -> Iterator[Step]:
    waiting = [Step((number,), child) for number, child in _numbered(log)][::-1]
    while waiting:
        step = waiting.pop()
        yield step
        waiting += [Step((*step.place, number), child) for number, child in _numbered(step.log)][::-1]


def _numbered(log: LogResponse) -> Iterator[tuple[int, LogResponse]]:
    return enumerate(log.trace_children or (), 1)


def _row(root: LogResponse, step: Step) -> Row:
    log = step.log
    facts = [f"{_place(step.place)} {name(log.id)} {version_words(log)}", *_times(root, log)]
    said = [f"{name(item.label)} {item.word}" for item in judgments_said(log)]
    texts = [("error", log.error or ""), ("output", log_output(log) or "")]
    needs = [min(len(text), _GLANCE) for _, text in texts]
    if log.log_status == "incomplete":
        facts.append("incomplete")
    if len(step.place) >= DEEPEST_TRACE:
        facts.append("steps below it, if any, are shown with it only")

    def render(limit: int) -> str:
        shown = [
            f"{word} {quote(text, part)}" for (word, text), part in zip(texts, share(limit, needs), strict=True) if text
        ]
        return "; ".join([*facts, *shown, *said])

    return Row(render, sum(needs))


def _times(root: LogResponse, log: LogResponse) -> list[str]:
    facts = fact_words(log)
    if root.start_time is not None and log.start_time is not None:
        after = (log.start_time - root.start_time).total_seconds()
        facts.insert(0, f"at {'-' if after < 0 else '+'}{figures.duration(abs(after))}")
    return facts


def _place(place: tuple[int, ...]) -> str:
    if len(place) <= _SHOWN_DEPTH:
        return ".".join(map(str, place))
    return f"…{'.'.join(map(str, place[-2:]))} (depth {len(place)})"

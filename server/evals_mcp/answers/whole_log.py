"""One log as an answer: its facts, parts and trace within the budget, or one part from an offset."""

from collections.abc import Mapping, Sequence
from typing import Any

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import left_out, next_call
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.log_parts import TRACE, Part, find_part, list_parts, log_document, part_row, part_text
from evals_mcp.answers.traces import Step, fact_words, list_steps, step_rows, version_words
from evals_mcp.answers.version_values import version_values
from evals_mcp.errors import Invalid
from evals_mcp.models.logs import LogResponse, log_kind
from evals_mcp.models.rows import DatapointContent
from evals_mcp.models.versions import FileVersionResponse

_FIRST = ("output", "output_message", "error")  # what the log is about, before long inputs
_TOKENS_PER_PART = 200  # of the budget; with less, messages and inputs stay in one piece


def summarize_log(log: LogResponse, budget: int, datapoint: DatapointContent | None = None) -> Quoted:
    """A whole log. Long parts are cut, with the call to read on."""
    answer = Answer(budget)
    answer.head(log_opening(log))
    steps = list_steps(log)
    parts = list_parts(log, log_document(log, datapoint), max(2, budget // _TOKENS_PER_PART))
    parts.sort(key=lambda part: part.path.partition(".")[0] not in _FIRST)
    if not parts:
        answer.line("It has no inputs, messages, output, error or judgments.")
    else:
        rows = [part_row(log.id, part) for part in parts]
        answer.rows(rows, lambda shown: parts_left_out(log.id, parts[shown:]))
    if steps:
        _add_trace(answer, log, steps, 0)
    return answer.text()


def summarize_part(
    log: LogResponse, part: str, offset: int, budget: int, datapoint: DatapointContent | None = None
) -> Quoted:
    """One part of a log from an offset, in characters or in steps of the trace.

    Raises Invalid for an unknown part, and for an offset beyond its end.
    """
    answer = Answer(budget)
    if part.strip() == TRACE:
        steps = list_steps(log)
        _check_offset(offset, len(steps), "step", log)
        answer.head(f"Log {name(log.id)} of {version_words(log)}.")
        _add_trace(answer, log, steps, offset)
        return answer.text()
    text = part_text(find_part(log_document(log, datapoint), part))
    _check_offset(offset, len(text), "character", log, part)
    where = f", from {figures.count(offset)}" if offset else ""
    answer.head(f"Log {name(log.id)}, {name(part)}: {figures.count(len(text), 'character')}{where}.")
    answer.passage(text, offset, lambda end: _read_on(log.id, part, end, len(text)))
    return answer.text()


def log_opening(log: LogResponse) -> Quoted:
    """A log's facts: id, version, datapoint, time, latency, tokens, cost, status and labels."""
    kind = log_kind(log)
    version = getattr(log, kind) if kind else None
    facts = [f"Log {name(log.id)} of {version_words(log)}" + (f" ({_version(version)})" if version else "")]
    facts.append(f"datapoint {name(log.source_datapoint_id)}" if log.source_datapoint_id else "no datapoint")
    if log.created_at is not None:
        facts.append(figures.date(log.created_at))
    facts += fact_words(log)
    facts.append(name(log.log_status or "complete"))
    facts += [f"{word} {name(value)}" for word, value in _labels(log).items()]
    return "; ".join(facts) + "."


def _version(version: FileVersionResponse) -> Quoted:
    """The id of a version, and what is in it if it has no name."""
    values = [] if version.version_name else version_values(version)
    return ", ".join([name(version.version_id), *values])


def parts_left_out(log_id: str, parts: Sequence[Part]) -> Quoted:
    """The parts without room, and the call that reads the first of them; "" if there are none."""
    if not parts:
        return ""
    shown = figures.listed([name(part.path) for part in parts], 8)
    return f"Not shown: {shown}. Read one: {next_call('get_log', log=log_id, part=parts[0].path)}"


def _labels(log: LogResponse) -> Mapping[Quoted, str]:
    """The labels of a log."""
    given: dict[Quoted, Any] = {
        "finish reason": getattr(log, "finish_reason", None),
        "source": log.source,
        "user": log.user,
        "environment": log.environment,
        "judges log": getattr(log, "parent_id", None),
        "parent step": log.trace_parent_id,
        "trace": log.trace_id if log.trace_id != log.id else None,
    }
    return {word: str(value) for word, value in given.items() if value}


def _add_trace(answer: Answer, log: LogResponse, steps: Sequence[Step], offset: int) -> None:
    def footer(shown: int) -> Quoted:
        call = next_call("get_log", log=log.id, part=TRACE, offset=offset + shown)
        return left_out(len(steps) - offset - shown, "step", call)

    about = "" if log.start_time is None else "; times from its start"
    header = f'trace: {figures.count(len(steps), "step")}{about}. Read a step: get_log(log="…")'
    answer.rows(step_rows(log, steps[offset:]), footer, header=header)


def _read_on(log_id: str, part: str, end: int, length: int) -> Quoted:
    return left_out(length - end, "character", next_call("get_log", log=log_id, part=part, offset=end))


def _check_offset(offset: int, length: int, noun: Quoted, log: LogResponse, part: str = TRACE) -> None:
    if not length and part == TRACE:
        raise Invalid(f"part: log {name(log.id)} has no trace.")
    if offset and offset >= length:
        last = figures.number(max(length - 1, 0))
        raise Invalid(f"offset: {name(part)} has {figures.count(length, noun)}; use 0–{last}.")

"""The output of a log as rows: its error, text, tool calls and media; and two outputs as what differs between them."""

from collections.abc import Sequence
from typing import Any

from evals_mcp.answers.changes import difference_row
from evals_mcp.answers.field_changes import field_changes, json_container
from evals_mcp.answers.frame.detail import Row, fixed
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, quote
from evals_mcp.answers.values import compact_list, size
from evals_mcp.models.message_parts import called_tools
from evals_mcp.models.rows import LogRow
from evals_mcp.truncation import full_length

_CAP = 1_000_000

Part = tuple[Quoted, Row]
"""A part of an answer's row: its label and its text."""


def output_parts(row: LogRow) -> list[Part]:
    """The parts of a log's output, by label. `no output` if there is none, and no error."""
    parts: list[Part] = [] if row.error is None else [("error", _quoted(row.error))]
    if row.output is not None:
        parts.append(("output", _quoted(row.output)))
    if calls := called_tools(row.calls):
        parts.append(("calls", _listed(calls)))
    if row.parts:
        parts.append(("with", _listed(row.parts)))
    return parts or [("output", Row(lambda _: "none", 0))]


def compared_outputs(baseline: LogRow | None, candidate: LogRow | None) -> list[Part]:
    """Both outputs: once if they are equal, as a difference if they are long and similar or JSON objects."""
    if baseline is not None and candidate is not None:
        if _says(baseline) and _says(baseline) == _says(candidate):
            rest = _uncompared(baseline, candidate)
            return [(_of_both(label), _with_rest(part, rest)) for label, part in output_parts(candidate)]
        if baseline.output and candidate.output and not (baseline.error or candidate.error):
            difference = _difference(baseline, candidate)
            if difference is not None:
                rest_of = [part for side in _sides(baseline, candidate) for part in side if "output" not in part[0]]
                return [difference, *rest_of]
    return [(label.replace(" output", ""), part) for side in _sides(baseline, candidate) for label, part in side]


def other_output(
    run: Quoted, log: LogRow, baseline: LogRow | None, known: Sequence[tuple[Quoted, LogRow]]
) -> list[Part]:
    """The output of another run's log, by label: once if it is known, else against the baseline's as of a candidate."""
    for side, earlier in known:
        if _says(log) and _says(log) == _says(earlier):
            return [(run, fixed(f"same as {side}{_uncompared(earlier, log)}"))]
    parts: list[Part] = [(f"{run} {label}".removesuffix(" output"), part) for label, part in output_parts(log)]
    if baseline is not None and baseline.output and log.output and not (baseline.error or log.error):
        difference = _difference(baseline, log)
        if difference is not None:
            return [(difference[0].replace("candidate", run), difference[1]), *parts[1:]]
    return parts


def _sides(baseline: LogRow | None, candidate: LogRow | None) -> list[list[Part]]:
    return [
        [(side, Row(lambda _: "no log", 0))]
        if log is None
        else [(f"{side} {label}", part) for label, part in output_parts(log)]
        for side, log in (("baseline", baseline), ("candidate", candidate))
    ]


def _says(row: LogRow) -> list[Any]:
    """What two equal outputs have in common."""
    found = [row.output, [tuple(call) for call in called_tools(row.calls)], row.parts, row.error]
    return found if any(found) else []


def _of_both(label: Quoted) -> Quoted:
    return "both outputs" if label == "output" else f"both: {label}"


def _difference(baseline: LogRow, candidate: LogRow) -> Part | None:
    """The difference of two outputs; None if it says less than both."""
    old, new = baseline.output or "", candidate.output or ""
    values = [json_container(text) for text in (old, new)]
    if type(values[0]) is type(values[1]) and values[0] is not None and values[0] != values[1]:
        return "fields, baseline → candidate", field_changes(values[0], values[1])
    difference = difference_row(old, new)
    if difference is None:
        return None
    return "outputs, -baseline +candidate", _with_rest(difference, _uncompared(baseline, candidate))


def _uncompared(baseline: LogRow, candidate: LogRow) -> Quoted:
    """Which part of two outputs is compared, if not all."""
    texts = [text for text in (baseline.output, candidate.output) if text]
    if all(full_length(text) == len(text) for text in texts):
        return ""
    return f" (only the first {count(max(map(len, texts)), 'character')} compared)"


def _quoted(text: str) -> Row:
    return Row(lambda limit: quote(text, limit), full_length(text))


def _listed(values: list[Any]) -> Row:
    return Row(lambda limit: compact_list(values, limit), size(values, _CAP))


def _with_rest(part: Row, rest: Quoted) -> Row:
    return Row(lambda limit: part.render(limit) + rest, part.need)

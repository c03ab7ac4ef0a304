"""Logs as an answer: a line each with facts and judgments, then input, target and output, within the budget.

What all logs have alike is told once above them.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from evals_mcp.answers.alike import alike_in, below_shared, find_alike
from evals_mcp.answers.authors import with_authors
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.short_ids import short_ids
from evals_mcp.answers.frame.tables import own_headers
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.log_columns import JudgmentColumns, fact_columns
from evals_mcp.answers.matches import match_words
from evals_mcp.answers.outputs import Part, output_parts
from evals_mcp.answers.subjects import subject
from evals_mcp.answers.values import compact_value, size
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import LogRow, LogRows

_CAP = 1_000_000
_CHANGED: Quoted = "The sample changed since the page before, so logs may be left out: without cursor, it begins anew."
_SILENT = "- = an evaluator without judgments in that run."


def summarize_logs(
    evaluation: ResolvedEvaluation,
    found: LogRows,
    budget: int,
    *,
    filtered: Quoted,
    call: Call,
    notes: Sequence[Quoted] = (),
) -> Quoted:
    """The logs found. `filtered` is the filter in words; `call` is the answered call."""
    answer = Answer(budget)
    total = figures.count(found.total) + ("+" if found.counted_to is not None else "")
    exact = " list_runs with this where counts all." if filtered and found.counted_to is not None else ""
    answer.head(f"{subject(evaluation)}\n{total} {'log' if total == '1' else 'logs'}{filtered}.{exact}")
    if found.changed:
        answer.note(_CHANGED)
    for note in (*notes, *evaluation.notes):
        answer.note(note)
    rows: list[Row] = []
    header = ""
    if found.rows:
        listed = _Listed(evaluation, found, str(call.listed.get("sort", "")))
        rows, header = listed.rows(), listed.header
        if listed.has_silent:
            answer.note(_SILENT)
    answer.rows(
        rows,
        lambda shown: _left_out(found, shown, call),
        header=header,
        on_cut='… marks cut text. Read a log in full: get_log(log="…")',
    )
    return answer.text()


def _judging(evaluation: ResolvedEvaluation) -> dict[str, set[str]]:
    """The evaluator versions with judgments in a run, by run id."""
    versions = [row.version_id for row in evaluation.evaluators]
    return {
        run.id: {version for version, stats in zip(versions, run.stats, strict=True) if stats.total_logs}
        for run in evaluation.runs
    }


class _Listed:
    """Logs as rows below a header, which tells what they have alike and how to read them."""

    def __init__(self, evaluation: ResolvedEvaluation, found: LogRows, sort: str) -> None:
        self._logs = logs = found.rows
        self._labels = {version_id: name(label) for version_id, label in evaluation.evaluator_labels.items()}
        self._inputs = find_alike([log.inputs for log in logs])
        self._messages = _same_messages(logs)
        self._targets = find_alike([log.target for log in logs])
        self._judgments = JudgmentColumns(logs, self._labels, _judging(evaluation), with_authors(evaluation))
        self.has_silent = self._judgments.has_silent
        facts = fact_columns(logs, sort)
        ids = short_ids(log.id for log in logs)
        named: dict[Quoted, list[Quoted]] = {
            "log": [name(ids[log.id]) for log in logs],
            "run": [name(evaluation.run_labels[log.run_id]) for log in logs],
            "datapoint": _datapoints(logs),
        }
        alike = [column for column, cells in named.items() if len(logs) > 1 == len(set(cells))]
        self._columns = {column: cells for column, cells in named.items() if column not in alike}
        self._columns |= facts.columns
        shared: list[Quoted] = [f"{column} {named[column][0]}" for column in alike]
        shared += facts.shared + self._judgments.shared
        self._told_once: Quoted = f"{alike_in(len(logs), found.total)}: {'; '.join(shared)}." if shared else ""

    @property
    def header(self) -> Quoted:
        """What all have alike, the names of the columns, and the texts below each row."""
        texts: list[Quoted] = []
        if any(log.inputs or log.messages for log in self._logs):
            texts.append(self._inputs.heading("input"))
        if any(log.target for log in self._logs):
            texts.append(self._targets.heading("= target"))
        columns = " | ".join([*own_headers(self._columns, self._labels.values(), "measured"), *self._judgments.headers])
        lines: tuple[Quoted, ...] = (self._told_once, columns, f" {'; '.join([*texts, '→ output'])}")
        return "\n".join(filter(None, lines))

    def rows(self) -> list[Row]:
        """The logs. Inputs and targets in earlier rows of a datapoint are shown once."""
        above: dict[str, list[Any]] = {}
        rows = []
        for index, log in enumerate(self._logs):
            given = above.setdefault(log.datapoint_id or log.id, [])
            known = [label for label, value in _given(log) if value in given and self._is_below(label, index)]
            rows.append(self._row(index, log, known))
            given += [value for _, value in _given(log)]
        shared = [*self._inputs.shared("input"), *self._messages_row(), *self._targets.shared("target")]
        return [below_shared(shared, rows[0]), *rows[1:]]

    def _is_below(self, label: str, index: int) -> bool:
        """Whether a row has a part of its own, because not all rows have it alike."""
        alike = self._targets if label == "target" else self._inputs
        differs = bool(alike.rows[index]) if alike.keys is not None else True
        return differs or (label == "input" and len(self._logs[index].messages) > self._messages)

    def _messages_row(self) -> list[Part]:
        if not self._messages:
            return []
        same = self._logs[0].messages[: self._messages]
        return [("messages begin", Row(lambda limit: compact_value(same, limit), size(same, _CAP)))]

    def _row(self, index: int, log: LogRow, known: Sequence[Quoted]) -> Row:
        parts = self._parts(index, log, known)
        needs = [part.need for _, part in parts] + self._judgments.needs(index)
        first = [cells[index] or "-" for cells in self._columns.values()]
        if known:
            column = list(self._columns).index("datapoint" if "datapoint" in self._columns else "log")
            first[column] += f" ({' and '.join(known)} above)"

        def render(limit: int) -> Quoted:
            limits = share(limit, needs)
            judged = [cell or "-" for cell in self._judgments.cells(index, limits[len(parts) :])]
            texts = (f" {mark}{part.render(room)}" for (mark, part), room in zip(parts, limits, strict=False))
            return "\n".join([" | ".join([*first, *judged]), *texts])

        return Row(render, sum(needs))

    def _parts(self, index: int, log: LogRow, known: Sequence[Quoted]) -> list[Part]:
        """The texts of a log, each with its mark."""
        parts: list[Part] = []
        if log.excerpt is not None:
            match = match_words(log.excerpt, self._labels)
            parts.append(("found: ", Row(lambda _: match, 0)))
        if "input" not in known:
            if (row := self._inputs.row(index, log.inputs)) is not None:
                parts.append(("", row))
            if messages := log.messages[self._messages :]:
                parts.append(("", Row(lambda limit: compact_value(messages, limit), size(messages, _CAP))))
        if "target" not in known and (row := self._targets.row(index, log.target)) is not None:
            parts.append(("= ", row))
        return parts + [("→ " if label == "output" else f"{label}: ", part) for label, part in output_parts(log)]


def _datapoints(logs: Sequence[LogRow]) -> list[Quoted]:
    ids = short_ids(log.datapoint_id for log in logs if log.datapoint_id)
    return [name(ids[log.datapoint_id]) if log.datapoint_id else "none" for log in logs]


def _same_messages(logs: Sequence[LogRow]) -> int:
    """The number of messages at the beginning that all logs have alike."""
    if len(logs) < 2:
        return 0
    every = zip(*(log.messages for log in logs), strict=False)
    return sum(1 for _ in takewhile(lambda found: all(message == found[0] for message in found), every))


def _given(log: LogRow) -> list[tuple[Quoted, Any]]:
    given = [part for part in (log.inputs, log.messages) if part]
    return [(label, value) for label, value in (("input", given), ("target", log.target)) if value]


def _left_out(found: LogRows, shown: int, call: Call) -> Quoted:
    if shown == len(found.rows) and not found.more:
        return ""
    return f"More logs: {call.at(*found.after[shown - 1])}"

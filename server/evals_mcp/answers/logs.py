"""Logs as an answer: each with its run, datapoint, facts, inputs, output and judgments, within the budget."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.judgments import judgment_word
from evals_mcp.answers.matches import match_words
from evals_mcp.answers.outputs import Part, output_parts
from evals_mcp.answers.subjects import subject
from evals_mcp.answers.values import compact_value, size
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import LogRow, LogRows
from evals_mcp.truncation import full_length

_CAP = 1_000_000
_LONG_OUTPUT = 1_000  # characters


def summarize_logs(
    evaluation: ResolvedEvaluation,
    found: LogRows,
    budget: int,
    *,
    filtered: str,
    call: Call,
    notes: Sequence[str] = (),
) -> str:
    """The logs found. `filtered` is the filter in words; `call` is the answered call."""
    answer = Answer(budget)
    total = figures.count(found.total) + ("+" if found.counted_to is not None else "")
    answer.head(f"{subject(evaluation)}\n{total} {'log' if total == '1' else 'logs'}{filtered}.")
    for note in (*notes, *evaluation.notes):
        answer.note(note)
    shown_labels = {version_id: name(label) for version_id, label in evaluation.evaluator_labels.items()}
    judging = _judging(evaluation)
    if any(_has_silent(row, judging[row.run_id]) for row in found.rows):
        answer.note("Evaluators without judgments in a run are not listed as missing.")
    one_run = len({row.run_id for row in found.rows}) == 1 and len(found.rows) > 1
    if one_run:
        answer.head(f"Run {name(evaluation.run_labels[found.rows[0].run_id])}:")
    rows = []
    above: dict[str, list[Any]] = {}
    for row in found.rows:
        run_label = None if one_run else evaluation.run_labels[row.run_id]
        given = above.setdefault(row.datapoint_id or row.id, [])
        rows.append(_row(row, run_label, shown_labels, judging[row.run_id], given))
        given += [_input_of(row), row.target]
    answer.rows(
        rows,
        lambda shown: _left_out(found, shown, call),
        on_cut='… marks cut text. Read a log in full: get_log(log="…")',
    )
    return answer.text()


def log_facts(row: LogRow) -> list[str]:
    """The known ones of latency, tokens and cost of a log."""
    facts = []
    if row.latency is not None:
        facts.append(figures.duration(row.latency))
    if row.prompt_tokens is not None or row.output_tokens is not None:
        known = [
            figures.count(tokens) if tokens is not None else "?" for tokens in (row.prompt_tokens, row.output_tokens)
        ]
        reasoning = f", {figures.count(row.reasoning_tokens)} reasoning" if row.reasoning_tokens else ""
        facts.append(f"{known[0]} tokens in, {known[1]} out{reasoning}")
    if row.cost is not None:
        facts.append(figures.cost(row.cost))
    return facts


def _judging(evaluation: ResolvedEvaluation) -> dict[str, set[str]]:
    """The evaluator versions with judgments in a run, by run id."""
    versions = [row.version_id for row in evaluation.evaluators]
    return {
        run.id: {version for version, stats in zip(versions, run.stats, strict=True) if stats.total_logs}
        for run in evaluation.runs
    }


def _has_silent(row: LogRow, judging: Collection[str]) -> bool:
    """Whether a judgment is missing by an evaluator that judged nothing in the log's run."""
    return any(item.state == "missing" and item.evaluator_version_id not in judging for item in row.judgments)


def _input_of(row: LogRow) -> Any:
    return [part for part in (row.inputs, row.messages) if part]


def _row(
    row: LogRow,
    run_label: str | None,
    evaluator_labels: Mapping[str, str],
    judging: Collection[str],
    above: Sequence[Any],
) -> Row:
    """A log as a row. `above` are the inputs and targets in earlier rows of its datapoint, which are shown once."""
    parts = _parts(row, evaluator_labels)
    known = [label for label, value in (("input", _input_of(row)), ("target", row.target)) if value and value in above]
    parts = [part for part in parts if part[0] not in known]
    facts = [name(row.id)]
    if run_label is not None:
        facts.append(f"run {name(run_label)}")
    facts += [
        _datapoint(row, known),
        figures.date(row.created_at),
        *log_facts(row),
    ]
    if (length := full_length(row.output or "")) > _LONG_OUTPUT:
        facts.append(f"output of {figures.count(length, 'character')}")
    first = "; ".join(facts)
    explained = [judgment for judgment in row.judgments if judgment.text]
    needs = [part.need for _, part in parts] + [full_length(judgment.text) for judgment in explained]

    def render(limit: int) -> str:
        shares = share(limit, needs)
        lines = [
            first,
            *(f"  {label}: {part.render(room)}" for (label, part), room in zip(parts, shares, strict=False)),
        ]
        limits = {
            judgment.evaluator_version_id: room for judgment, room in zip(explained, shares[len(parts) :], strict=True)
        }
        lines.append("  judgments: " + _judgments(row, evaluator_labels, limits, judging))
        return "\n".join(lines)

    return Row(render, sum(needs))


def _datapoint(row: LogRow, known: Sequence[str]) -> str:
    if not row.datapoint_id:
        return "no datapoint"
    return name(row.datapoint_id) + (f" ({' and '.join(known)} above)" if known else "")


def _parts(row: LogRow, evaluator_labels: Mapping[str, str]) -> list[Part]:
    """The texts of a log by label."""
    parts: list[Part] = []
    if row.excerpt is not None:
        match = match_words(row.excerpt, evaluator_labels)
        parts.append(("found", Row(lambda _: match, 0)))
    if row.inputs or row.messages:
        need = size(row.inputs, _CAP) + size(row.messages, _CAP)
        parts.append(("input", Row(lambda limit: _input(row, limit), need)))
    if row.target:
        target = row.target
        parts.append(("target", Row(lambda limit: compact_value(target, limit), size(target, _CAP))))
    return parts + output_parts(row)


def _input(row: LogRow, limit: int) -> str:
    """The inputs and messages, as far as present."""
    given = [part for part in (row.inputs, row.messages) if part]
    shares = share(limit, [size(part, _CAP) for part in given])
    return "; ".join(compact_value(part, room) for part, room in zip(given, shares, strict=True))


def _judgments(row: LogRow, labels: Mapping[str, str], limits: Mapping[str, int], judging: Collection[str]) -> str:
    words = []
    for judgment in row.judgments:
        if judgment.state == "missing":
            continue
        word = f"{labels[judgment.evaluator_version_id]} {judgment_word(judgment.state, judgment.judgment)}"
        text, limit = judgment.text, limits.get(judgment.evaluator_version_id, 0)
        words.append(f"{word} ({quote(text, limit)})" if text and limit >= min(len(text), 20) else word)
    missing = [
        labels[item.evaluator_version_id]
        for item in row.judgments
        if item.state == "missing" and item.evaluator_version_id in judging
    ]
    if missing:
        words.append(f"missing: {', '.join(missing)}")
    return ", ".join(words) or "none"


def _left_out(found: LogRows, shown: int, call: Call) -> str:
    if shown == len(found.rows) and not found.more:
        return ""
    return f"More logs: {call.at(*found.after[shown - 1])}"

"""Rows of chosen logs and their judgments. Texts are cut to the needed length."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, select

from evals_mcp.media import mark_media
from evals_mcp.models.judgments import STATES, JudgmentState
from evals_mcp.models.message_parts import other_parts
from evals_mcp.models.rows import Excerpt, JudgmentRow, LogRow
from evals_mcp.models.usage import Usage
from evals_mcp.store.database.tables import datapoints, judgments, logs, run_logs
from evals_mcp.store.evaluations.run_status import Attachment
from evals_mcp.store.logs.rows import output_text
from evals_mcp.store.logs.step_usage import read_step_usage
from evals_mcp.store.questions.keys import RunLogKey
from evals_mcp.store.questions.text_matches import read_matches
from evals_mcp.truncation import cut_texts


def read_log_rows(
    connection: Connection,
    keys: Sequence[RunLogKey],
    attachments: Sequence[Attachment],
    characters: int,
    searched: str | None = None,
) -> list[LogRow]:
    """The rows of logs in runs, each text cut to `characters`."""
    numbers = {"numbers": [key.log_number for key in keys]}
    found = {(row.run_id, row.number): row for row in connection.execute(_LOGS, numbers).all()}
    judged = read_judgment_rows(connection, keys, attachments, characters)
    matches = read_matches(connection, keys, searched) if searched else {}
    used = {row.number: Usage(*_usage(row)) for row in found.values()}
    used |= read_step_usage(connection, [number for number, usage in used.items() if not usage.is_known])
    missing = {item.evaluator_version_id: [_missing(item)] for item in attachments}
    return [
        _log_row(found[key], used[key.log_number], {**missing, **judged.get(key, {})}, characters, matches.get(key))
        for key in keys
    ]


def _missing(attachment: Attachment) -> JudgmentRow:
    return JudgmentRow(evaluator_version_id=attachment.evaluator_version_id, state="missing")


def read_judgment_rows(
    connection: Connection, keys: Iterable[RunLogKey], attachments: Sequence[Attachment], characters: int
) -> dict[RunLogKey, dict[str, list[JudgmentRow]]]:
    """The judgments of logs by attached evaluators, by version id: those of all authors, oldest first."""
    found: dict[RunLogKey, dict[str, list[JudgmentRow]]] = {}
    sole = {item.evaluator_id: item for item in attachments if item.sole}
    exact = {item.evaluator_version_id: item for item in attachments if not item.sole}
    wanted = set(keys)
    # Unpacked: a page has many rows, and access by column name costs more than the query.
    for run_id, log_number, evaluator_id, version_id, latest, state, *texts in connection.execute(
        _JUDGMENTS, {"numbers": [key.log_number for key in wanted]}
    ).all():
        item = (sole.get(evaluator_id) if latest else None) or exact.get(version_id)
        if item is not None and (key := RunLogKey(run_id, log_number)) in wanted:
            row = _judgment_row(item.evaluator_version_id, STATES[state], *texts, characters=characters)
            found.setdefault(key, {}).setdefault(row.evaluator_version_id, []).append(row)
    return found


_JUDGMENTS = (
    select(
        judgments.c.run_id,
        judgments.c.log_number,
        judgments.c.evaluator_id,
        judgments.c.evaluator_version_id,
        judgments.c.latest,
        judgments.c.state,
        judgments.c.author,
        logs.c.judgment,
        logs.c.error,
        logs.c.output,
        logs.c.output_message,
        judgments.c.passed,
        *(logs.c.extra[name].as_float() for name in ("score", "threshold")),
    )
    .join(logs, logs.c.number == judgments.c.evaluator_log_number)
    .where(judgments.c.log_number.in_(bindparam("numbers", expanding=True)))
    .order_by(judgments.c.evaluator_log_number)
)


def _judgment_row(
    version_id: str,
    state: JudgmentState,
    author: str,
    judgment: Any,
    error: str | None,
    output: str | None,
    message: Any,
    passed: bool | None,
    score: float | None,
    threshold: float | None,
    *,
    characters: int,
) -> JudgmentRow:
    explanation = output_text({"output": output, "output_message": message}) if output is None else output
    text = error or explanation or ""
    return JudgmentRow(
        evaluator_version_id=version_id,
        state=state,
        judgment=judgment,
        explanation=None if explanation is None else explanation[:characters],
        error=None if error is None else error[:characters],
        length=len(text) if len(text) > characters else None,
        author=author or None,
        score=score,
        passed=passed,
        threshold=threshold,
    )


_usage = attrgetter(*Usage._fields)
_LOGS = (
    select(
        logs.c.number,
        logs.c.id,
        logs.c.created_at,
        *(logs.c[part] for part in Usage._fields),
        logs.c.error,
        logs.c.inputs,
        logs.c.messages,
        logs.c.output,
        logs.c.output_message,
        run_logs.c.run_id,
        run_logs.c.datapoint_id,
        run_logs.c.latency,
        run_logs.c.cost,
        datapoints.c.content.label("datapoint"),
    )
    .join(run_logs, run_logs.c.log_number == logs.c.number)
    .outerjoin(datapoints, datapoints.c.id == run_logs.c.datapoint_id)
    .where(logs.c.number.in_(bindparam("numbers", expanding=True)))
)


def _log_row(
    row: Any,
    usage: Usage,
    judged: dict[str, list[JudgmentRow]],
    characters: int,
    excerpt: Excerpt | None,
) -> LogRow:
    datapoint, message = row.datapoint or {}, row.output_message or {}
    given = datapoint if not row.inputs and not row.messages else {"inputs": row.inputs, "messages": row.messages}
    texts = {
        "inputs": given.get("inputs") or {},
        "messages": given.get("messages") or [],
        "target": datapoint.get("target"),
        "output": output_text({"output": row.output, "output_message": message}),
        "calls": message.get("tool_calls") or [],
        "parts": other_parts(message.get("content")),
        "error": row.error,
    }
    cut, lengths = cut_texts(mark_media(texts), characters)
    return LogRow(
        id=row.id,
        run_id=row.run_id,
        datapoint_id=row.datapoint_id,
        created_at=row.created_at,
        **cut,
        latency=row.latency,
        prompt_tokens=usage.prompt_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        cost=None if usage.is_output_cost else row.cost,
        output_cost=row.cost if usage.is_output_cost else None,
        judgments=[judgment for of_evaluator in judged.values() for judgment in of_evaluator],
        lengths=lengths,
        excerpt=excerpt,
    )

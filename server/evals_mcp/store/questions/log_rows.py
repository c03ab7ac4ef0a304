"""Rows of logs and of what was said of them, for logs that were chosen already; texts are cut to what is needed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from evals_mcp.models.review import JudgmentRow, JudgmentState, LogRow
from evals_mcp.store.database.tables import judgments, logs, run_logs
from evals_mcp.store.evaluations.run_status import Attachment
from evals_mcp.store.logs.judgments import ABSTAINED, FAILED, JUDGED
from evals_mcp.store.logs.rows import output_text
from evals_mcp.truncation import cut_texts, find_excerpt

_STATE_NAMES: dict[int, JudgmentState] = {JUDGED: "judged", ABSTAINED: "abstained", FAILED: "failed"}


def read_log_rows(
    connection: Connection,
    places: Sequence[Any],
    attachments: Sequence[Attachment],
    characters: int,
    searched: str | None = None,
) -> list[LogRow]:
    """The rows of logs at places (run_id, log_number), each text cut to `characters`."""
    numbers = {"numbers": [place.log_number for place in places]}
    found = {(row.run_id, row.number): row for row in connection.execute(_LOGS, numbers).all()}
    judged = read_judgment_rows(connection, places, attachments, characters)
    return [
        _log_row(
            found[place.run_id, place.log_number],
            judged.get((place.run_id, place.log_number), {}),
            attachments,
            characters,
            searched,
        )
        for place in places
    ]


def read_judgment_rows(
    connection: Connection, places: Sequence[Any], attachments: Sequence[Attachment], characters: int
) -> dict[tuple[str, int], dict[str, JudgmentRow]]:
    """What attached evaluators said of the logs at places, by run id and log number, then by version id."""
    found: dict[tuple[str, int], dict[str, JudgmentRow]] = {}
    sole = {item.evaluator_id: item for item in attachments if item.sole}
    exact = {item.evaluator_version_id: item for item in attachments if not item.sole}
    shown = {(place.run_id, place.log_number) for place in places}
    # Unpacked, because a page has many of them and naming each column costs more than the query.
    for run_id, log_number, evaluator_id, version_id, latest, state, *said in connection.execute(
        _JUDGMENTS, {"numbers": [number for _, number in shown]}
    ).all():
        item = (sole.get(evaluator_id) if latest else None) or exact.get(version_id)
        if item is not None and (run_id, log_number) in shown:
            row = _judgment_row(item.evaluator_version_id, _STATE_NAMES[state], *said, characters=characters)
            found.setdefault((run_id, log_number), {})[row.evaluator_version_id] = row
    return found


_JUDGMENTS = (
    select(
        judgments.c.run_id,
        judgments.c.log_number,
        judgments.c.evaluator_id,
        judgments.c.evaluator_version_id,
        judgments.c.latest,
        judgments.c.state,
        logs.c.judgment,
        logs.c.error,
        logs.c.output,
        logs.c.output_message,
    )
    .join(logs, logs.c.number == judgments.c.evaluator_log_number)
    .where(judgments.c.log_number.in_(bindparam("numbers", expanding=True)))
)


def _judgment_row(
    version_id: str,
    state: JudgmentState,
    judgment: Any,
    error: str | None,
    output: str | None,
    message: Any,
    *,
    characters: int,
) -> JudgmentRow:
    explanation = output_text({"output": output, "output_message": message})
    return JudgmentRow(
        evaluator_version_id=version_id,
        state=state,
        judgment=judgment,
        explanation=None if explanation is None else explanation[:characters],
        error=None if error is None else error[:characters],
    )


_LOGS = (
    select(
        logs.c.number,
        logs.c.id,
        logs.c.created_at,
        logs.c.prompt_tokens,
        logs.c.output_tokens,
        logs.c.error,
        logs.c.inputs,
        logs.c.messages,
        logs.c.output,
        logs.c.output_message,
        run_logs.c.run_id,
        run_logs.c.datapoint_id,
        run_logs.c.latency,
        run_logs.c.cost,
    )
    .join(run_logs, run_logs.c.log_number == logs.c.number)
    .where(logs.c.number.in_(bindparam("numbers", expanding=True)))
)


def _log_row(
    row: Any,
    judged: dict[str, JudgmentRow],
    attachments: Sequence[Attachment],
    characters: int,
    searched: str | None,
) -> LogRow:
    texts = {
        "inputs": row.inputs,
        "messages": row.messages or [],
        "output": output_text({"output": row.output, "output_message": row.output_message}),
        "error": row.error,
    }
    texts_in_order = [texts[part] for part in ("output", "inputs", "messages", "error")]
    cut, lengths = cut_texts(texts, characters)
    return LogRow(
        id=row.id,
        run_id=row.run_id,
        datapoint_id=row.datapoint_id,
        created_at=row.created_at,
        **cut,
        latency=row.latency,
        prompt_tokens=row.prompt_tokens,
        output_tokens=row.output_tokens,
        cost=row.cost,
        judgments=[
            judged.get(item.evaluator_version_id)
            or JudgmentRow(evaluator_version_id=item.evaluator_version_id, state="missing")
            for item in attachments
        ],
        lengths=lengths,
        excerpt=find_excerpt([*texts_in_order, row.output_message], searched) if searched else None,
    )

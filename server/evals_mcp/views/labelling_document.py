"""The document of a log to label: its texts, how people may label it, and how far the review is."""

from typing import Any

from evals_mcp.answers.review_items import NONE_LEFT, reason_words
from evals_mcp.answers.review_progress import progress_lines
from evals_mcp.models.model import JsonObject
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.review_queue import ReviewAnswer, ReviewItem, ReviewRequest
from evals_mcp.models.rows import JudgmentRow, LogRow
from evals_mcp.views.figures import about
from evals_mcp.views.texts import chat, fields, labelled, output


def labelling_document(
    evaluation: ResolvedEvaluation, found: ReviewAnswer, request: ReviewRequest, *, filtered: str
) -> JsonObject:
    """The document of the log that a reviewer gets. `log` is null if none is left; then `none_left` says so.

    `people` are the ids of the evaluators by which people label. `sides` has the baseline's output first if the point
    is a comparison. A blind request gets neither judgments nor the reason.
    """
    item, progress, previous = found.item, found.progress, found.previous
    return {
        **about("labelling", evaluation),
        "reviewer": request.reviewer,
        "blind": request.blind,
        "people": [row.version_id for row in evaluation.evaluators if row.evaluator_type == "human"],
        "log": None if item is None else _log(evaluation, item, is_blind=request.blind),
        "none_left": NONE_LEFT[request.order] if item is None else "",
        "progress": {
            "labelled": progress.labelled,
            "logs": progress.logs,
            "words": progress_lines(evaluation, progress, filtered),
        },
        "previous": previous and {"log": previous.log_id, "judgments": _judgments(evaluation, previous.judgments)},
    }


def _log(evaluation: ResolvedEvaluation, item: ReviewItem, *, is_blind: bool) -> JsonObject:
    log, sides = item.log, [side for side in (item.baseline, item.log) if side is not None]
    return {
        "id": log.id,
        "run": evaluation.run_labels.get(log.run_id, log.run_id),
        "datapoint": log.datapoint_id,
        "leased_until": item.leased_until.isoformat(),
        "why": "" if is_blind else reason_words(evaluation, item),
        "input": [*fields(log.inputs), *chat(log.messages)],
        "target": fields(log.target),
        "sides": [_side(evaluation, side, "baseline" if side is item.baseline else "this log") for side in sides],
    }


def _side(evaluation: ResolvedEvaluation, log: LogRow, label: str) -> JsonObject:
    return {
        "id": log.id,
        "label": label,
        "run": evaluation.run_labels.get(log.run_id, log.run_id),
        "output": output(log),
        "judgments": _judgments(evaluation, log.judgments),
    }


def _judgments(evaluation: ResolvedEvaluation, rows: list[JudgmentRow]) -> list[Any]:
    return [
        {
            "evaluator": evaluation.evaluator_labels.get(row.evaluator_version_id, row.evaluator_version_id),
            "state": row.state,
            "judgment": row.judgment,
            "author": row.author,
            "explanation": labelled("error" if row.error else "explanation", row.text) if row.text else None,
        }
        for row in rows
        if row.state != "missing"
    ]

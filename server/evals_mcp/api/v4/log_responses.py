"""Logs and judgments in v4 form. No store."""

from typing import Any

from evals_mcp.api.v4.config_responses import config_response
from evals_mcp.models.logs import LogFields, log_kind
from evals_mcp.models.v4.logs import V4EvaluationResultResponse, V4LogResponse
from evals_mcp.store.v4.run_datapoints import RunJudgment, RunLog

_FIELDS = set(V4LogResponse.model_fields)
_LABELS = ("session_id", "session_reference_id", "parent_reference_id", "reference_id", "feedback", "judgment")


def log_response(item: RunLog, results: list[V4EvaluationResultResponse]) -> V4LogResponse:
    """A log with its results. It was last changed when it was created or when its newest result came."""
    log = item.log
    version = getattr(log, str(log_kind(log)))
    changes = [result.created_at for result in results]
    document = log.model_dump(include=_FIELDS, exclude_none=True)
    document |= {name: item.labels[name] for name in _LABELS if item.labels.get(name) is not None}
    document |= {
        "project": version.path,
        "project_id": version.id,
        "config_id": version.version_id,
        "config": config_response(version),
        "parent_id": log.trace_parent_id,
        "duration": _duration(log),
        "tokens": _tokens(document),
        "observability_status": "running" if log.log_status == "incomplete" else "completed",
        "updated_at": max([document["created_at"], *changes]),
        "evaluation_results": results,
    }
    return V4LogResponse.model_validate(document)


def result_response(judgment: RunJudgment, evaluation_id: str | None = None) -> V4EvaluationResultResponse:
    """A judgment as a v4 result."""
    return V4EvaluationResultResponse(
        id=judgment.id,
        evaluator_id=judgment.evaluator_id,
        evaluator_version_id=judgment.evaluator_version_id,
        log_id=judgment.log_id,
        evaluation_id=evaluation_id,
        value=judgment.judgment,
        error=judgment.error,
        created_at=judgment.created_at,
        updated_at=judgment.created_at,
    )


def _duration(log: LogFields) -> float | None:
    """Seconds: the latency if known, else the time from start to end."""
    if log.provider_latency is not None or log.start_time is None or log.end_time is None:
        return log.provider_latency
    return (log.end_time - log.start_time).total_seconds()


def _tokens(document: dict[str, Any]) -> int | None:
    known = [document[name] for name in ("prompt_tokens", "output_tokens") if name in document]
    return sum(known) if known else None

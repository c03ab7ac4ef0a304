"""Evaluations and their logs."""

from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.models.datapoints import DatapointResponse
from evals_mcp.models.evaluators import EvaluatorResponse
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.model import Added, Model, UtcDatetime
from evals_mcp.models.references import EvaluatorReference, FileReference


class CreateEvaluationRequest(Model):
    """An evaluation to create. Its name must be unique within the file, or null.

    `dataset` and `evaluatees` are of an older form, which is refused.
    """

    evaluators: list[EvaluatorReference]
    file: FileReference | None = None
    name: str | None = None
    dataset: Any = None
    evaluatees: Any = None

    def require_present_form(self) -> None:
        """Raise Invalid (400) for the older form, which would also create the runs."""
        if self.dataset is not None or self.evaluatees is not None:
            raise Invalid(
                "This is an older form of the request. Omit `dataset` and `evaluatees`, then create a run for each "
                "evaluatee: POST /evaluations/{id}/runs with `dataset` and `version`."
            )


class AddEvaluatorsRequest(Model):
    """Evaluators to attach to an evaluation."""

    evaluators: list[EvaluatorReference]


class EvaluationEvaluatorResponse(Model):
    """An evaluator's version attached to an evaluation. `for_review` if labels brought it: no run waits for it."""

    version: EvaluatorResponse
    orchestrated: bool
    for_review: Added[bool] = None
    added_at: UtcDatetime


class EvaluationResponse(Model):
    """An evaluation: runs of versions, judged by the attached evaluators."""

    id: str
    runs_count: int
    evaluators: list[EvaluationEvaluatorResponse]
    created_at: UtcDatetime
    updated_at: UtcDatetime
    name: str | None = None
    file_id: str | None = None
    created_by: Any = None
    url: str | None = None


class EvaluationLogResponse(Model):
    """A log of a run, the attached evaluators' logs of it, and its datapoint, if any."""

    run_id: str
    log: LogResponse
    evaluator_logs: list[LogResponse]
    datapoint: DatapointResponse | None = None

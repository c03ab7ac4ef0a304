"""Routes of v4 evaluations. A v4 evaluation is one of our evaluations with one of its runs, the evaluatee."""

from typing import Annotated

from fastapi import Query

from evals_mcp.api.access import CurrentPerson, CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.parameters import Size
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.api.v4.evaluation_responses import datapoints_response, evaluation_response, evaluations_response
from evals_mcp.api.v4.log_requests import evaluation_log_fields, judgment_fields
from evals_mcp.api.v4.log_responses import result_response
from evals_mcp.api.v4.queries import EndDate, Evaluatee, Page, StartDate
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.v4.evaluations import (
    V4AddEvaluatorsRequest,
    V4EvaluationDatapointSnapshotResponse,
    V4EvaluationResponse,
    V4UpdateEvaluationStatusRequest,
)
from evals_mcp.models.v4.logs import (
    V4CreateEvaluationLogRequest,
    V4CreateEvaluationResultLogRequest,
    V4CreateLogResponse,
    V4EvaluationResultResponse,
)

router = PrefixedRouter(prefix="/evaluations", tags=["v4 evaluations"])


@router.get("", response_model_exclude_none=True)
def list_v4_evaluations(
    store: CurrentStore,
    project_id: Annotated[str, Query(description="The evaluated file, by id or path.")],
    id: Annotated[list[str] | None, Query(description="Only these evaluations.")] = None,
    start_date: StartDate = None,
    end_date: EndDate = None,
    size: Size = 50,
    page: Page = 0,
    evaluatee_id: Evaluatee = None,
) -> PaginatedData[V4EvaluationResponse]:
    """List the evaluations of a file, newest first."""
    found = store.evaluated_runs.page(
        project_id, evaluatee_id, page, size, ids=id or (), start=start_date, end=end_date
    )
    return evaluations_response(found, page, size)


@router.get("/{id}", response_model_exclude_none=True)
def get_v4_evaluation(
    store: CurrentStore, id: str, evaluator_aggregates: bool = False, evaluatee_id: Evaluatee = None
) -> V4EvaluationResponse:
    """Get an evaluation, optionally with the mean of each evaluator's judgments."""
    return evaluation_response(store.evaluated_runs.get(id, evaluatee_id, means=evaluator_aggregates))


@router.get("/{id}/datapoints", response_model_exclude_none=True)
def list_v4_datapoints(
    store: CurrentStore, id: str, page: Page = 1, size: Size = 10, evaluatee_id: Evaluatee = None
) -> PaginatedData[V4EvaluationDatapointSnapshotResponse]:
    """List the datapoints of an evaluation, each with its newest log and the results for that log."""
    return datapoints_response(store.run_datapoints.page(id, evaluatee_id, page, size), page, size)


@router.post("/{evaluation_id}/log", status_code=201, response_model_exclude_none=True)
def log_to_v4_evaluation(
    store: CurrentStore,
    runner: CurrentRunner,
    evaluation_id: str,
    request: V4CreateEvaluationLogRequest,
    evaluatee_id: Evaluatee = None,
) -> V4CreateLogResponse:
    """Log a generation for a datapoint; the evaluation must be running."""
    fields = evaluation_log_fields(request)
    created = store.run_datapoints.log(evaluation_id, evaluatee_id, request.datapoint_id, fields, request.log.config_id)
    runner.wake(store, created.run_ids)
    return V4CreateLogResponse(id=created.id, project_id=created.file_id, session_id=fields.get("session_id"))


@router.post("/{evaluation_id}/result", status_code=201, response_model_exclude_none=True)
def log_v4_result(
    store: CurrentStore,
    person: CurrentPerson,
    evaluation_id: str,
    request: V4CreateEvaluationResultLogRequest,
    evaluatee_id: Evaluatee = None,
) -> V4EvaluationResultResponse:
    """Log an evaluator's result, or its error, for a log; the evaluation must be running."""
    judgment = store.run_datapoints.judge(
        evaluation_id, evaluatee_id, request.log_id, request.evaluator_id, judgment_fields(request), person
    )
    return result_response(judgment, evaluation_id)


@router.patch("/{id}/status", response_model_exclude_none=True)
def update_v4_evaluation_status(
    store: CurrentStore,
    runner: CurrentRunner,
    id: str,
    request: V4UpdateEvaluationStatusRequest,
    evaluatee_id: Evaluatee = None,
) -> V4EvaluationResponse:
    """Start, complete, reopen or cancel an evaluation, with any evaluators.

    We added `evaluatee_id`. Without it, only the oldest run of an evaluation could be reopened.
    """
    evaluation = store.evaluated_runs.update_status(id, evaluatee_id, request.status)
    runner.wake(store, store.runs.ids(id))
    return evaluation_response(evaluation)


@router.patch("/{id}/evaluators", response_model_exclude_none=True)
def add_v4_evaluators(
    store: CurrentStore, runner: CurrentRunner, id: str, request: V4AddEvaluatorsRequest
) -> V4EvaluationResponse:
    """Attach evaluators. Evaluators that are already attached stay unchanged."""
    evaluators, version_ids = request.evaluator_ids or [], request.evaluator_version_ids or []
    evaluation = store.evaluated_runs.add_evaluators(id, evaluators, version_ids)
    runner.wake(store, store.runs.ids(id))
    return evaluation_response(evaluation)

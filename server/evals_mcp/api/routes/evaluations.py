"""Routes of evaluations: create, list, get, delete, evaluators, statistics and logs."""

from typing import Annotated

from fastapi import Query, Response
from starlette.concurrency import run_in_threadpool

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.api.routes.page_addresses import PageRoot, read_stats, with_page, with_page_in_report
from evals_mcp.api.routes.parameters import Page, Size
from evals_mcp.api.routes.wait_for_judgments import Patience, wait_for_judgments
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.models.evaluations import (
    AddEvaluatorsRequest,
    CreateEvaluationRequest,
    EvaluationLogResponse,
    EvaluationResponse,
)
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.stats import EvaluationStats

router = PrefixedRouter(prefix="/evaluations", tags=["evaluations"])


@router.get("")
def list_evaluations(
    store: CurrentStore, root: PageRoot, file_id: str, page: Page = 1, size: Size = 10
) -> PaginatedData[EvaluationResponse]:
    """List the evaluations of a file, newest first."""
    found = store.evaluations.page(file_id, page, size)
    found.records = [with_page(evaluation, root) for evaluation in found.records]
    return found


@router.post("", status_code=201)
def create_evaluation(
    store: CurrentStore, act: CurrentAct, root: PageRoot, request: CreateEvaluationRequest
) -> EvaluationResponse:
    """Create an evaluation."""
    request.require_present_form()
    file = None if request.file is None else request.file.target()
    return with_page(store.evaluations.create(request.name, file, request.evaluators, act), root)


@router.get("/{id}")
def get_evaluation(store: CurrentStore, root: PageRoot, id: str) -> EvaluationResponse:
    """Get an evaluation."""
    return with_page(store.evaluations.get(id), root)


@router.delete("/{id}", status_code=204, response_class=Response)
def delete_evaluation(store: CurrentStore, id: str) -> None:
    """Delete an evaluation. Its runs and evaluators stay."""
    store.evaluations.delete(id)


@router.post("/{id}/evaluators")
def add_evaluators(
    store: CurrentStore,
    runner: CurrentRunner,
    root: PageRoot,
    act: CurrentAct,
    id: str,
    request: AddEvaluatorsRequest,
) -> EvaluationResponse:
    """Attach evaluators to an evaluation."""
    evaluation = store.evaluations.add_evaluators(id, request.evaluators, act)
    runner.wake(store, store.runs.ids(id))
    return with_page(evaluation, root)


@router.delete("/{id}/evaluators/{evaluator_version_id}")
def remove_evaluator(store: CurrentStore, root: PageRoot, id: str, evaluator_version_id: str) -> EvaluationResponse:
    """Detach an evaluator from an evaluation."""
    return with_page(store.evaluations.remove_evaluator(id, evaluator_version_id), root)


@router.get("/{id}/stats")
async def get_evaluation_stats(store: CurrentStore, patience: Patience, root: PageRoot, id: str) -> EvaluationStats:
    """Get the statistics of an evaluation, newest run first. Waits briefly for judgments that are still coming in."""
    if patience:
        await wait_for_judgments(store, id, patience)
    return with_page_in_report(await run_in_threadpool(read_stats, store, id), id, root)


@router.get("/{id}/logs")
def get_evaluation_logs(
    store: CurrentStore,
    id: str,
    page: Page = 1,
    size: Size = 10,
    run_id: Annotated[list[str] | None, Query()] = None,
    include_trace_children: Annotated[bool, Query(description="Extension: return the trace below each log.")] = False,
) -> PaginatedData[EvaluationLogResponse]:
    """Get the logs of an evaluation, of all its runs or of the given ones."""
    return store.runs.logs(id, run_id or (), page, size, traces=include_trace_children)

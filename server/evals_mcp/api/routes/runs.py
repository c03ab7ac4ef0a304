"""Routes of an evaluation's runs."""

from fastapi import Response

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.models.outputs import OutputsRequest, OutputsResponse
from evals_mcp.models.runs import (
    AddLogsRequest,
    CreateRunRequest,
    EvaluationRunResponse,
    EvaluationRunsResponse,
    UpdateRunRequest,
)

router = PrefixedRouter(prefix="/evaluations/{id}/runs", tags=["runs"])


@router.get("")
def list_runs_for_evaluation(store: CurrentStore, id: str) -> EvaluationRunsResponse:
    """List all runs of an evaluation, newest first."""
    return EvaluationRunsResponse(runs=store.runs.all(id))


@router.post("", status_code=201)
def create_run(
    store: CurrentStore, runner: CurrentRunner, act: CurrentAct, id: str, request: CreateRunRequest
) -> EvaluationRunResponse:
    """Create a run of a version over a dataset. The response shows the run before any logs are generated."""
    run = store.runs.create(
        id,
        None if request.dataset is None else request.dataset.target(),
        None if request.version is None else request.version.target(),
        orchestrated=request.orchestrated,
        use_existing_logs=request.use_existing_logs,
        reported_figures=request.reported_figures,
        act=act,
    )
    runner.wake(store, [run.id])
    return run


@router.post("/{run_id}")
def add_existing_run(store: CurrentStore, runner: CurrentRunner, id: str, run_id: str) -> None:
    """Add a run of another evaluation to this evaluation."""
    store.runs.add_existing(id, run_id)
    runner.wake(store, [run_id])


@router.delete("/{run_id}", status_code=204, response_class=Response)
def remove_run(store: CurrentStore, id: str, run_id: str) -> None:
    """Remove a run from an evaluation. Its logs stay."""
    store.runs.remove(id, run_id)


@router.patch("/{run_id}")
def update_evaluation_run(
    store: CurrentStore, act: CurrentAct, id: str, run_id: str, request: UpdateRunRequest
) -> EvaluationRunResponse:
    """Make a run the control, complete it or cancel it, or replace its reported figures."""
    return store.runs.update(
        id, run_id, control=request.control, status=request.status, reported_figures=request.reported_figures, act=act
    )


@router.post("/{run_id}/logs")
def add_logs_to_run(
    store: CurrentStore, runner: CurrentRunner, act: CurrentAct, id: str, run_id: str, request: AddLogsRequest
) -> EvaluationRunResponse:
    """Add existing logs to a run: all of them, or none."""
    run = store.runs.add_logs(
        id, run_id, request.log_ids, only_matching=request.only_matching, dry_run=request.dry_run, act=act
    )
    if not request.dry_run:
        runner.wake(store, [run_id])
    return run


@router.post("/{run_id}/outputs", tags=["outputs (extension)"])
def log_outputs(
    store: CurrentStore, runner: CurrentRunner, act: CurrentAct, id: str, run_id: str, request: OutputsRequest
) -> OutputsResponse:
    """Log outputs for datapoints of a run: all of them, or none. A completed run is opened again."""
    outputs = [(output.datapoint_id, output.log_fields()) for output in request.outputs]
    logged = store.run_datapoints.log_outputs(id, run_id, outputs, dry_run=request.dry_run, act=act)
    if not request.dry_run:
        runner.wake(store, [run_id])
    return OutputsResponse(log_ids=logged.ids, opened=logged.opened)

"""Evaluations and their datapoints in v4 form. No store."""

from evals_mcp.api.v4.config_responses import config_response, dataset_response, evaluator_response
from evals_mcp.api.v4.log_responses import log_response, result_response
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.v4.evaluations import (
    V4DatapointResponse,
    V4EvaluationDatapointSnapshotResponse,
    V4EvaluationResponse,
    V4ModelConfigEvaluatorAggregateResponse,
)
from evals_mcp.store.v4.evaluated_runs import EvaluatedRun, EvaluatedRunPage
from evals_mcp.store.v4.run_datapoints import RunDatapoint, RunDatapointPage


def evaluation_response(item: EvaluatedRun) -> V4EvaluationResponse:
    """An evaluation with its run. Its project is the evaluated file."""
    return V4EvaluationResponse(
        id=item.evaluation_id,
        status=item.status,
        config=config_response(item.version),
        created_at=item.created_at,
        updated_at=item.updated_at,
        evaluators=[evaluator_response(version) for version in item.evaluators],
        dataset=dataset_response(item.dataset, item.version.id),
        dataset_version_id=item.dataset.version_id,
        evaluator_aggregates=None if item.means is None else _aggregates(item, item.means),
    )


def evaluations_response(found: EvaluatedRunPage, page: int, size: int) -> PaginatedData[V4EvaluationResponse]:
    """A page of evaluations, with the requested page and size."""
    records = [evaluation_response(item) for item in found.records]
    return PaginatedData[V4EvaluationResponse](records=records, page=page, size=size, total=found.total)


def datapoints_response(
    found: RunDatapointPage, page: int, size: int
) -> PaginatedData[V4EvaluationDatapointSnapshotResponse]:
    """A page of datapoints, with the requested page and size."""
    return PaginatedData[V4EvaluationDatapointSnapshotResponse](
        records=[_snapshot(item, found) for item in found.records], page=page, size=size, total=found.total
    )


def _snapshot(item: RunDatapoint, found: RunDatapointPage) -> V4EvaluationDatapointSnapshotResponse:
    judgments = [] if item.log is None else item.log.judgments
    results = [result_response(judgment, found.evaluation_id) for judgment in judgments]
    datapoint = item.datapoint.model_dump(exclude_none=True) | {"dataset_id": found.dataset_id}
    return V4EvaluationDatapointSnapshotResponse(
        datapoint=V4DatapointResponse.model_validate(datapoint),
        evaluation_results=results,
        log=None if item.log is None else log_response(item.log, results),
    )


def _aggregates(item: EvaluatedRun, means: dict[str, float | None]) -> list[V4ModelConfigEvaluatorAggregateResponse]:
    return [
        V4ModelConfigEvaluatorAggregateResponse(
            model_config_id=item.version.version_id,
            evaluator_id=evaluator.id,
            evaluator_version_id=evaluator.version_id,
            aggregate_value=means[evaluator.version_id],
        )
        for evaluator in item.evaluators
    ]

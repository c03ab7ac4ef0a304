"""v4 evaluations: an evaluation with one of its runs."""

from pydantic import Field

from evals_mcp.models.enums import (
    EvaluationStatus,
    OpenArgumentsType,
    OpenEvaluationStatus,
    OpenReturnType,
)
from evals_mcp.models.model import Defaulted, JsonObject, Model, UtcDatetime
from evals_mcp.models.v4.configs import V4ChatMessage, V4ConfigResponse, V4ModelConfigResponse
from evals_mcp.models.v4.logs import V4EvaluationResultResponse, V4LogResponse


class V4ProviderApiKeys(Model):
    """Keys of model providers. The server neither stores nor shows them."""

    openai: str | None = None
    ai21: str | None = None
    mock: str | None = None
    anthropic: str | None = None
    bedrock: str | None = None
    cohere: str | None = None
    openai_azure: str | None = None
    openai_azure_endpoint: str | None = None


class V4CreateEvaluationRequest(Model):
    """An evaluation of one config over a dataset. With `hl_generated` false, the caller posts the logs."""

    config_id: str
    evaluator_ids: list[str]
    dataset_id: str
    provider_api_keys: V4ProviderApiKeys | None = None
    hl_generated: Defaulted[bool] = True
    name: str | None = None


class V4UpdateEvaluationStatusRequest(Model):
    """The new status of an evaluation."""

    status: EvaluationStatus


class V4AddEvaluatorsRequest(Model):
    """Evaluators to attach, by file or by version."""

    evaluator_ids: list[str] | None = None
    evaluator_version_ids: list[str] | None = None


class V4DatasetResponse(Model):
    """A dataset."""

    id: str
    project_id: str
    name: str
    datapoint_count: int
    created_at: UtcDatetime
    updated_at: UtcDatetime
    description: str | None = None


class V4EvaluatorResponse(Model):
    """An evaluator."""

    id: str
    name: str
    description: str
    arguments_type: OpenArgumentsType
    return_type: OpenReturnType
    type: str
    created_at: UtcDatetime
    updated_at: UtcDatetime
    code: str | None = None
    llm_config: V4ModelConfigResponse | None = Field(default=None, alias="model_config")
    logging_project: JsonObject | None = None


class V4ModelConfigEvaluatorAggregateResponse(Model):
    """The mean of an evaluator's judgments of one config's logs; null without judgments."""

    model_config_id: str
    evaluator_id: str
    evaluator_version_id: str
    aggregate_value: float | None = None


class V4EvaluationResponse(Model):
    """One config's pass over a dataset, judged by evaluators."""

    id: str
    status: OpenEvaluationStatus
    config: V4ConfigResponse
    created_at: UtcDatetime
    updated_at: UtcDatetime
    evaluators: list[V4EvaluatorResponse]
    dataset: V4DatasetResponse
    dataset_version_id: str
    dataset_snapshot: V4DatasetResponse | None = None
    evaluator_aggregates: list[V4ModelConfigEvaluatorAggregateResponse] | None = None


class V4DatapointResponse(Model):
    """A datapoint. `inputs` can contain any JSON value."""

    id: str
    dataset_id: str | None = None
    inputs: JsonObject | None = None
    messages: list[V4ChatMessage] | None = None
    target: JsonObject | None = None


class V4EvaluationDatapointSnapshotResponse(Model):
    """A datapoint with its log, if any, and the evaluator results for it."""

    datapoint: V4DatapointResponse
    evaluation_results: list[V4EvaluationResultResponse]
    log: V4LogResponse | None = None

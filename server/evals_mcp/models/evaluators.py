"""Evaluators: their specifications, versions and the monitoring entries of other files; no judgments."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from evals_mcp.models.enums import (
    ArgumentsType,
    OpenArgumentsType,
    OpenMonitoringState,
    OpenReturnType,
    ReturnType,
    Valence,
)
from evals_mcp.models.environments import EnvironmentResponse
from evals_mcp.models.kernels import PromptKernelRequest
from evals_mcp.models.model import Defaulted, JsonObject, Model, UtcDatetime
from evals_mcp.models.versions import EvaluatorAggregate, FileVersionResponse, InputResponse, UpsertRequest


class EvaluatorJudgmentOptionResponse(Model):
    """One of the options that an evaluator chooses from."""

    name: str
    valence: Valence | None = None


class EvaluatorJudgmentNumberLimit(Model):
    """The range of an evaluator's numbers, both ends included, and their step."""

    min: float | None = None
    max: float | None = None
    step: float | None = None


class EvaluatorSpecFields(Model):
    """What all kinds of evaluator have: what they take, what they answer with, and which answers are good."""

    arguments_type: ArgumentsType
    return_type: ReturnType
    attributes: JsonObject | None = None
    options: list[EvaluatorJudgmentOptionResponse] | None = None
    number_limits: EvaluatorJudgmentNumberLimit | None = None
    number_valence: Valence | None = None

    def kernel(self) -> JsonObject:
        """The content that identifies the version: every key that is neither null nor absent."""
        return self.model_dump(mode="json", exclude_none=True)


class LlmEvaluatorRequest(EvaluatorSpecFields):
    """An evaluator that asks a model."""

    evaluator_type: Defaulted[Literal["llm"]] = "llm"
    prompt: PromptKernelRequest | None = None


class CodeEvaluatorRequest(EvaluatorSpecFields):
    """An evaluator that is Python code; the last function defined is called."""

    evaluator_type: Defaulted[Literal["python"]] = "python"
    code: str


class HumanEvaluatorRequest(EvaluatorSpecFields):
    """An evaluator that is a person, who follows the instructions."""

    evaluator_type: Defaulted[Literal["human"]] = "human"
    instructions: str | None = None


class ExternalEvaluatorRequest(EvaluatorSpecFields):
    """An evaluator that runs at the caller's; `attributes` tell its versions apart."""

    evaluator_type: Defaulted[Literal["external"]] = "external"


def evaluator_kind(spec: Any) -> str | None:
    """The kind of a specification: its `evaluator_type`, else what its only telling key says, else None."""
    if not isinstance(spec, dict):
        kind: str | None = getattr(spec, "evaluator_type", None)
        return kind
    if spec.get("evaluator_type") is not None:
        return str(spec["evaluator_type"])
    telling = {"prompt": "llm", "code": "python", "instructions": "human"}
    kinds = [kind for key, kind in telling.items() if spec.get(key) is not None]
    return kinds[0] if len(kinds) == 1 else None


EvaluatorSpec = Annotated[
    Annotated[LlmEvaluatorRequest, Tag("llm")]
    | Annotated[CodeEvaluatorRequest, Tag("python")]
    | Annotated[HumanEvaluatorRequest, Tag("human")]
    | Annotated[ExternalEvaluatorRequest, Tag("external")],
    Discriminator(
        evaluator_kind,
        custom_error_type="evaluator_type",
        custom_error_message="`evaluator_type` must be one of llm, python, human and external",
    ),
]
"""The specification of an evaluator; without `evaluator_type`, prompt, code or instructions tell its kind."""


class OtherEvaluator(Model):
    """The specification of an evaluator of a kind, or with words, that this package does not know yet."""

    arguments_type: OpenArgumentsType
    return_type: OpenReturnType
    attributes: JsonObject | None = None
    options: list[JsonObject] | None = None
    number_limits: JsonObject | None = None
    number_valence: str | None = None
    evaluator_type: str | None = None


class EvaluatorRequest(UpsertRequest):
    """An evaluator to create, or to give a version."""

    spec: EvaluatorSpec

    def kernel(self) -> JsonObject:
        """The content that identifies the version: the specification alone."""
        return self.spec.kernel()


class VersionDeploymentResponse(Model):
    """The version of a file that is deployed to an environment, whichever that is."""

    type: Literal["environment"] = "environment"
    file: JsonObject
    environment: EnvironmentResponse


class VersionIdResponse(Model):
    """One fixed version of a file."""

    type: Literal["version"] = "version"
    version: JsonObject


class MonitoringEvaluatorResponse(Model):
    """An evaluator that judges every new log of a file."""

    version_reference: VersionDeploymentResponse | VersionIdResponse
    version: "EvaluatorResponse | None" = None
    state: OpenMonitoringState
    created_at: UtcDatetime
    updated_at: UtcDatetime


class EvaluatorResponse(FileVersionResponse):
    """A version of an evaluator."""

    type: Literal["evaluator"] = "evaluator"
    spec: Annotated[EvaluatorSpec | OtherEvaluator, Field(union_mode="left_to_right")]
    version_logs_count: int
    total_logs_count: int
    inputs: list[InputResponse]
    attributes: JsonObject | None = None
    evaluators: Defaulted[list[MonitoringEvaluatorResponse]] = Field(default_factory=list)
    evaluator_aggregates: Defaulted[list[EvaluatorAggregate]] = Field(default_factory=list)


class ListEvaluators(Model):
    """All versions of an evaluator."""

    records: list[EvaluatorResponse]

"""Evaluators: specifications, versions and monitoring entries. `logs` has their judgments."""

from collections.abc import Iterable, Mapping
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
    """One of an evaluator's options."""

    name: str
    valence: Valence | None = None


class EvaluatorJudgmentNumberLimit(Model):
    """The range of an evaluator's numbers, both ends included, and the step."""

    min: float | None = None
    max: float | None = None
    step: float | None = None


class EvaluatorSpecFields(Model):
    """Common to all evaluators: their arguments, return type, and which judgments are good."""

    arguments_type: ArgumentsType
    return_type: ReturnType
    attributes: JsonObject | None = None
    options: list[EvaluatorJudgmentOptionResponse] | None = None
    number_limits: EvaluatorJudgmentNumberLimit | None = None
    number_valence: Valence | None = None

    def kernel(self) -> JsonObject:
        """The content that identifies the version, without null and absent keys."""
        return self.model_dump(mode="json", exclude_none=True)


class LlmEvaluatorRequest(EvaluatorSpecFields):
    """An LLM evaluator."""

    evaluator_type: Defaulted[Literal["llm"]] = "llm"
    prompt: PromptKernelRequest | None = None


class CodeEvaluatorRequest(EvaluatorSpecFields):
    """A Python evaluator. It calls the last function defined in the code."""

    evaluator_type: Defaulted[Literal["python"]] = "python"
    code: str


class HumanEvaluatorRequest(EvaluatorSpecFields):
    """A human evaluator, who follows the instructions."""

    evaluator_type: Defaulted[Literal["human"]] = "human"
    instructions: str | None = None


class ExternalEvaluatorRequest(EvaluatorSpecFields):
    """An external evaluator, which the caller runs. `attributes` tell its versions apart."""

    evaluator_type: Defaulted[Literal["external"]] = "external"


def evaluator_kind(spec: Any) -> str | None:
    """The kind of a specification: its `evaluator_type`, else the kind of its distinctive key, else None."""
    if not isinstance(spec, dict):
        kind: str | None = getattr(spec, "evaluator_type", None)
        return kind
    if spec.get("evaluator_type") is not None:
        return str(spec["evaluator_type"])
    telling = {"prompt": "llm", "code": "python", "instructions": "human"}
    kinds = [kind for key, kind in telling.items() if spec.get(key) is not None]
    return kinds[0] if len(kinds) == 1 else None


EXAMPLES = "examples"
"""The key of ids of logs or datapoints that a judge's prompt shows: in a specification's attributes, or beside it."""


def example_ids(spec: Mapping[str, Any], marked: Iterable[str] = ()) -> list[str]:
    """The examples that a specification names, and those marked beside it, sorted."""
    named = (spec.get("attributes") or {}).get(EXAMPLES)
    return sorted({id for id in (*(named if isinstance(named, list) else ()), *marked) if isinstance(id, str)})


class JudgeExamples(Model):
    """Ids of logs or datapoints that the prompt of a judge's version shows as examples."""

    ids: list[str] = Field(max_length=1_000)


EvaluatorSpec = Annotated[
    Annotated[LlmEvaluatorRequest, Tag("llm")]
    | Annotated[CodeEvaluatorRequest, Tag("python")]
    | Annotated[HumanEvaluatorRequest, Tag("human")]
    | Annotated[ExternalEvaluatorRequest, Tag("external")],
    Discriminator(
        evaluator_kind,
        custom_error_type="evaluator_type",
        custom_error_message="`evaluator_type` must be llm, python, human or external",
    ),
]
"""The specification of an evaluator. Without `evaluator_type`, prompt, code or instructions give its kind."""


class OtherEvaluator(Model):
    """The specification of an evaluator with an unknown kind or unknown values."""

    arguments_type: OpenArgumentsType
    return_type: OpenReturnType
    attributes: JsonObject | None = None
    options: list[JsonObject] | None = None
    number_limits: JsonObject | None = None
    number_valence: str | None = None
    evaluator_type: str | None = None


class EvaluatorRequest(UpsertRequest):
    """An evaluator to create or to add a version to."""

    spec: EvaluatorSpec

    def kernel(self) -> JsonObject:
        """The content that identifies the version: only the specification."""
        return self.spec.kernel()


class VersionDeploymentResponse(Model):
    """The version of a file that is deployed to an environment."""

    type: Literal["environment"] = "environment"
    file: JsonObject
    environment: EnvironmentResponse


class VersionIdResponse(Model):
    """One fixed version of a file."""

    type: Literal["version"] = "version"
    version: JsonObject


class MonitoringEvaluatorResponse(Model):
    """An evaluator that monitors all new logs of a file."""

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

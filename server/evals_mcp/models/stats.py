"""Statistics of an evaluation in a response. `evals_mcp.statistics` computes them."""

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Tag

from evals_mcp.models.enums import OpenEvaluationStatus
from evals_mcp.models.model import Added, Model

_KINDS_BY_KEY = {"percentiles": "number", "num_true": "boolean", "num_judgments_per_option": "select"}


class EvaluatorCounts(Model):
    """Counts of evaluator logs in a run: total_logs = num_judgments + num_nulls (abstained) + num_errors (failed).

    Our own `num_passed` and `num_not_passed` count the judgments that say whether they pass.
    """

    evaluator_version_id: str
    total_logs: int
    num_judgments: int
    num_nulls: int
    num_errors: int
    num_passed: Added[int] = None
    num_not_passed: Added[int] = None


class NumericEvaluatorStatsResponse(EvaluatorCounts):
    """A number evaluator. Without judgments the mean is 0, and sum and std are null. Percentile "50" is the median."""

    mean: float | None = None
    sum: float | None = None
    std: float | None = None
    percentiles: dict[str, float]


class BooleanEvaluatorStatsResponse(EvaluatorCounts):
    """A boolean evaluator."""

    num_true: int
    num_false: int


class SelectEvaluatorStatsResponse(EvaluatorCounts):
    """An evaluator that selects one or several options, with the count of each option."""

    num_judgments_per_option: dict[str, int]


def _without_telling_keys(schema: dict[str, Any]) -> None:
    """Say in a schema that the keys that tell the other kinds are absent."""
    schema["not"] = {"anyOf": [{"required": [key]} for key in _KINDS_BY_KEY]}


class TextEvaluatorStatsResponse(EvaluatorCounts):
    """A text evaluator. It has only counts."""

    model_config = ConfigDict(json_schema_extra=_without_telling_keys)


def stats_kind(stats: Any) -> str:
    """The kind of an evaluator's statistics (JSON or model), from the key that only this kind has."""
    for key, kind in _KINDS_BY_KEY.items():
        if (key in stats) if isinstance(stats, dict) else hasattr(stats, key):
            return kind
    return "text"


EvaluatorStatsResponse = Annotated[
    Annotated[NumericEvaluatorStatsResponse, Tag("number")]
    | Annotated[BooleanEvaluatorStatsResponse, Tag("boolean")]
    | Annotated[SelectEvaluatorStatsResponse, Tag("select")]
    | Annotated[TextEvaluatorStatsResponse, Tag("text")],
    Discriminator(stats_kind),
]
"""The statistics of one evaluator in one run. Their keys tell the kinds apart."""


class RunStatsResponse(Model):
    """The statistics of one run: its logs, and one item for each attached evaluator."""

    run_id: str
    num_logs: int
    evaluator_stats: list[EvaluatorStatsResponse]
    status: OpenEvaluationStatus
    version_id: str | None = None
    batch_id: str | None = None


class EvaluationStats(Model):
    """The statistics of an evaluation, newest run first. `progress` and `report` are texts for a terminal."""

    run_stats: list[RunStatsResponse]
    status: OpenEvaluationStatus
    progress: str | None = None
    report: str | None = None

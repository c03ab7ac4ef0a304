"""Statistics of an evaluation as they are answered; computing them is in `evals_mcp.statistics`."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from evals_mcp.models.enums import OpenEvaluationStatus
from evals_mcp.models.model import Model


class EvaluatorCounts(Model):
    """Evaluator logs of one run: total_logs = num_judgments + num_nulls (abstained) + num_errors (failed)."""

    evaluator_version_id: str
    total_logs: int
    num_judgments: int
    num_nulls: int
    num_errors: int


class NumericEvaluatorStatsResponse(EvaluatorCounts):
    """A number evaluator; mean, sum and std are null without judgments; percentile "50" is the median."""

    mean: float | None = None
    sum: float | None = None
    std: float | None = None
    percentiles: dict[str, float]


class BooleanEvaluatorStatsResponse(EvaluatorCounts):
    """A boolean evaluator."""

    num_true: int
    num_false: int


class SelectEvaluatorStatsResponse(EvaluatorCounts):
    """An evaluator that chooses one or several options: how often each was chosen."""

    num_judgments_per_option: dict[str, int]


class TextEvaluatorStatsResponse(EvaluatorCounts):
    """A text evaluator, of which only the counts are known."""


def stats_kind(stats: Any) -> str:
    """The kind of an evaluator's statistics, as JSON or as a model, by the key that only that kind has."""
    telling = {"percentiles": "number", "num_true": "boolean", "num_judgments_per_option": "select"}
    for key, kind in telling.items():
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
"""The statistics of one evaluator in one run, told apart by their keys."""


class RunStatsResponse(Model):
    """The statistics of one run: its logs, and one item for each attached evaluator."""

    run_id: str
    num_logs: int
    evaluator_stats: list[EvaluatorStatsResponse]
    status: OpenEvaluationStatus
    version_id: str | None = None
    batch_id: str | None = None


class EvaluationStats(Model):
    """The statistics of an evaluation, newest run first; `progress` and `report` are texts for a terminal."""

    run_stats: list[RunStatsResponse]
    status: OpenEvaluationStatus
    progress: str | None = None
    report: str | None = None

"""Relations of judgments with other numbers of a log: the rows of the answer. `evals_mcp.statistics` computes them."""

from typing import Literal

from pydantic import Field

from evals_mcp.models.agreement import Estimate
from evals_mcp.models.conditions import Measure
from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.rows import CurrentRows

QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
"""The quantiles of a number."""

BINS = 8
"""The most bars of a histogram."""


class NumberRow(Model):
    """A number of logs: a measure, or the judgments of an evaluator (true is 1).

    `turns` are the messages that the model got, told only where conversations differ in them.
    `quantiles` are those of `QUANTILES`, linearly interpolated. `bars` counts logs: by value where there are few
    (`values`), else in bins of `step` from the lowest on, the last with all above.
    """

    measure: Measure | Literal["turns"] | None = None
    evaluator_version_id: str | None = None
    is_boolean: Defaulted[bool] = False
    logs: int
    mean: float
    quantiles: list[float]
    bars: list[int]
    values: Defaulted[list[float]] = Field(default_factory=list)
    step: float | None = None


class RelationRow(Model):
    """The correlation of two numbers, as indexes of `RelationRows.numbers`, over the logs that have both.

    Spearman's, or the point-biserial where one is a boolean. `within` is that of the differences from each run's mean,
    so that no run stands for another; None of one run. None at all where a number is the same on all logs.
    """

    first: int
    second: int
    logs: int
    datapoints: int
    method: Literal["spearman", "point-biserial"]
    correlation: Estimate | None = None
    within: Estimate | None = None


class RelationRows(CurrentRows):
    """The numbers of an evaluation's logs, and how judgments relate to each other and to measures."""

    numbers: list[NumberRow]
    relations: list[RelationRow]
    logs: int

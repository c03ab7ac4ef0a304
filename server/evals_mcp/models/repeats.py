"""Repeated logs of datapoints: the rows of the answer. `evals_mcp.statistics` computes them."""

from typing import Literal

from pydantic import Field

from evals_mcp.models.agreement import Estimate
from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.rows import CurrentRows


class RepeatedRates(Model):
    """The rates of datapoints of which at least one of `k` logs passes (pass@k), and of which all do (pass^k)."""

    k: int
    any_of: Estimate
    all_of: Estimate


class RepeatRow(Model):
    """The judgments of an evaluator in a run, over `datapoints` of the `judged` ones: those with at least `k` logs.

    `judgments` are what the figures are about: `passes` (the good judgments, or the verdicts beside them), `true` of a
    boolean without a direction, numbers, or options. `logs` are those of the datapoints, `fewest` to `most` for each.
    `varying` counts datapoints whose logs differ. `mean` weighs datapoints equally, and is that of one log; `within` is
    the standard deviation of a datapoint's logs around their mean, pooled. Options have neither.
    """

    run_id: str
    evaluator_version_id: str
    judgments: Literal["passes", "true", "numbers", "options"]
    k: int
    datapoints: int
    judged: int
    logs: int
    fewest: int
    most: int
    varying: int
    mean: Estimate | None = None
    within: float | None = None
    rates: Defaulted[list[RepeatedRates]] = Field(default_factory=list)


class RunRepeats(Model):
    """The logs of a run: `fewest` to `most` for each of its datapoints, `unpaired` without a datapoint."""

    run_id: str
    datapoints: int
    fewest: int
    most: int
    unpaired: int


class RepeatRows(CurrentRows):
    """The runs of a question, and the figures of repeated logs by evaluator and run."""

    runs: list[RunRepeats]
    rows: list[RepeatRow]
    logs: int

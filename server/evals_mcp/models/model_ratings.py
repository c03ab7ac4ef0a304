"""Ratings of models by pairwise judgments: the rows of the answer. `evals_mcp.statistics` computes them."""

from evals_mcp.models.agreement import Estimate
from evals_mcp.models.datapoint_fields import Part
from evals_mcp.models.model import Defaulted, Model


class RatedModel(Model):
    """A model in pairwise judgments, by the name in the datapoints.

    `strength` is that of Bradley and Terry in log-odds, relative to the mean of its `group`. `won` counts ties as
    halves. Ranks from `best` to `worst` are within the group, as in `RankedRun`.
    """

    name: str
    group: int
    strength: Estimate
    judgments: int
    won: float
    best: int
    worst: int


class RatedPair(Model):
    """Two models, as indexes of `ModelRatings.models`, that were compared: how often the first won, ties as halves.

    `p_value` is of their strengths, corrected over all pairs of models (Holm).
    """

    first: int
    second: int
    judgments: int
    won: float
    p_value: float


class ModelRatings(Model):
    """The models that an evaluator compared, best first in each group.

    The fields `first_key` and `second_key` of the datapoints name the two sides. Models of different groups were never
    compared, not even through others. `separated`: some won or lost everything against the rest, so that a tie was
    added for each compared pair. `first_side` is how often the first side won, of judgments without a tie. `skipped`
    judgments name no side, or no two models.
    """

    evaluator_version_id: str
    part: Part
    first_key: str
    second_key: str
    models: list[RatedModel]
    pairs: list[RatedPair]
    judgments: int
    ties: float
    skipped: int
    groups: int
    separated: Defaulted[bool] = False
    first_side: Estimate | None = None

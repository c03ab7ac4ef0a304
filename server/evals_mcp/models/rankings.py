"""Rankings of runs: the rows of the answer. `evals_mcp.statistics` computes them."""

from pydantic import Field

from evals_mcp.models.agreement import Estimate
from evals_mcp.models.comparisons import ComparisonRow
from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.model_ratings import ModelRatings
from evals_mcp.models.rows import CurrentRows


class RankedRun(Model):
    """A run and its mean over the datapoints judged in it (a rate for booleans and passes).

    Its rank is from `best` (1 and the number of runs that are significantly better) to `worst` (the number of runs less
    those that are significantly worse). `better_than` are the latter, as indexes of `Ranking.runs`.
    """

    run_id: str
    datapoints: int
    mean: Estimate
    best: int
    worst: int
    better_than: list[int]


class RankedPair(Model):
    """Two runs, as indexes of `Ranking.runs`: the paired comparison of `first` (candidate) with `second` (baseline)."""

    first: int
    second: int
    comparison: ComparisonRow


class Ranking(Model):
    """The runs by one evaluator, best first (highest, without a direction), with a test for each pair.

    p-values are corrected over all `tested` pairs (Holm). `passes`: it ranks by the rate of what passes, not by the
    judgments. `shared` datapoints are judged in all runs. `unjudged` runs have no judgment, and `omitted` ones are
    beyond the most that are tested.
    """

    evaluator_version_id: str
    passes: Defaulted[bool] = False
    is_rate: bool
    runs: list[RankedRun]
    pairs: list[RankedPair]
    tested: int
    shared: int
    unjudged: Defaulted[list[str]] = Field(default_factory=list)
    omitted: Defaulted[list[str]] = Field(default_factory=list)


class RankingRows(CurrentRows):
    """The rankings of the runs of a question, and the ratings of models by pairwise judges.

    `undirected` are evaluators none of whose judgments is better than another, `unnamed` pairwise judges of which the
    datapoints do not name the models, `waiting` evaluators beyond the most pairs that are tested.
    """

    rankings: list[Ranking]
    ratings: list[ModelRatings]
    undirected: list[str]
    unnamed: list[str]
    waiting: list[str]
    logs: int

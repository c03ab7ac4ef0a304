"""Ratings of models from the judgments of one pairwise judge. `bradley_terry` fits them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.agreement import Estimate
from evals_mcp.models.datapoint_fields import Part
from evals_mcp.models.model_ratings import ModelRatings, RatedModel, RatedPair
from evals_mcp.statistics.bradley_terry import Outcomes, Strengths, connected_groups, fit_strengths, win_matrix
from evals_mcp.statistics.clustered import rate_estimate
from evals_mcp.statistics.corrections import holm
from evals_mcp.statistics.distributions import Z_INTERVAL
from evals_mcp.statistics.rankings import rank_ranges
from evals_mcp.statistics.results import SIGNIFICANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NamedSides(NamedTuple):
    """The fields that name the models of both sides."""

    part: Part
    first_key: str
    second_key: str


class _Difference(NamedTuple):
    """Two models of a group, the stronger first, and the uncorrected p of their difference."""

    first: int
    second: int
    p_value: float


def rate_models(
    evaluator_version_id: str, sides: NamedSides, names: Sequence[str], outcomes: Outcomes, skipped: int
) -> ModelRatings:
    """Rate the models with these names, which outcomes have as indexes."""
    import numpy as np

    wins = win_matrix(outcomes, len(names))
    groups = connected_groups(wins)
    models: list[RatedModel] = []
    order: list[int] = []
    differences: list[_Difference] = []
    separated = False
    for number, group in enumerate(groups):
        at = np.full(len(names), -1)
        at[group] = np.arange(len(group))
        mine = np.isin(outcomes.first, group)
        own = Outcomes(
            at[outcomes.first[mine]], at[outcomes.second[mine]], outcomes.won[mine], outcomes.datapoints[mine]
        )
        strengths = fit_strengths(own, len(group))
        separated |= strengths.separated
        ranked = sorted(range(len(group)), key=lambda index: (-strengths.values[index], names[group[index]]))
        begin = len(order)
        order += [group[index] for index in ranked]
        differences += [
            _Difference(begin + first, begin + second, _p_value(strengths, ranked[first], ranked[second]))
            for first, second in combinations(range(len(ranked)), 2)
        ]
        models += [_model(names[group[index]], number, strengths, index, wins, group[index]) for index in ranked]
    adjusted = [p_value or 0.0 for p_value in holm(item.p_value for item in differences)]
    counts = wins + wins.T
    return ModelRatings(
        evaluator_version_id=evaluator_version_id,
        **sides._asdict(),
        models=_with_ranks(models, differences, adjusted),
        pairs=[
            RatedPair(
                first=item.first,
                second=item.second,
                judgments=round(counts[order[item.first], order[item.second]]),
                won=float(wins[order[item.first], order[item.second]]),
                p_value=p_value,
            )
            for item, p_value in zip(differences, adjusted, strict=True)
        ],
        judgments=len(outcomes.won),
        ties=float((1 - np.abs(2 * outcomes.won - 1)).sum()),
        skipped=skipped,
        groups=len(groups),
        separated=separated,
        first_side=_first_side(outcomes),
    )


def _model(name: str, group: int, strengths: Strengths, index: int, wins: NDArray[Any], item: int) -> RatedModel:
    import numpy as np

    contrast = np.full(len(strengths.values), -1 / len(strengths.values))
    contrast[index] += 1
    value, half = float(strengths.values[index]), Z_INTERVAL * strengths.error(contrast)
    return RatedModel(
        name=name,
        group=group,
        strength=Estimate(value=value, low=value - half, high=value + half),
        judgments=round(float(wins[item].sum() + wins[:, item].sum())),
        won=float(wins[item].sum()),
        best=1,
        worst=1,
    )


def _with_ranks(
    models: Sequence[RatedModel], differences: Sequence[_Difference], adjusted: Sequence[float]
) -> list[RatedModel]:
    """The models with ranks in their groups, which follow each other."""
    found: list[RatedModel] = []
    while len(found) < len(models):
        begin = len(found)
        group = [model for model in models if model.group == models[begin].group]
        won = [
            (item.first - begin, item.second - begin)
            for item, p_value in zip(differences, adjusted, strict=True)
            if begin <= item.first < begin + len(group) and p_value <= SIGNIFICANCE
        ]
        ranges = rank_ranges(len(group), won)
        found += [model.model_copy(update=ranks._asdict()) for model, ranks in zip(group, ranges, strict=True)]
    return found


def _p_value(strengths: Strengths, first: int, second: int) -> float:
    """Wald's test that two models are equally strong."""
    import numpy as np

    contrast = np.zeros(len(strengths.values))
    contrast[first], contrast[second] = 1, -1
    difference, error = float(contrast @ strengths.values), strengths.error(contrast)
    return math.erfc(abs(difference) / error / math.sqrt(2)) if error > 0 else 1.0


def _first_side(outcomes: Outcomes) -> Estimate | None:
    """How often the first side won; None if all are ties."""
    import numpy as np

    decided = outcomes.won != 0.5
    if not decided.any():
        return None
    return rate_estimate(outcomes.won[decided], np.ones(int(decided.sum())), outcomes.datapoints[decided])

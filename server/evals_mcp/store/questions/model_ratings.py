"""Rate the models that a pairwise judge compares: the datapoints name them, its options a side or a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from evals_mcp.models.datapoint_fields import Part
from evals_mcp.models.field_rows import MOST_VALUES
from evals_mcp.models.judgments import JUDGED
from evals_mcp.models.model_ratings import ModelRatings
from evals_mcp.statistics.bradley_terry import Outcomes
from evals_mcp.statistics.columns import DatapointKeys, RunColumns
from evals_mcp.statistics.model_ratings import NamedSides, rate_models
from evals_mcp.statistics.pairing import Profile
from evals_mcp.statistics.pairwise_sides import OptionSides, is_tie, option_sides, side_keys
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.field_columns import NO_VALUE, FieldColumns
from evals_mcp.store.questions.fields import dataset_versions, read_fields
from evals_mcp.store.questions.run_columns import RunsAsColumns
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PARTS: tuple[Part, ...] = ("metadata", "input", "target")


class ModelRater:
    """Rates models by the judgments of select evaluators."""

    def __init__(self, cache: RevisionCache) -> None:
        self._cache = cache
        self._fields = FieldColumns(cache)

    def find_sides(self, connection: Connection, evaluation: EvaluationState) -> NamedSides | None:
        """The fields of datapoints that name the two models, if there are such: first of the metadata."""
        rows = read_fields(connection, self._cache, dataset_versions(evaluation)).rows
        usable = [row for row in rows if row.values_count <= MOST_VALUES and not row.has_cut_values]
        for part in _PARTS:
            keys = side_keys([row.key for row in usable if row.part == part])
            if keys is not None:
                return NamedSides(part, *keys)
        return None

    def rate(
        self,
        connection: Connection,
        evaluation: EvaluationState,
        evaluator: AttachedEvaluator,
        sides: NamedSides,
        found: RunsAsColumns,
    ) -> ModelRatings | None:
        """The ratings by an evaluator; None if its judgments name neither a side nor a model."""
        import numpy as np

        columns = list(found.columns.values())
        known = [_judged(run, evaluator.version_id) for run in columns]
        datapoints = np.concatenate([run.datapoints[mask] for run, mask in zip(columns, known, strict=True)])
        if not len(datapoints):
            return None
        profiles = [
            run.judgments[evaluator.version_id].options[label]
            for run, mask in zip(columns, known, strict=True)
            for label in run.judgments[evaluator.version_id].labels[mask].tolist()
        ]
        options = evaluator.row.options or sorted({option for profile in profiles for option, _ in profile})
        names, first, second = self._models(connection, evaluation, sides, datapoints, found.keys)
        won = _won(profiles, option_sides(options), names, first, second)
        usable = ~np.isnan(won) & (first != second)
        if not usable.any():
            return None
        present, index = np.unique(np.stack((first[usable], second[usable])), return_inverse=True)
        one, other = index.reshape(2, -1)
        rated = [names[code] for code in present.tolist()]
        outcomes = Outcomes(one, other, won[usable], datapoints[usable])
        return rate_models(evaluator.version_id, sides, rated, outcomes, skipped=int((~usable).sum()))

    def _models(
        self,
        connection: Connection,
        evaluation: EvaluationState,
        sides: NamedSides,
        datapoints: NDArray[Any],
        keys: DatapointKeys,
    ) -> tuple[list[str], NDArray[Any], NDArray[Any]]:
        """The names of models, and the indexes of the first and second one of each of these datapoints, or -1."""
        import numpy as np

        versions = dataset_versions(evaluation)
        distinct, position = np.unique(datapoints, return_inverse=True)
        ids = [keys.id_of(key) for key in distinct.tolist()]
        columns = [
            self._fields.of_datapoints(connection, versions, sides.part, key, ids)
            for key in (sides.first_key, sides.second_key)
        ]
        names = sorted({label for column in columns for label in column.labels})
        codes = {name: code for code, name in enumerate(names)}
        first, second = (
            np.array([*(codes[label] for label in column.labels), NO_VALUE])[column.codes][position]
            for column in columns
        )
        return names, first, second


def _judged(run: RunColumns, version_id: str) -> NDArray[Any]:
    """Which logs have a datapoint and a judgment."""
    column = run.judgments[version_id]
    mask: NDArray[Any] = (column.states == JUDGED) & (column.labels >= 0) & (run.datapoints >= 0)
    return mask


def _won(
    profiles: Sequence[Profile],
    sides: OptionSides | None,
    names: Sequence[str],
    first: NDArray[Any],
    second: NDArray[Any],
) -> NDArray[Any]:
    """What the first side won of each judgment, with a tie as half; NaN where no side or no two models are named."""
    import numpy as np

    known: dict[tuple[Profile, int, int], float] = {}
    for judgment in zip(profiles, first.tolist(), second.tolist(), strict=True):
        if judgment not in known:
            profile, one, other = judgment
            has_models = one != NO_VALUE and other != NO_VALUE
            options = (sides.first, sides.second) if sides else (names[one], names[other])
            known[judgment] = _share(profile, *options) if has_models else np.nan
    judgments = zip(profiles, first.tolist(), second.tolist(), strict=True)
    return np.array([known[judgment] for judgment in judgments], dtype=float)


def _share(profile: Profile, first: str, second: str) -> float:
    """The share of the first option, with ties as halves; NaN for another option."""
    won = 0.0
    for option, share in profile:
        if option == first:
            won += share
        elif is_tie(option) and option != second:
            won += share / 2
        elif option != second:
            return math.nan
    return won


def names_sides(evaluator: AttachedEvaluator) -> bool:
    """Whether an evaluator selects one of two sides, as a pairwise judge does."""
    return evaluator.row.return_type == "select" and option_sides(evaluator.row.options) is not None

"""What an answer says of ratings that are doubtful."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.rankings import summarize_rankings
from evals_mcp.models.model_ratings import ModelRatings
from evals_mcp.models.rankings import RankingRows
from evals_mcp.models.resolved import resolve
from evals_mcp.models.rows import EvaluationRow, EvaluatorRow, Overview
from evals_mcp.statistics.bradley_terry import Outcomes
from evals_mcp.statistics.model_ratings import NamedSides, rate_models

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_OVERVIEW = Overview(
    evaluation=EvaluationRow(id="e", runs_count=1, evaluators=[], status="completed", created_at=_NOW, changed_at=_NOW),
    evaluators=[EvaluatorRow(id="j", version_id="j1", path="judges/arena", return_type="select")],
    runs=[],
)


def _answer(ratings: ModelRatings) -> str:
    rows = RankingRows(rankings=[], ratings=[ratings], undirected=[], unnamed=[], waiting=[], logs=20)
    return summarize_rankings(resolve(_OVERVIEW), rows, 2_000, call=Call("list_runs", {}, {}))


def _rated(played: list[tuple[int, int, float]], names: Sequence[str], skipped: int = 0) -> ModelRatings:
    first, second, won = (np.array(side) for side in zip(*played, strict=True))
    outcomes = Outcomes(first, second, won.astype(float), np.arange(len(played)))
    return rate_models("j1", NamedSides("input", "model_a", "model_b"), list(names), outcomes, skipped)


def test_models_that_nothing_connects_are_in_groups() -> None:
    """Each rank is one of a group, and a name out of the data is quoted and stays in its line."""
    answer = _answer(_rated([(0, 1, 1), (1, 0, 1), (2, 3, 1), (3, 2, 1)] * 5, ["a\n| b", "c", "d", "e"], 2))
    assert (
        "4 models, 20 judgments, 2 excluded that name no side or no two models. 2 groups were never compared" in answer
    )
    assert 'arena | 1–2 of group 1 | "a\\n\\| b" | 1,000 (' in answer
    assert "The first side won 100% (84 to 100) of those without a tie: the judge may prefer a position." in answer


def test_a_model_that_won_everything_is_said() -> None:
    """Its rating comes from the ties that were added."""
    answer = _answer(_rated([(0, 1, 1), (1, 0, 0)] * 6, "ab"))
    assert "Some models won or lost everything against the rest" in answer
    assert 'arena | 1 | "a" | ' in answer
    assert 'arena | "a", "b" | 12 | 100% | ' in answer
    assert "position" not in answer

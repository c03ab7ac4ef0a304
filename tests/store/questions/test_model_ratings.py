"""Ratings by pairwise judges on SQLite and PostgreSQL."""

from contextlib import closing
from pathlib import Path

import pytest
from tests.loaded_stores import Served, served
from tests.pairwise_comparisons import MODELS, pairwise_document

from evals_mcp.models.questions import Filter, RankingQuestion
from evals_mcp.store.store import open_store

__all__ = ["served"]


def test_both_databases_rate_models_alike(served: Served, tmp_path: Path, postgres_address: str) -> None:
    """By the side or by the winner's name, in any runs; without a model in the datapoints, nothing is rated."""
    with (
        closing(open_store(str(tmp_path / "evals.db"))) as sqlite,
        closing(open_store(postgres_address, "ratings")) as postgresql,
    ):
        for store in (sqlite, postgresql):
            served.load(store, list(pairwise_document()))
        for filter in (Filter(), Filter(run_ids=["run"]), Filter(datapoint_id="dp_3"), Filter(run_ids=[])):
            question = RankingQuestion(filter=filter)
            assert sqlite.ranking_questions.answer("arena", question) == postgresql.ranking_questions.answer(
                "arena", question
            )
        by_side, by_name = sqlite.ranking_questions.answer("arena", RankingQuestion()).ratings
    assert (by_side.part, by_side.first_key, by_side.second_key) == ("metadata", "model_a", "model_b")
    assert (by_side.judgments, by_side.ties, by_side.skipped) == (234, 20, 0)
    assert by_name.judgments == 240
    assert [model.name for model in by_side.models] in (list(MODELS), ["strong", "fair", "good", "weak"])
    assert by_side.models[0].strength.value == pytest.approx(by_name.models[0].strength.value, abs=0.2)
    assert sum(model.won for model in by_side.models) == by_side.judgments

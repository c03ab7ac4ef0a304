"""Tests of statistics as they are answered."""

from typing import Any

import pytest

from evals_mcp.models.stats import EvaluationStats

COUNTS = {
    "evaluator_version_id": "evv_1",
    "total_logs": 3,
    "num_judgments": 2,
    "num_nulls": 1,
    "num_errors": 0,
}
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("Numeric", {"mean": 0.5, "sum": 1.0, "std": 0.0, "percentiles": {"50": 0.5}}),
    ("Numeric", {"mean": None, "sum": None, "std": None, "percentiles": {}}),
    ("Boolean", {"num_true": 1, "num_false": 1}),
    ("Select", {"num_judgments_per_option": {"good": 2}}),
    ("Text", {}),
]


@pytest.mark.parametrize(("kind", "keys"), KINDS)
def test_an_evaluators_statistics_are_told_by_their_keys(kind: str, keys: dict[str, Any]) -> None:
    """Each kind is read as its own model, and written with its own keys only: percentiles are on numbers."""
    run = {"run_id": "run_1", "num_logs": 3, "status": "completed", "evaluator_stats": [COUNTS | keys]}
    stats = EvaluationStats.model_validate({"run_stats": [run], "status": "completed"})
    item = stats.run_stats[0].evaluator_stats[0]
    assert type(item).__name__ == f"{kind}EvaluatorStatsResponse"
    assert item.model_dump(mode="json") == COUNTS | keys
    assert EvaluationStats.model_validate_json(stats.model_dump_json()) == stats

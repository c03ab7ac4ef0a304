"""A filter in words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from evals_mcp.answers.condition_words import judgment_value
from evals_mcp.answers.filter_words import filter_words
from evals_mcp.models.conditions import JudgmentCondition
from evals_mcp.models.questions import Filter
from evals_mcp.models.resolved import ResolvedEvaluation, resolve
from evals_mcp.models.rows import EvaluationRow, EvaluatorRow, Overview, RunRow

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _evaluation() -> ResolvedEvaluation:
    run = {"logs_count": 0, "status": "completed", "control": False, "created_at": _NOW, "stats": []}
    overview = Overview(
        evaluation=EvaluationRow(
            id="evr_1", runs_count=2, evaluators=[], status="completed", created_at=_NOW, changed_at=_NOW
        ),
        evaluators=[EvaluatorRow(id="ev_1", version_id="evv_1", path="judges/helpful", return_type="number")],
        runs=[RunRow.model_validate({"id": f"run_{name}", "version_name": name, **run}) for name in ("v1", "v2")],
    )
    return resolve(overview)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"run_ids": ["run_v1", "run_v2"]}, ""),
        ({"run_ids": ["run_v2"]}, " in v2"),
        ({"run_ids": []}, " in no run"),
        ({"datapoint_id": "dp_1"}, " for datapoint dp_1"),
        ({"judgment": JudgmentCondition(below=3)}, ' judged "<3"'),
        (
            {"judgment": JudgmentCondition(state="failed", evaluator_version_id="evv_1")},
            " with a failed judgment by helpful",
        ),
        ({"judgment": JudgmentCondition(state="missing")}, " with a missing judgment"),
        ({"judgment": JudgmentCondition()}, " judged"),
        ({"errors_only": True}, " with an error"),
        ({"text": 'a "b"\n'}, ' containing "a \\"b\\"\\n"'),
        (
            {"run_ids": ["run_v1"], "errors_only": True, "text": "x", "judgment": JudgmentCondition(boolean=False)},
            ' in v1 judged "false" and with an error and containing "x"',
        ),
    ],
    ids=repr,
)
def test_a_filter_is_said_in_the_order_of_its_fields(fields: dict[str, Any], words: str) -> None:
    """What comes from a caller or from data is quoted."""
    assert filter_words(Filter(**fields), _evaluation()) == words


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ({}, "judged"),
        ({"state": "missing"}, "missing"),
        ({"boolean": True}, "true"),
        ({"label": "off topic"}, "off topic"),
        ({"at_least": 3, "at_most": 3}, "3"),
        ({"at_least": 2, "at_most": 4.5}, "2..4.5"),
        ({"at_least": 0.1}, ">=0.1"),
        ({"at_most": -2}, "<=-2"),
        ({"above": 1, "below": 4}, ">1 <4"),
        ({"above": 123456789.5}, ">123456789.5"),
    ],
    ids=repr,
)
def test_a_judgment_is_written_as_a_caller_writes_it(fields: dict[str, Any], written: str) -> None:
    """With all digits that a caller can have meant."""
    assert judgment_value(JudgmentCondition(**fields)) == written

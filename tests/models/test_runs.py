"""Tests of evaluations and runs as they are sent and answered."""

import pytest
from pydantic import ValidationError

from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.runs import AddLogsRequest, EvaluationRunsResponse, UpdateRunRequest

TIME = "2026-01-02T03:04:05Z"
RUN = {
    "id": "run_1",
    "orchestrated": False,
    "added_at": TIME,
    "created_at": "2026-01-02T05:04:05+02:00",
    "status": "completed",
    "control": True,
}


def test_a_run_is_read_and_written() -> None:
    """Absent dataset and version are null, times are UTC, and a status from a later API passes."""
    runs = EvaluationRunsResponse.model_validate({"runs": [RUN, RUN | {"status": "paused"}]})
    assert [run.status for run in runs.runs] == ["completed", "paused"]
    written = runs.model_dump(mode="json")["runs"][0]
    assert written == RUN | {
        "created_at": "2026-01-02T03:04:05Z",
        "dataset": None,
        "version": None,
        "created_by": None,
    }


def test_an_unknown_status_in_a_request_is_refused() -> None:
    """A run cannot be given a status that is no status."""
    with pytest.raises(ValidationError) as caught:
        UpdateRunRequest.model_validate({"status": "done"})
    assert caught.value.errors()[0]["loc"] == ("status",)


def test_evaluators_are_required_and_may_be_none() -> None:
    """An evaluation can start without evaluators, but the key must be there."""
    assert CreateEvaluationRequest.model_validate({"evaluators": [], "name": None}).evaluators == []
    with pytest.raises(ValidationError):
        CreateEvaluationRequest.model_validate({"evaluators": None})


def test_log_ids_are_text() -> None:
    """An id that is not text is refused at its place."""
    with pytest.raises(ValidationError) as caught:
        AddLogsRequest.model_validate({"log_ids": ["log_1", 2]})
    assert caught.value.errors()[0]["loc"] == ("log_ids", 1)

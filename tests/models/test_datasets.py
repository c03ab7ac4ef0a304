"""Tests of datasets and their datapoints."""

import pytest
from pydantic import ValidationError

from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest


def test_absent_inputs_are_empty_inputs() -> None:
    """Datapoints that differ only in how they say nothing have one content."""
    assert CreateDatapointRequest().content() == {"inputs": {}}
    assert CreateDatapointRequest.model_validate({"inputs": None, "target": None}).content() == {"inputs": {}}


def test_content_keeps_any_json_value() -> None:
    """Inputs and targets are kept as they are, nulls and numbers included."""
    datapoint = {"inputs": {"n": 1, "x": None, "l": [True]}, "target": {"output": 1.5}}
    assert CreateDatapointRequest.model_validate(datapoint).content() == datapoint


def test_the_action_is_set_unless_said_otherwise() -> None:
    """Absent and null actions replace the datapoints; an unknown one is refused."""
    assert DatasetRequest.model_validate({"datapoints": [], "action": None}).action == "set"
    request = DatasetRequest.model_validate({"datapoints": [{"inputs": {"q": "a"}}]})
    assert request.kernel() == {"datapoints": [{"inputs": {"q": "a"}}]}
    with pytest.raises(ValidationError):
        DatasetRequest.model_validate({"datapoints": [], "action": "replace"})

"""Tests of the value of a judgment."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from evals_mcp.models.judgments import Judgment
from evals_mcp.models.log_requests import EvaluatorLogRequest

ADAPTER: TypeAdapter[Any] = TypeAdapter(Judgment | None)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.lists(st.text(), max_size=3)
)


@pytest.mark.parametrize("value", [True, False, 1, 0, 1.0, 0.5, "a", "true", "1", "", ["a"], [], None])
def test_a_judgment_keeps_its_type(value: Any) -> None:
    """True is not 1, 1 is not 1.0, and text that looks like either stays text."""
    read = ADAPTER.validate_python(value)
    assert (type(read), read) == (type(value), value)


@settings(max_examples=100)
@given(VALUES)
def test_a_judgment_survives_json(value: Any) -> None:
    """What is sent in a request is what is read, type included."""
    body = json.dumps({"parent_id": "log_1", "judgment": value})
    read = EvaluatorLogRequest.model_validate(json.loads(body)).judgment
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize("value", [{}, [1], [None], float("nan"), float("inf"), 2**63, 10**400])
def test_other_values_are_refused(value: Any) -> None:
    """Objects, lists of anything but text, numbers that JSON or a database lacks: none is a judgment."""
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(value)

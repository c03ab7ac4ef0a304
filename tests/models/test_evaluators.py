"""Tests of evaluators and their specifications."""

from typing import Any

import pytest
from pydantic import ValidationError

from evals_mcp.models.evaluators import EvaluatorRequest, EvaluatorResponse, ExternalEvaluatorRequest

WORDS = {"arguments_type": "target_free", "return_type": "boolean"}
TIME = "2026-01-02T03:04:05Z"
FILE = {
    "path": "Judges/Exact",
    "id": "ev_1",
    "name": "Exact",
    "version_id": "evv_1",
    "created_at": TIME,
    "updated_at": TIME,
    "last_used_at": TIME,
    "version_logs_count": 0,
    "total_logs_count": 0,
    "inputs": [],
}


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ({"evaluator_type": "external"}, "external"),
        ({"evaluator_type": "llm"}, "llm"),
        ({"evaluator_type": "human"}, "human"),
        ({"evaluator_type": "python", "code": "x"}, "python"),
        ({"prompt": {"model": "m"}}, "llm"),
        ({"code": "x", "prompt": None}, "python"),
        ({"instructions": "look", "evaluator_type": None}, "human"),
    ],
)
def test_a_specification_is_told_by_its_type_or_its_telling_key(keys: dict[str, Any], kind: str) -> None:
    """Without `evaluator_type`, the key that only one kind has decides; answers always carry the type."""
    request = EvaluatorRequest.model_validate({"id": None, "path": "a", "spec": WORDS | keys})
    assert request.spec.evaluator_type == kind
    assert request.kernel()["evaluator_type"] == kind


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        (WORDS, ("spec",)),
        (WORDS | {"code": "x", "prompt": {"model": "m"}}, ("spec",)),
        (WORDS | {"evaluator_type": "oracle"}, ("spec",)),
        (WORDS | {"evaluator_type": "python"}, ("spec", "python", "code")),
        (WORDS | {"evaluator_type": "external", "return_type": "bool"}, ("spec", "external", "return_type")),
        (None, ("spec",)),
    ],
)
def test_a_specification_of_no_known_kind_is_refused(spec: Any, where: tuple[str, ...]) -> None:
    """What is ambiguous or unknown in a request is an error that says where."""
    with pytest.raises(ValidationError) as caught:
        EvaluatorRequest.model_validate({"path": "a", "spec": spec})
    assert caught.value.errors()[0]["loc"] == where


def test_what_describes_a_version_is_not_its_content() -> None:
    """Path, names, tags and nulls do not enter the content that identifies a version."""
    spec = WORDS | {"evaluator_type": "external", "attributes": {"code": "x", "none": None}}
    plain = EvaluatorRequest.model_validate({"path": "a", "spec": spec})
    named = EvaluatorRequest.model_validate(
        {"id": "ev_1", "version_name": "v2", "tags": ["t"], "spec": spec | {"options": None}}
    )
    assert plain.kernel() == named.kernel() == spec


def test_unknown_words_of_another_server_are_read() -> None:
    """An answer whose specification uses words from a later API is read, not refused."""
    spec = {"arguments_type": "trace", "return_type": "boolean", "evaluator_type": "external"}
    assert EvaluatorResponse.model_validate(FILE | {"spec": spec}).spec.arguments_type == "trace"
    known = EvaluatorResponse.model_validate(FILE | {"spec": WORDS | {"evaluator_type": "external"}, "new": 1})
    assert isinstance(known.spec, ExternalEvaluatorRequest)
    assert known.model_dump(mode="json")["type"] == "evaluator"

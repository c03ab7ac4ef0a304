"""Tests of how requests name files and versions."""

from itertools import product

import pytest

from evals_mcp.errors import Invalid
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, Target, VersionReference


@pytest.mark.parametrize("given", list(product([True, False], repeat=3)))
def test_a_version_is_named_by_exactly_one_key(given: tuple[bool, bool, bool]) -> None:
    """None or several of the three keys is status 400; null counts as absent."""
    keys = {key: "x" if use else None for key, use in zip(("version_id", "id", "path"), given, strict=True)}
    reference = VersionReference.model_validate(keys)
    if sum(given) == 1:
        assert keys[reference.target().by] == "x"
        return
    with pytest.raises(Invalid) as caught:
        reference.target()
    assert caught.value.status == 400


@pytest.mark.parametrize("keys", [{}, {"id": "pr_1", "path": "a"}])
def test_a_file_is_named_by_exactly_one_key(keys: dict[str, str]) -> None:
    """Both or none of id and path is status 400."""
    with pytest.raises(Invalid) as caught:
        FileReference.model_validate(keys).target()
    assert caught.value.status == 400


def test_the_environment_goes_with_the_file() -> None:
    """The version of a file is looked up in the environment that is named, one by its own id is not."""
    assert VersionReference(path="a", environment="staging").target() == Target("path", "a", "staging")
    assert VersionReference(id="pr_1").target() == Target("id", "pr_1", None)
    assert VersionReference(version_id="prv_1", environment="staging").target() == Target("version_id", "prv_1")


def test_evaluators_are_orchestrated_unless_said_otherwise() -> None:
    """Absent and null both mean that the server judges."""
    assert EvaluatorReference(path="a").orchestrated is True
    assert EvaluatorReference.model_validate({"path": "a", "orchestrated": None}).orchestrated is True
    assert EvaluatorReference(path="a", orchestrated=False).orchestrated is False


def test_writing_a_file_takes_the_id_before_the_path() -> None:
    """An upsert names its file by id, else by path, and neither is status 422 with a location."""
    assert PromptRequest(model="m", id="pr_1", path="a").target() == Target("id", "pr_1")
    assert PromptRequest(model="m", path="a").target() == Target("path", "a")
    with pytest.raises(Invalid) as caught:
        PromptRequest.model_validate({"model": "m", "id": None, "path": ""}).target()
    assert (caught.value.status, caught.value.location) == (422, ("body", "path"))

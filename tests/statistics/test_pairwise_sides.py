"""Which sides options and fields name."""

import pytest

from evals_mcp.statistics.pairwise_sides import option_sides, side_keys


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        (["A", "B"], ("A", "B")),
        (["tie", "model_b", "model_a"], ("model_a", "model_b")),
        (["output_1", "output_2", "tie (both bad)"], ("output_1", "output_2")),
        (["[[A]]", "[[B]]", "Neither"], ("[[A]]", "[[B]]")),
        (["right", "left"], ("left", "right")),
        (["First answer", "Second answer", "Same"], ("First answer", "Second answer")),
        (["responseA", "responseB"], ("responseA", "responseB")),
    ],
)
def test_options_name_two_sides(options: list[str], sides: tuple[str, str]) -> None:
    """By their last or first word, in any order, with options for ties."""
    found = option_sides(options)
    assert found is not None
    assert found[:2] == sides
    assert found.ties == set(options) - set(sides)


@pytest.mark.parametrize(
    "options",
    [
        ["1", "2", "3"],
        ["good", "bad"],
        ["A", "2"],
        ["A", "B", "C"],
        ["A"],
        [],
        ["tie"],
        ["data", "datb"],
        ["x a", "y b"],
    ],
)
def test_other_options_name_none(options: list[str]) -> None:
    """Grades, single options, and sides of different kinds."""
    assert option_sides(options) is None


def test_fields_that_name_models_are_found() -> None:
    """A model rather than a system, and never a field that only has two sides."""
    assert side_keys(["answer_a", "answer_b", "system_a", "system_b", "model_b", "model_a"]) == ("model_a", "model_b")
    assert side_keys(["b.model", "a.model", "question"]) == ("a.model", "b.model")
    assert side_keys(["modelName1", "modelName2"]) == ("modelName1", "modelName2")
    assert side_keys(["models.left", "models.right"]) == ("models.left", "models.right")
    assert side_keys(["answer_a", "answer_b", "model_a"]) is None
    assert side_keys(["model_a", "model_2"]) is None

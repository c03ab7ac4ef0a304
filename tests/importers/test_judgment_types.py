"""The type of an evaluator follows from its judgments."""

from typing import Any

import pytest

from evals_mcp.importers.judgment_types import JudgmentType
from evals_mcp.importers.results import Score


def _learned(*judgments: Any, **about: Any) -> JudgmentType:
    type = JudgmentType()
    for judgment in judgments:
        type.add(Score("x", judgment, **about))
    return type


@pytest.mark.parametrize(
    ("judgments", "return_type", "values"),
    [
        ([True, None, False], "boolean", [True, None, False]),
        ([True, 0.5], "number", [1.0, 0.5]),
        ([1, 2], "number", [1, 2]),
        (["a", "b"], "select", ["a", "b"]),
        ([["a"], []], "multi_select", [["a"], []]),
        (["a", 1], "text", ["a", "1"]),
        (["a" * 61], "text", ["a" * 61]),
        ([[str(n)] for n in range(13)], "text", [f'["{n}"]' for n in range(13)]),
    ],
)
def test_judgments_are_brought_to_the_type_that_all_have(
    judgments: list[Any], return_type: str, values: list[Any]
) -> None:
    """Options are few and short; what has several types is text, as JSON writes it."""
    type = _learned(*judgments)
    assert type.return_type == return_type
    assert [None if judgment is None else type.value(judgment) for judgment in judgments] == values


@pytest.mark.parametrize(("higher", "valence"), [(True, "positive"), (False, "negative"), (None, None)])
def test_a_direction_is_kept_whichever_judgment_tells_it(higher: bool | None, valence: str | None) -> None:
    """The others may not know it."""
    type = _learned(0.5, higher_is_better=higher)
    type.add(Score("x", 0.25))
    assert type.spec("external").get("number_valence") == valence


@pytest.mark.parametrize(("higher", "valence"), [(True, None), (False, "negative"), (None, None)])
def test_of_booleans_only_that_true_is_bad_is_said(higher: bool | None, valence: str | None) -> None:
    """That true is good goes without saying, and would make other evaluators of earlier imports."""
    assert _learned(True, False, higher_is_better=higher).spec("external").get("number_valence") == valence

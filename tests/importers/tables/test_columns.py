"""What the columns of a table are taken for."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evals_mcp.errors import Invalid
from evals_mcp.importers.tables.columns import Chosen, describe
from evals_mcp.importers.tables.guesses import guess_columns


def _described(rows: Sequence[Mapping[str, Any]], **chosen: Any) -> str:
    return describe(guess_columns(rows, Chosen(**chosen), "table.csv"))


LONG = [
    {
        "case_id": "1",
        "model": "a",
        "prompt": "Hi",
        "completion": "Yo",
        "judge": "4",
        "judge_reason": "nice",
        "ok": "no",
    },
    {
        "case_id": "1",
        "model": "b",
        "prompt": "Hi",
        "completion": "He",
        "judge": "n/a",
        "ok": "yes",
        "topic": "greeting",
    },
]
WIDE = [{"question": "q", "expected": "e", "answer_a": "x", "answer_b": "y", "score_a": "1", "score_b": "0.5"}]


def test_a_row_per_output_is_told_by_names_and_values() -> None:
    """What is left over is metadata."""
    assert _described(LONG) == (
        "datapoint id: case_id; inputs: prompt; run: model; output: completion; scores: judge (number), ok (boolean); "
        "explanations: judge_reason; metadata: topic."
    )


def test_a_column_per_run_is_told_by_the_names_of_the_runs() -> None:
    """Before or after the word."""
    assert _described(WIDE) == (
        "inputs: question; target: expected; output of a: answer_a; output of b: answer_b; "
        "scores of a: score_a (number); scores of b: score_b (number)."
    )
    turned = [{"question": "q", "gpt-4 output": "x", "mini output": "y", "gpt-4 latency": "2"}]
    assert _described(turned) == (
        "inputs: question; output of gpt-4: gpt-4 output; output of mini: mini output; latency: gpt-4 latency."
    )


def test_named_columns_are_taken_instead_of_guesses() -> None:
    """Each by its option; other columns are no scores if scores are named."""
    described = _described(
        LONG, outputs=["topic"], inputs=["completion"], run="prompt", scores=["judge:text"], metadata=["model"]
    )
    assert described == (
        "datapoint id: case_id; inputs: completion; run: prompt; output: topic; scores: judge (text); "
        "explanations: judge_reason; metadata: model, ok."
    )


def test_counts_of_tokens_are_no_inputs() -> None:
    """Though their names begin alike."""
    rows = [{"input": "q", "output": "x", "input_tokens": 3, "output_tokens": 1}]
    assert _described(rows) == "inputs: input; output: output; tokens: input_tokens, output_tokens."


def test_what_an_output_took_and_who_judged_it_are_no_scores() -> None:
    """Whatever the words around the measure. Judgments of it are scores, as booleans and by their names."""
    figures = {"Tokens used": 120, "total time (min)": 2, "Judge cost": 0.1, "ttft_ms": 90, "p95 latency (µs)": 8}
    judges = {"judge_model": "gpt-4o", "grader version": "v1", "Rater name": "Ann", "kosten": "0,5"}
    scores = {"token_f1": 0.5, "latency ok": "yes", "cost score": 4, "time management": 3, "model quality": "good"}
    row = {"question": "q", "answer": "a", **figures, **judges, **scores}
    assert _described([row, row | {"token_f1": 0.3}, row]) == (
        "inputs: question; output: answer; scores: token_f1 (number), latency ok (boolean), cost score (number), "
        f"time management (number), model quality (select); metadata: {', '.join([*figures, *judges])}."
    )


def test_options_are_short_and_few() -> None:
    """A column of different texts is no score."""
    rows = [{"output": "x", "verdict": ["good", "bad"][n % 2], "note": f"note {n}"} for n in range(6)]
    assert _described(rows) == "output: output; scores: verdict (select); metadata: note."


def test_a_third_word_that_comes_again_is_an_option_and_a_failure_is_not() -> None:
    """Beside most cells of yes and no."""
    words = ["yes", "no"] * 9
    rows = [
        {"output": "x", "whole": a, "ok": b}
        for a, b in zip([*words, *["partly"] * 2], [*words, *["error"] * 2], strict=True)
    ]
    assert _described(rows) == "output: output; scores: whole (select), ok (boolean)."


@pytest.mark.parametrize(
    ("rows", "chosen", "problem"),
    [
        ([{"a": "x y"}], {}, "no column of outputs or scores: 'a'"),
        ([{"output": "x"}], {"run": "model"}, "table.csv has no column 'model'. Its columns: 'output'"),
        ([{"output": "x"}], {"scores": ["f1:number"]}, "no column 'f1'"),
    ],
)
def test_columns_that_are_not_there_are_named(rows: list[dict[str, Any]], chosen: dict[str, Any], problem: str) -> None:
    """With those that are."""
    with pytest.raises(Invalid, match=problem):
        _described(rows, **chosen)

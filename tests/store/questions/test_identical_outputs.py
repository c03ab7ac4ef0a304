"""Judgments of identical outputs, on SQLite and PostgreSQL: outputs as texts and as messages, and repeats."""

from typing import Any

from tests.loaded_stores import OpenStore, Served, empty_file, new_store, served
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.comparisons import IdenticalOutputs
from evals_mcp.models.questions import ComparisonQuestion

__all__ = ["empty_file", "new_store", "served"]


async def _made(client: EvalsClient) -> tuple[SmallEvaluation, list[str]]:
    """Three runs with texts, which differ for `b`, and three with messages, of which one calls another tool."""
    small = await make_evaluation(client, score={"return_type": "number"})
    run_ids = []
    for number, name in enumerate(("v1", "v2", "v3")):
        given: list[tuple[str, dict[str, Any]]] = [(key, {"small/score": number}) for key in "abcdd"]
        run_ids.append(await small.run(name, given, outputs={"a": "Yes.", "b": f"{name}.", "c": "", "d": "No."}))
    for number, tool in enumerate(("pay", "pay", "owe")):
        given = [(key, {"small/score": number}) for key in "abcd"]
        called = {"id": "1", "type": "function", "function": {"name": tool, "arguments": "{}"}}
        message = {"role": "assistant", "content": "Ja – 😀", "tool_calls": [called]}
        run_ids.append(await small.run(f"m{number}", given, output_message=message, output=None))
    return small, run_ids


def test_identical_outputs_are_found_on_both_databases(new_store: OpenStore, served: Served) -> None:
    """Texts to the byte, empty ones and repeats, too; messages with their calls of tools."""
    store = new_store()
    small, runs = served.use(store, _made)

    def asked(baseline: str, *candidates: str) -> list[IdenticalOutputs]:
        evaluators = list(small.evaluators.values())
        question = ComparisonQuestion(
            baseline_run_id=baseline, candidate_run_ids=list(candidates), evaluator_version_ids=evaluators
        )
        return store.comparison_questions.answer(small.id, question).identical

    of_texts = asked(runs[0], runs[2], runs[1])
    assert [(row.run_id, row.pairs, row.changed, row.higher, row.difference) for row in of_texts] == [
        (runs[2], 3, 3, 3, 2.0),
        (runs[1], 3, 3, 3, 1.0),
    ]
    of_messages = asked(runs[3], runs[4], runs[5])
    assert [(row.run_id, row.pairs, row.lower, row.difference) for row in of_messages] == [(runs[4], 4, 0, 1.0)]
    store.close()

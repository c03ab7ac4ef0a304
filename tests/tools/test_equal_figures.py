"""One figure has one value, one n and one name, wherever it is shown."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.assistant import Assistant, connect_assistant
from tests.small_evaluations import make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.path_labels import path_labels
from evals_mcp.models.stats import EvaluationStats
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
BOOLEAN: dict[str, Any] = {"return_type": "boolean"}


@pytest.fixture
async def assistant(tmp_path: Path) -> AsyncIterator[Assistant]:
    """An assistant at an empty database."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    async with connect_assistant(EvalsClient(open_app=lambda: app)) as found:
        yield found


def _logs(judged: list[Any], path: str = "small/ok") -> list[tuple[str, dict[str, object]]]:
    return [(f"q{at}", {path: value}) for at, value in enumerate(judged)]


async def _report(assistant: Assistant, evaluation_id: str) -> str:
    stats = await assistant.client.connection.get(("evaluations", evaluation_id, "stats"), TypeAdapter(EvaluationStats))
    return stats.report or ""


async def test_repeated_logs_count_once_in_lists_headlines_and_reports(assistant: Assistant) -> None:
    """Two of three datapoints are true: 66.7%, not 4 of 5; the headline is over 3, and runs are called alike."""
    small = await make_evaluation(assistant.client, ok=BOOLEAN)
    for name in ("a", "a"):
        await small.run(name, [*_logs([True, True, False]), ("q0", {"small/ok": True}), ("q0", {"small/ok": True})])
    listed = await assistant.ask("list_runs", evaluation="Small")
    headline = await assistant.ask("list_evaluations")
    report = await _report(assistant, small.id)
    for answer in (listed, headline, report):
        assert "66.7% true" in answer
        assert "a#1" in answer
    assert "80" not in re.sub(r"\w{10,}", "", report)
    assert "(n=3)" in headline
    assert "small/ok" in report


async def test_a_test_is_named_with_the_rows_that_it_made(assistant: Assistant) -> None:
    """Repeats that disagree make shares of one candidate's datapoints, so McNemar's test is only of the other."""
    small = await make_evaluation(assistant.client, ok=BOOLEAN)
    await small.run("old", _logs([False] * 8))
    await small.run("plain", _logs([True] * 8))
    await small.run("repeated", [*_logs([True] * 8), ("q0", {"small/ok": False})])
    answer = await assistant.ask("compare_runs", evaluation="Small")
    assert "Tests: McNemar's exact test (ok in plain); paired sign-flip permutation test (others)" in answer


async def test_equal_last_names_are_told_apart(assistant: Assistant) -> None:
    """By as much of the path as that needs, in every answer, and each is understood as a name."""
    small = await make_evaluation(assistant.client)
    for path in ("k/a/ok", "k/b/ok"):
        await small.evaluator(path, **BOOLEAN)
    await small.run("v", [("q", {"k/a/ok": True, "k/b/ok": False})])
    for tool, asked in (("list_evaluations", {}), ("list_runs", {"evaluation": "Small"})):
        answer = await assistant.ask(tool, **asked)
        assert "a/ok" in answer
        assert "b/ok" in answer
        assert "k/" not in answer
    found = await assistant.ask("get_logs", evaluation="Small", where=["b/ok=false"])
    assert '1 log judged "false" by b/ok' in found


async def test_an_evaluator_called_like_a_measure_is_told_apart(assistant: Assistant) -> None:
    """The measure is called measured."""
    small = await make_evaluation(assistant.client, latency={"return_type": "number", "number_valence": "positive"})
    for name, value in (("a", 1), ("b", 2)):
        fields: dict[str, Any] = {"start_time": "2026-01-01T00:00:00Z", "end_time": f"2026-01-01T00:00:0{value}Z"}
        await small.run(name, _logs([value + at / 10 for at in range(7)], "small/latency"), **fields)
    answer = await assistant.ask("compare_runs", evaluation="Small")
    assert "\nlatency | 7 | " in answer
    assert "\nlatency (measured) | 7 | " in answer
    assert "Lower measured latency, tokens and cost are better." in answer
    assert "\nlog | datapoint | latency (measured) | latency\n" in await assistant.ask(
        "get_logs", evaluation="Small", runs=["a"], sort="latency"
    )


async def test_an_evaluator_called_like_a_column_is_told_apart(assistant: Assistant) -> None:
    """The column of the runs says so."""
    small = await make_evaluation(assistant.client, logs={"return_type": "boolean"})
    await small.run("a", [("q", {"small/logs": True})])
    assert "\nrun | logs (of the run) | logs | id\na | 1 | 100% true | " in await assistant.ask(
        "list_runs", evaluation="Small"
    )


def test_paths_have_the_shortest_labels_that_differ() -> None:
    """A path that ends another one keeps its whole name."""
    paths = ["ok", "a/ok", "b/ok", "x/b/ok", "tone", "x/tone/y"]
    labels = path_labels(paths)
    assert labels == {
        "ok": "ok",
        "a/ok": "a/ok",
        "b/ok": "b/ok",
        "x/b/ok": "x/b/ok",
        "tone": "tone",
        "x/tone/y": "y",
    }
    assert len(set(labels.values())) == len(paths)

"""What a reviewer asks about real evaluations, as a host asks it: the answers show what is known to be true of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.in_process import connect

from evals_mcp.cli.stdio_client import Asker

pytestmark = pytest.mark.anyio
RAG = "Northwind employee-benefits RAG chat"
LONG = "Misguided Attention"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The server stays for all tests here, so the loop does."""
    return "asyncio"


@pytest.fixture(scope="module")
async def asker(recorded_database: Path) -> AsyncIterator[Asker]:
    """A server of that database."""
    async with connect({"EVALS_MCP_DATABASE": str(recorded_database)}) as assistant:
        yield Asker(assistant.host)


async def test_means_per_run_are_the_published_ones(asker: Asker) -> None:
    """Groundedness, similarity and their differences to the control are as the source published them."""
    answer = (await asker.ask("list_runs", {"evaluation": RAG})).text
    lines = {line.split(" | ")[0]: line for line in answer.splitlines()}
    assert "| 4.79 | 4.79 | 4.83 | 3.44 |" in lines["baseline-2023-12 (control)"]
    assert "| 4.27 (-0.52) |" in lines["prompt-ignore-sources"]
    assert "2.64 (-0.80)" in lines["prompt-ignore-sources"]


async def test_failed_judgments_are_counted_and_in_no_mean(asker: Asker) -> None:
    """The 33 failures of one run are named, and its means are over the 189 logs that were judged."""
    answer = (await asker.ask("list_runs", {"evaluation": RAG})).text
    assert "Excluded: 33 failed judgments (text-retrieval-2024-02:" in answer
    assert "4.82 (unpaired +0.03) n=189" in answer


async def test_an_evaluator_that_is_false_everywhere_is_pointed_out(asker: Asker) -> None:
    """It says nothing about the runs, and the answer says that."""
    answer = (await asker.ask("list_runs", {"evaluation": RAG})).text
    assert "citation_match is false on all 400 judged logs" in answer


async def test_the_logs_of_failed_judgments_can_be_listed(asker: Asker) -> None:
    """The eleven logs are found by what happened to them."""
    answer = (await asker.ask("get_logs", {"evaluation": RAG, "limit": 20, "where": ["judgment=failed"]})).text
    assert "\n11 logs with a failed judgment, newest first." in answer


async def test_inputs_of_a_log_are_wider_than_its_datapoints(asker: Asker) -> None:
    """A log shows the context that its run retrieved, which the dataset does not have."""
    logs = (await asker.ask("get_logs", {"evaluation": RAG, "runs": ["prompt-refined"], "limit": 1})).text
    points = (await asker.ask("list_datapoints", {"evaluation": RAG, "limit": 1})).text
    assert "input (question, context)" in logs
    assert "\ndatapoint | input (question, row) | target (answer) | " in points


async def test_an_output_of_any_length_stays_in_the_budget(asker: Asker) -> None:
    """The longest output has 176,490 characters; the answer says so and stays small."""
    arguments = {"evaluation": LONG, "sort": "length", "limit": 1, "max_tokens": 500}
    answer = (await asker.ask("get_logs", arguments)).text
    assert "characters)" in answer
    assert len(answer) < 2500


async def test_walking_the_cursors_shows_every_log_once(asker: Asker) -> None:
    """Nothing is unreachable, and nothing comes twice."""
    seen: list[str] = []
    arguments: dict[str, object] = {"evaluation": LONG, "runs": ["claude-opus-4"], "limit": 50, "max_tokens": 8000}
    for _ in range(20):
        answer = (await asker.ask("get_logs", arguments)).text
        seen += [line.split(";")[0] for line in answer.splitlines() if line.startswith("log_")]
        if 'cursor="' not in answer:
            break
        arguments["cursor"] = answer.rpartition('cursor="')[2].partition('"')[0]
    assert len(seen) == len(set(seen)) == 156

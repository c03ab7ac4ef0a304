"""A repeated question reads only what has changed, and says how old the rest is."""

from typing import Any

import anyio
import pytest
from tests.mirror.conftest import LOGS, Mirrored
from tests.small_evaluations import make_evaluation

from evals_mcp.models.log_requests import PromptLogRequest

pytestmark = pytest.mark.anyio


async def test_only_the_runs_of_a_question_are_read(mirrored: Mirrored) -> None:
    """Page by page; the overview needs no logs at all."""
    assert await mirrored.ask("list_runs") == await mirrored.ask_directly("list_runs")
    assert mirrored.server.log_pages() == []
    assert await mirrored.ask(runs=["v2"]) == await mirrored.ask_directly(runs=["v2"])
    assert len(mirrored.server.log_pages(mirrored.runs["v2"])) == 3
    assert mirrored.server.log_pages(mirrored.runs["v1"]) == []
    await mirrored.ask("compare_runs")
    assert len(mirrored.server.log_pages()) == 6


async def test_rows_that_were_read_before_say_their_age(mirrored: Mirrored) -> None:
    """Nothing is read again as long as the server shows no change."""
    first = await mirrored.ask(sort="worst", evaluator="stars")
    asked = len(mirrored.server.log_pages())
    mirrored.clock.now += 200
    again = await mirrored.ask(sort="worst", evaluator="stars")
    assert len(mirrored.server.log_pages()) == asked
    assert "Rows read 3 min ago; the server shows no change since." in again
    assert "Rows read" not in first
    mirrored.clock.now += 10_000
    assert "Rows read 3 h ago" in await mirrored.ask()


async def test_only_a_run_that_changed_is_read_again(mirrored: Mirrored) -> None:
    """A new log and a judgment that was changed are seen by the counts and figures of the run."""
    await mirrored.ask()
    mirrored.server.asked.clear()
    await mirrored.small.run("v3", [("question 1", {"small/correct": True})])
    assert await mirrored.ask(runs=["v3"]) == await mirrored.ask_directly(runs=["v3"])
    logs = await mirrored.small.client.raw_pages.run_logs(mirrored.small.id, mirrored.runs["v1"], 1, 10)
    await mirrored.small.judge(logs.records[0]["log"]["id"], "small/stars", 4.5)
    assert await mirrored.ask_again(sort="length") == await mirrored.ask_directly(sort="length")
    assert "4.5" in await mirrored.ask(where=["stars>=4.5"])
    assert len(mirrored.server.log_pages(mirrored.runs["v1"])) == 3
    assert mirrored.server.log_pages(mirrored.runs["v2"]) == []


@pytest.mark.slow
async def test_runs_that_only_a_condition_names_are_read(mirrored: Mirrored) -> None:
    """Which datapoints another run passes can only be told from its logs."""
    for where in (["passes(correct)=v1"], ["fails(correct)=v1"]):
        asked: dict[str, Any] = {"runs": ["v2"], "where": where}
        for tool in ("get_logs", "list_datapoints"):
            assert await mirrored.ask_again(tool, **asked) == await mirrored.ask_directly(tool, **asked)


@pytest.mark.slow
async def test_what_is_gone_on_the_server_is_gone_here(mirrored: Mirrored) -> None:
    """Logs that were deleted, and a run that was taken out of the evaluation."""
    await mirrored.ask()
    client = mirrored.small.client
    logs = await client.raw_pages.run_logs(mirrored.small.id, mirrored.runs["v1"], 1, 4)
    gone = [item["log"]["id"] for item in logs.records]
    await client.connection.send_only("DELETE", ("logs",), {"id": gone})
    assert f"{2 * LOGS - 4} logs" in await mirrored.ask()
    removed = ("evaluations", mirrored.small.id, "runs", mirrored.runs["v2"])
    await client.connection.send_only("DELETE", removed)
    assert f"{LOGS - 4} logs" in await mirrored.ask()
    assert await mirrored.ask("list_runs") == await mirrored.ask_directly("list_runs")


async def test_a_write_through_our_tools_is_read_again(mirrored: Mirrored) -> None:
    """The run that was written to counts as changed, even if the server shows no sign of it."""
    await mirrored.ask()
    mirrored.server.asked.clear()
    mirrored.mirror.changed(mirrored.small.id, mirrored.runs["v2"])
    await mirrored.ask()
    assert len(mirrored.server.log_pages()) == len(mirrored.server.log_pages(mirrored.runs["v2"])) == 3
    request = PromptLogRequest(path="small/prompt", output="new words")
    runs = (await mirrored.small.client.runs.list(mirrored.small.id)).runs
    (version,) = (run.version for run in runs if run.id == mirrored.runs["v2"])
    assert version is not None
    log = await mirrored.small.client.prompts.log(request, version_id=version.version_id)
    assert f"{LOGS + 1} logs" in await mirrored.ask("add_logs_to_run", run="v2", log_ids=[log.id])
    assert "new words" in await mirrored.ask(where=["text~new words"])


@pytest.mark.slow
async def test_two_questions_at_once_read_once(mirrored: Mirrored) -> None:
    """The second waits for what the first one reads."""
    answers: set[str] = set()

    async def ask() -> None:
        answers.add(await mirrored.ask_again(limit=3))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(ask)
    assert len(mirrored.server.log_pages()) == 6
    assert len(answers) == 1


@pytest.mark.slow
async def test_a_run_in_two_evaluations_is_judged_by_each(mirrored: Mirrored) -> None:
    """Of each evaluation the pages show the judgments of its own evaluators."""
    await mirrored.ask(where=["correct=true"])
    client = mirrored.small.client
    other = await make_evaluation(client, "Other", words={"return_type": "text"})
    await client.runs.add_existing(other.id, mirrored.runs["v1"])
    for evaluation in (other.id, mirrored.small.id, other.id):
        for tool, asked in (("get_logs", {"runs": ["v1"], "limit": 5}), ("list_runs", {})):
            answer = await mirrored.ask(tool, evaluation=evaluation, **asked)
            assert answer == await mirrored.ask_directly(tool, evaluation=evaluation, **asked)

"""What add_logs_to_run adds, refuses, and says about the run afterwards."""

from pathlib import Path

import pytest
from tests.assistant import Assistant, connect_assistant, log_ids
from tests.documented_only import documented_client, mirror_of
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.log_requests import PromptLogRequest
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"
RIGHT = {"small/right": True}


async def _ids(assistant: Assistant, run: str, limit: int, evaluation: str = NAME) -> list[str]:
    answer = await assistant.ask("get_logs", evaluation=evaluation, runs=[run], limit=limit, max_tokens=20_000)
    return [(await assistant.client.reviews.find_log_ids(id))[0] for id in log_ids(answer)]


async def _small(tmp_path: Path) -> SmallEvaluation:
    """Two runs of two versions, each with a judged log for q0 and q1."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    small = await make_evaluation(EvalsClient(open_app=lambda: app), right={"return_type": "boolean"})
    for name in ("v1", "v2"):
        await small.run(name, [("q0", RIGHT), ("q1", RIGHT)])
    return small


async def _log_again(small: SmallEvaluation, run: str, question: str | None) -> str:
    """A judged log of a run's version that is in no run; for a question, or no datapoint."""
    runs = {
        item.version.version_name: item.version.version_id
        for item in (await small.client.runs.list(small.id)).runs
        if item.version
    }
    request = PromptLogRequest(
        path="small/prompt", output="again", source_datapoint_id=question and small.datapoints[question]
    )
    log = await small.client.prompts.log(request, version_id=runs[run])
    await small.judge(log.id, "small/right", True)
    return log.id


async def test_logs_join_a_run_with_their_judgments(tmp_path: Path) -> None:
    """The answer says how many were added and what the run lacks."""
    small = await _small(tmp_path)
    ids = [await _log_again(small, "v2", question) for question in ("q0", "q1")]
    async with connect_assistant(small.client) as assistant:
        tried = await assistant.ask("add_logs_to_run", evaluation="Small", run="v2", log_ids=ids, dry_run=True)
        assert tried.startswith("Dry run, nothing was stored. 2 logs can be added to run v2 (run_")
        assert "with 2 logs" in tried
        answer = await assistant.ask("add_logs_to_run", evaluation="Small", run="v2", log_ids=ids)
        assert answer.startswith("Added 2 logs to run v2 (run_")
        assert ids[0] in answer
        assert "The run is completed with 4 logs. Nothing is missing." in answer
        assert "\n4 logs in v2" in await assistant.ask("get_logs", evaluation="Small", runs=["v2"])
        runs = await assistant.ask("list_runs", evaluation="Small")
        assert "Repeated logs of a datapoint are averaged" in runs


async def test_logs_that_are_in_the_run_stay_once(own_assistant: Assistant) -> None:
    """Repeating a call changes nothing."""
    ids = await _ids(own_assistant, "v2", 2)
    answer = await own_assistant.ask("add_logs_to_run", evaluation=NAME, run="v2", log_ids=ids)
    assert answer.startswith("Added 0 logs to run v2-concise")
    assert "Already in the run: 2." in answer


async def test_one_unknown_log_adds_none(own_assistant: Assistant) -> None:
    """All or nothing."""
    ids = await _ids(own_assistant, "v1", 2)
    refused = await own_assistant.refuse("add_logs_to_run", evaluation=NAME, run="v2", log_ids=[*ids, "log_nothing"])
    assert "log_nothing" in refused
    assert "\n40 logs in v2-concise" in await own_assistant.ask("get_logs", evaluation=NAME, runs=["v2"])


async def test_logs_of_another_version_are_refused_by_name(own_assistant: Assistant) -> None:
    """They would count as outputs of the run's version in every figure."""
    ids = await _ids(own_assistant, "v1", 8)
    own = await _ids(own_assistant, "v2", 1)
    refused = await own_assistant.refuse("add_logs_to_run", evaluation=NAME, run="v2", log_ids=[*own, *ids])
    assert refused.startswith("Error: No log was added. Logs of another version than the run's: `log_")
    assert "and 2 more. Leave" in refused
    assert own[0] not in refused
    assert "\n40 logs in v2-concise" in await own_assistant.ask("get_logs", evaluation=NAME, runs=["v2"])


async def test_a_server_without_our_routes_is_checked_log_by_log(tmp_path: Path) -> None:
    """Logs of another version are refused by name, an unknown one stops all, and a dry run adds nothing."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    small = await make_evaluation(EvalsClient(open_app=lambda: app), right={"return_type": "boolean"})
    for name in ("v1", "v2"):
        await small.run(name, [("q0", RIGHT), ("q1", RIGHT)])
    right, wrong = [await _log_again(small, name, "q0") for name in ("v2", "v1")]
    client = documented_client(app)
    call = {"evaluation": "Small", "run": "v2"}
    async with connect_assistant(client, mirror=mirror_of(client)) as assistant:
        refused = await assistant.refuse("add_logs_to_run", **call, log_ids=[right, wrong])
        assert f"No log was added. Logs of another version than the run's: {wrong}." in refused
        assert "log_unknown" in await assistant.refuse(
            "add_logs_to_run", **call, log_ids=[right, "log_unknown_of_all_x"]
        )
        tried = await assistant.ask("add_logs_to_run", **call, log_ids=[right], dry_run=True)
        assert tried.startswith("Dry run, nothing was stored. 1 log can be added to run v2 (run_")
        assert "with 2 logs" in tried
        answer = await assistant.ask("add_logs_to_run", **call, log_ids=[right])
        assert answer.startswith("Added 1 log to run v2 (run_")
        assert "They are of the run's version. This server does not check whether" in answer


async def test_logs_of_foreign_datapoints_are_refused_by_name(tmp_path: Path) -> None:
    """Those without a datapoint, too: nothing could be paired with them."""
    small = await _small(tmp_path)
    await small.run("v3", [("q7", RIGHT)])
    wrong = [await _log_again(small, "v2", "q7"), await _log_again(small, "v2", None)]
    right = await _log_again(small, "v2", "q1")
    async with connect_assistant(small.client) as assistant:
        refused = await assistant.refuse("add_logs_to_run", evaluation="Small", run="v2", log_ids=[right, *wrong])
        named = ", ".join(f"`{id}`" for id in wrong)
        assert f"No log was added. Logs of no datapoint in the run's dataset version: {named}." in refused


async def test_a_run_without_version_and_dataset_takes_any_log(tmp_path: Path) -> None:
    """As the API does. It has no datapoints that could be missing."""
    small = await _small(tmp_path)
    run = await small.client.runs.create(small.id, CreateRunRequest(orchestrated=False))
    ids = [await _log_again(small, "v1", "q0"), await _log_again(small, "v2", None)]
    async with connect_assistant(small.client) as assistant:
        answer = await assistant.ask("add_logs_to_run", evaluation="Small", run=run.id, log_ids=ids)
        assert answer.splitlines()[-2] == "The run is completed with 2 logs. No judgments are missing."
    assert answer.splitlines()[-1].startswith("Undo: undo(")


async def test_foreign_logs_are_no_repeated_logs(tmp_path: Path) -> None:
    """The API takes logs of other datapoints; a run with more logs than datapoints need not repeat one."""
    small = await _small(tmp_path)
    await small.run("v3", [("q7", RIGHT)])
    run = next(
        item.id
        for item in (await small.client.runs.list(small.id)).runs
        if item.version is not None and item.version.version_name == "v2"
    )
    await small.client.runs.add_logs(small.id, run, [await _log_again(small, "v3", "q7")])
    async with connect_assistant(small.client) as assistant:
        listed = await assistant.ask("list_runs", evaluation="Small")
        assert "3 for 2 datapoints" in listed
        assert "Repeated" not in listed

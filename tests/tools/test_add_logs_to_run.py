import pytest
from tests.assistant import Assistant, log_ids

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"


async def _ids(assistant: Assistant, run: str, limit: int) -> list[str]:
    answer = await assistant.ask("get_logs", evaluation=NAME, runs=[run], limit=limit, max_tokens=20_000)
    return log_ids(answer)


async def test_logs_join_a_run_with_their_judgments(own_assistant: Assistant) -> None:
    """The answer says how many were added and what the run lacks."""
    ids = await _ids(own_assistant, "v1", 3)
    answer = await own_assistant.ask("add_logs_to_run", evaluation=NAME, run="v2-concise", log_ids=ids)
    assert answer.startswith("Added 3 logs to run v2-concise (run_")
    assert ids[0] in answer
    assert "with 43 logs" in answer
    assert "\n43 logs in v2-concise" in await own_assistant.ask("get_logs", evaluation=NAME, runs=["v2"])


async def test_logs_that_are_in_the_run_stay_once(own_assistant: Assistant) -> None:
    """Repeating a call changes nothing."""
    ids = await _ids(own_assistant, "v1", 2)
    await own_assistant.ask("add_logs_to_run", evaluation=NAME, run="v2", log_ids=ids)
    answer = await own_assistant.ask("add_logs_to_run", evaluation=NAME, run="v2", log_ids=ids)
    assert answer.startswith("Added 0 logs to run v2-concise")
    assert "Already in the run: 2." in answer


async def test_one_unknown_log_adds_none(own_assistant: Assistant) -> None:
    """All or nothing."""
    ids = await _ids(own_assistant, "v1", 2)
    refused = await own_assistant.refuse("add_logs_to_run", evaluation=NAME, run="v2", log_ids=[*ids, "log_nothing"])
    assert "log_nothing" in refused
    assert "\n40 logs in v2-concise" in await own_assistant.ask("get_logs", evaluation=NAME, runs=["v2"])

"""A run becomes the control, is completed or cancelled."""

import pytest
from tests.assistant import Assistant
from tests.tools.test_log_generation import NAME, _datapoint, _open_run

pytestmark = pytest.mark.anyio


async def test_a_run_becomes_the_control(own_assistant: Assistant) -> None:
    """After a dry run that changes nothing; a second call says that it is so."""
    given = {"evaluation": NAME, "run": "v2", "change": "control"}
    tried = await own_assistant.ask("update_run", **given, dry_run=True)
    assert tried.endswith("Next: the same call without dry_run.")
    assert tried.startswith("Dry run, nothing was stored. Run v2-concise (run_")
    assert "would be the control." in tried
    assert "v1-baseline (control)" in await own_assistant.ask("list_runs", evaluation=NAME)
    assert "is now the control." in await own_assistant.ask("update_run", **given)
    assert "v2-concise (control)" in await own_assistant.ask("list_runs", evaluation=NAME)
    assert "was already the control." in await own_assistant.ask("update_run", **given)


async def test_cancelling_a_run_with_logs_takes_a_confirmation(own_assistant: Assistant) -> None:
    """It is final: nothing can be logged in it, and it cannot be completed."""
    run, datapoint = await _open_run(own_assistant), await _datapoint(own_assistant)
    log = {"evaluation": NAME, "run": run, "datapoint": datapoint, "output": "x"}
    await own_assistant.ask("log_generation", **log)
    refused = await own_assistant.refuse("update_run", evaluation=NAME, run=run, change="cancel")
    assert "has 1 log, and cancelling is final. To do it: confirm=true." in refused
    await own_assistant.ask("log_generation", **log)
    answer = await own_assistant.ask("update_run", evaluation=NAME, run=run, change="cancel", confirm=True)
    assert "is now cancelled." in answer
    refused = await own_assistant.refuse("update_run", evaluation=NAME, run=run, change="complete")
    assert "is cancelled. Only a pending or running run can be completed." in refused
    assert "is cancelled" in await own_assistant.refuse("log_generation", **log)


async def test_a_run_is_completed_early(own_assistant: Assistant) -> None:
    """An empty run is cancelled without a confirmation."""
    run, other = await _open_run(own_assistant), await _open_run(own_assistant)
    assert "is now completed." in await own_assistant.ask("update_run", evaluation=NAME, run=run, change="complete")
    assert "is now cancelled." in await own_assistant.ask("update_run", evaluation=NAME, run=other, change="cancel")

"""Logs that give the cost of their output only: some clients log a total there, others half of it."""

from pathlib import Path
from typing import Any

import pytest
from tests.assistant import connect_assistant
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.log_requests import PromptLogRequest
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
_OUTPUT: dict[str, Any] = {"output_cost": 0.5}
_WHOLE: dict[str, Any] = {"prompt_cost": 0.25, "output_cost": 0.5}


async def _evaluation(tmp_path: Path, **runs: dict[str, Any]) -> SmallEvaluation:
    """Runs over three questions, whose logs have these costs."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    small = await make_evaluation(EvalsClient(open_app=lambda: app), correct={"return_type": "boolean"})
    for name, costs in runs.items():
        await small.run(name, [(question, {"small/correct": True}) for question in ("q0", "q1", "q2")], **costs)
    return small


async def test_runs_that_give_it_alike_are_compared(tmp_path: Path) -> None:
    """The figure stays, with a word that it may be no whole cost."""
    small = await _evaluation(tmp_path, one=_OUTPUT, two={"output_cost": 0.75})
    async with connect_assistant(small.client) as assistant:
        compared = await assistant.ask("compare_runs", evaluation="Small", baseline="one")
        listed = await assistant.ask("get_logs", evaluation="Small", runs=["one"], limit=1)
    assert "\ncost | 3 | $0.500 | $0.750 | +$0.250 |" in compared
    assert "Only the output's cost is logged for 3 in one, 3 in two." in compared
    assert "| output cost |" in listed
    assert "| $0.50 |" in listed


async def test_half_a_cost_is_not_compared_with_a_whole_one(tmp_path: Path) -> None:
    """There is no row for cost, and a note tells why."""
    small = await _evaluation(tmp_path, half=_OUTPUT, whole=_WHOLE)
    async with connect_assistant(small.client) as assistant:
        compared = await assistant.ask("compare_runs", evaluation="Small", baseline="half")
    assert "\ncost |" not in compared
    assert "Only the output's cost is logged for 3 in half." in compared


async def test_a_log_with_half_a_cost_is_left_out_of_a_mean(tmp_path: Path) -> None:
    """Of two logs with both costs and one with the output's only, two count."""
    small = await _evaluation(tmp_path, one=_WHOLE, two=_WHOLE)
    run = await small.run("mixed", [("q0", {}), ("q1", {})], questions=["q0", "q1", "q2"], **_WHOLE)
    half = {"path": "small/prompt", "run_id": run, "source_datapoint_id": small.datapoints["q2"], **_OUTPUT}
    log = await small.client.prompts.log(PromptLogRequest.model_validate(half))
    async with connect_assistant(small.client) as assistant:
        compared = await assistant.ask("compare_runs", evaluation="Small", baseline="one", candidates=["mixed"])
        shown = await assistant.ask("get_log", log=log.id)
    assert "\ncost | 2 | $0.750 | $0.750 | $0.000 |" in compared
    assert "Only the output's cost is logged for 1 in mixed." in compared
    assert "; $0.50 output cost;" in shown

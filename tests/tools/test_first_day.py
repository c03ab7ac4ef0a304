"""What a newcomer asks on the first day, and sentences that must not be misread."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.small_evaluations import FAILS, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"


@pytest.fixture
async def assistant(tmp_path: Path) -> AsyncIterator[Assistant]:
    """Three runs: in the first q0 is wrong by one judge, in the others by another; all judgments by exact failed."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    specs: dict[str, Any] = {name: {"return_type": "boolean"} for name in ("cited", "right", "exact")}
    small = await make_evaluation(EvalsClient(open_app=lambda: app), **specs)
    for number, name in enumerate(("a", "b", "c")):
        judged = {"small/cited": number > 0, "small/right": number == 0, "small/exact": FAILS}
        good = {"small/cited": True, "small/right": True, "small/exact": FAILS}
        await small.run(
            name,
            [("q0", judged), ("q1", {**good, "small/right": number == 2, "small/cited": False})],
            provider_latency=1.0 + number,
        )
    async with connect_assistant(small.client) as assistant:
        yield assistant


async def test_all_fail_says_that_it_means_one_evaluator(assistant: Assistant) -> None:
    """A datapoint that each run fails by another evaluator is none of them."""
    answer = await assistant.ask("list_datapoints", evaluation="Small", show="all_fail")
    assert "1 datapoint that every run fails by the same evaluator." in answer
    assert "datapoints whose judged logs all fail by the same evaluator" in answer


async def test_a_text_that_no_datapoint_has_is_looked_for_in_outputs(assistant: Assistant) -> None:
    """The answer says where it searched, and its call finds the output."""
    answer = await assistant.ask("list_datapoints", evaluation="Small", where=["text~answers q1"])
    assert 'No datapoints containing "answers q1" in inputs or targets.' in answer
    (id,) = re.findall(r'Search outputs, too: get_logs\(evaluation="(\w+)", where=\["text~answers q1"\]\)', answer)
    assert '3 logs containing "answers q1"' in await assistant.ask("get_logs", evaluation=id, where=["text~answers q1"])


async def test_runs_without_common_judgments_have_no_zero(assistant: Assistant) -> None:
    """Nothing got worse would read as good news."""
    answer = await assistant.ask("compare_runs", evaluation="Small", candidates=["b"], evaluators=["exact"])
    assert "No datapoint has comparable judgments in both a and b." in answer
    assert "got worse" not in answer


async def test_errors_are_of_either_run(assistant: Assistant) -> None:
    """Also where several candidates are compared."""
    answer = await assistant.ask("compare_runs", evaluation="Small", outcome="errors")
    assert re.search(r"2 datapoints have an error or a failed judgment in a or [bc]:", answer)


async def test_a_judgment_state_is_no_judgment(assistant: Assistant) -> None:
    """A log is not judged missing; and there is no order of no logs."""
    answer = await assistant.ask("get_logs", evaluation="Small", where=["judgment=failed"])
    assert "\n6 logs with a failed judgment, newest first." in answer
    assert (
        "\n0 logs with a missing judgment.\n"
        in f"{await assistant.ask('get_logs', evaluation='Small', where=['judgment=missing'])}\n"
    )


async def test_an_explanation_without_room_leaves_a_mark(own_assistant: Assistant) -> None:
    """A reader would else take it that the judge gave none."""
    whole = await own_assistant.ask("get_logs", evaluation=NAME, where=["judgment=failed"], max_tokens=4_000)
    assert re.search(r'failed \("', whole)
    for budget in (300, 330, 360, 400, 500):
        answer = await own_assistant.ask("get_logs", evaluation=NAME, where=["judgment=failed"], max_tokens=budget)
        assert re.search(r'failed \((…|")', answer)


async def test_the_output_comes_before_scraps_of_inputs(own_assistant: Assistant) -> None:
    """Who reads a log with few tokens reads what it says."""
    found = await own_assistant.ask("get_logs", evaluation=NAME, runs=["v2"], limit=1, max_tokens=500)
    (log,) = re.findall(r"\blog_\w+", found)[:1]
    answer = await own_assistant.ask("get_log", log=log, max_tokens=300)
    assert answer.splitlines()[1].startswith(("output", "error"))

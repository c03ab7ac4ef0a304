"""Runs with several logs for a datapoint: list_runs, compare_runs and the reports give one figure."""

import re
from pathlib import Path
from typing import Any

import pytest
from mcp.types import TextResourceContents
from tests.assistant import connect_assistant
from tests.documented_only import documented_client, mirror_of
from tests.small_evaluations import make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
SPECS: dict[str, Any] = {
    "correct": {"return_type": "boolean"},
    "stars": {"return_type": "number"},
    "tone": {"return_type": "select", "options": [{"name": "kind"}, {"name": "curt"}]},
}


async def test_a_datapoint_counts_once_in_every_tool(tmp_path: Path) -> None:
    """Of nine logs, 7 are of the one datapoint that is right: a third, not 77.8 %."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    client = EvalsClient(open_app=lambda: app)
    small = await make_evaluation(client, **SPECS)
    right = {"small/correct": True, "small/stars": 5, "small/tone": "kind"}
    wrong = {"small/correct": False, "small/stars": 2, "small/tone": "curt"}
    await small.run("repeated", [*[("q0", right)] * 7, ("q1", wrong), ("q2", wrong)])
    await small.run("single", [("q0", right), ("q1", right), ("q2", wrong)])
    remote = documented_client(app)
    async with connect_assistant(client) as direct, connect_assistant(remote, mirror=mirror_of(remote)) as mirrored:
        runs = await direct.ask("list_runs", evaluation="Small")
        assert re.search(r"^repeated \| .*33\.3% true \| 3\.00 \| curt 66\.7%, kind 33\.3% \|", runs, re.MULTILINE)
        assert "Repeated logs of a datapoint are averaged, so each datapoint counts once." in runs
        compared = await direct.ask("compare_runs", evaluation="Small")
        for row in ("correct | 3 | 33.3%", "stars | 3 | 3.00", "tone | 3 | curt 66.7%, kind 33.3%"):
            assert f"\n{row} |" in compared
        (content,) = (await direct.host.read_resource("evals://evaluations/Small")).contents
        assert isinstance(content, TextResourceContents)
        assert "| 33.3% true | 3.00 |" in content.text
        assert "77.8%" not in runs + compared + content.text
        unread = await mirrored.ask("list_runs", evaluation="Small")
        assert "Repeated logs count one by one here. compare_runs averages them by datapoint." in unread
        await mirrored.ask("compare_runs", evaluation="Small")
        assert "33.3% true" in await mirrored.ask("list_runs", evaluation="Small")
        listed = await direct.ask("list_evaluations")
        assert "repeated 33.3% true" in listed


async def test_repeated_logs_of_one_datapoint_are_listed(tmp_path: Path) -> None:
    """Their input stands once, also where all logs are of the same datapoint."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    client = EvalsClient(open_app=lambda: app)
    small = await make_evaluation(client, **SPECS)
    await small.run("repeated", [*[("q0", {"small/correct": True})] * 3, ("q1", {"small/correct": True})])
    async with connect_assistant(client) as assistant:
        listed = await assistant.ask("list_datapoints", evaluation="Small", runs=["repeated"])
        datapoint = re.search(r"dp_\w+", listed)
        assert datapoint is not None
        logs = await assistant.ask("get_logs", evaluation="Small", runs=["repeated"], datapoint=datapoint[0])
    assert logs.count('question: "q0"') == 1, logs
    assert logs.count("repeated answers q0") == 3


async def test_logs_are_counted_against_the_datapoints_that_have_one(tmp_path: Path) -> None:
    """Of a dataset that is larger, also where a run has as many logs as the dataset has datapoints."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    client = EvalsClient(open_app=lambda: app)
    small, asked = await make_evaluation(client, **SPECS), [f"q{number}" for number in range(5)]
    for called, logs in (("few", 4), ("even", 5), ("many", 6), ("each", 0)):
        of = ["q0", "q1"] * 3 if logs else asked
        await small.run(called, [(question, {}) for question in of[: logs or None]], questions=asked)
    remote = documented_client(app)
    async with connect_assistant(client) as direct, connect_assistant(remote, mirror=mirror_of(remote)) as mirrored:
        runs = await direct.ask("list_runs", evaluation="Small")
        for row in ("few", "even", "many"):
            assert re.search(rf"^{row} \| .*\b[456] for 2 of 5 datapoints \|", runs, re.MULTILINE), runs
        assert re.search(r"^each \|(.*\|)? 5 \|", runs, re.MULTILINE)
        assert "| 4 for 2 of 5 datapoints |" in await mirrored.ask("list_runs", evaluation="Small")

"""What results of tools hold beside judgments, as the answers tell it, directly and through a mirror."""

from pathlib import Path
from typing import Any

import pytest
from tests.assistant import connect_assistant
from tests.documented_only import documented_client, mirror_of
from tests.small_evaluations import make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.models.runs import UpdateRunRequest
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio

_FIGURES = [
    ReportedFigure(name="mean", value=0.52, evaluator="small/faithful", source="a tool", stderr=0.05),
    ReportedFigure(name="mean", value=3.5, evaluator="small/stars", source="a tool"),
    ReportedFigure(name="judge", value="large | v2", source="a tool"),
]


async def test_verdicts_and_reported_figures_are_told(tmp_path: Path) -> None:
    """Pass rates beside means, verdicts beside judgments, and only the reported figure that the judgments deny."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    client = EvalsClient(open_app=lambda: app)
    specs: dict[str, Any] = {"faithful": {"return_type": "number"}, "right": {"return_type": "boolean"}}
    small = await make_evaluation(client, **specs, stars={"return_type": "number"})
    run_id = await small.run("one", [(f"q{number}", {}) for number in range(4)], cached_tokens=7, prompt_tokens=90)
    page = (await client.raw_pages.run_logs(small.id, run_id, 1, size=10)).records
    logs = [item["log"]["id"] for item in page]
    for number, (log, score) in enumerate(zip(logs, (0.62, 0.8, 0.9, 0.68), strict=True)):
        await small.judge(log, "small/faithful", score, passed=score >= 0.7, threshold=0.7)
        await small.judge(log, "small/right", number > 0, samples=[True, False, number > 0], score=0.25)
        await small.judge(log, "small/stars", number + 2.004)
    await small.run("two", [("q0", {"small/faithful": 0.5}), ("q1", {})])
    await client.runs.update(small.id, run_id, UpdateRunRequest(reported_figures=_FIGURES))
    remote = documented_client(app)
    async with connect_assistant(client) as direct, connect_assistant(remote, mirror=mirror_of(remote)) as mirrored:
        await mirrored.ask("compare_runs", evaluation="Small")
        for assistant in (direct, mirrored):
            runs = await assistant.ask("list_runs", evaluation="Small")
            assert "| 0.75, 50% passed |" in runs
            differ = "one: mean of faithful 0.52 (stderr 0.05) by a tool, recomputed 0.75 (n=4)"
            assert f"Reported figures differ from the recomputed ones: {differ}." in runs
            failed = await assistant.ask("get_logs", evaluation="Small", judgment="not passed", evaluator="faithful")
            assert failed.splitlines()[1].startswith('2 logs judged "not passed" by faithful')
            assert "0.62 not passed" in failed
            assert "faithful (threshold 0.7)" in failed
            assert "7 cached" in failed
        log = await direct.ask("get_log", log=logs[0])
        assert "judgments.faithful 0.62, not passed (threshold 0.7)" in log
        assert "judgments.right false, score 0.25, 1 of 3 true" in log
        assert "tokens 90 in, 7 cached" in log
        (content,) = (await direct.host.read_resource(f"evals://evaluations/Small/runs/{run_id}")).contents
        assert 'Reported by a tool: mean of faithful 0.52 (stderr 0.05), mean of stars 3.5, judge "large \\| v2".' in (
            content.text  # type: ignore[union-attr]
        )

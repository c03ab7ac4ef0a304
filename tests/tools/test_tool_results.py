"""What results of tools hold beside judgments, as the answers tell it, directly and through a mirror."""

import re
from pathlib import Path
from typing import Any

import pytest
from mcp.types import TextResourceContents
from tests.assistant import connect_assistant
from tests.documented_only import documented_client, mirror_of
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.models.runs import UpdateRunRequest
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio

_FIGURES = [
    ReportedFigure(name="mean", value=0.52, evaluator="small/faithful", source="a tool", stderr=0.05),
    ReportedFigure(name="mean", value=3.5, evaluator="small/stars", source="a tool"),
    ReportedFigure(name="judge", value="large | v2", source="a tool"),
    ReportedFigure(name="passes", value=6, evaluator="small/faithful", source="a tool"),
    ReportedFigure(name="failed", value=3, evaluator="small/right", source="a tool"),
    ReportedFigure(name="passed", value=8, evaluator="small/stars", source="a tool"),
]
_SCORES = {
    "one": (0.62, 0.8, 0.9, 0.68, 0.7, 0.71, 0.99, 0.8),
    "two": (0.5, 0.6, 0.4, 0.68, 0.6, 0.71, 0.3, 0.2),
}


async def _judged_run(small: SmallEvaluation, name: str) -> tuple[str, list[str]]:
    """A run whose logs are judged by a number that passes from 0.7 on, and by a boolean that says the same."""
    asked: list[tuple[str, dict[str, object]]] = [(f"q{number}", {}) for number in range(8)]
    run_id = await small.run(name, asked, cached_tokens=7, prompt_tokens=90)
    page = await small.client.raw_pages.run_logs(small.id, run_id, 1, size=10)
    logs = [item["log"]["id"] for item in page.records][::-1]
    for number, (log, score) in enumerate(zip(logs, _SCORES[name], strict=True)):
        await small.judge(log, "small/faithful", score, passed=score >= 0.7, threshold=0.7)
        await small.judge(log, "small/right", score >= 0.7, samples=[True, False, score >= 0.7], score=0.25)
        await small.judge(log, "small/stars", number % 2 + 3.004)
    return run_id, logs


async def test_verdicts_and_reported_figures_are_told(tmp_path: Path) -> None:
    """Pass rates beside means, verdicts beside judgments, and only the reported figure that the judgments deny."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    client = EvalsClient(open_app=lambda: app)
    specs: dict[str, Any] = {"faithful": {"return_type": "number"}, "right": {"return_type": "boolean"}}
    small = await make_evaluation(client, **specs, stars={"return_type": "number"})
    run_id, logs = await _judged_run(small, "one")
    await _judged_run(small, "two")
    await client.runs.update(small.id, run_id, UpdateRunRequest(reported_figures=_FIGURES))
    remote = documented_client(app)
    async with connect_assistant(client) as direct, connect_assistant(remote, mirror=mirror_of(remote)) as mirrored:
        for assistant in (mirrored, direct):
            compared = await assistant.ask("compare_runs", evaluation="Small")
            rows = dict(re.findall(r"^(faithful passed|right) \| (.*)$", compared, re.MULTILINE))
            assert rows["faithful passed"] == rows["right"]  # the same figures, test and verdict
            assert rows["right"].startswith("8 | 75% | 12.5% | -62.5 points |")
            assert "Holm-adjusted over 3 comparisons" in compared  # the constant stars have no p
            runs = await assistant.ask("list_runs", evaluation="Small")
            assert "one | 8 | 0.78, 75% passed |" in runs
            differ = (
                "one: mean of faithful 0.52 (stderr 0.05) by a tool, recomputed 0.775 (n=8); "
                'one: "failed" of right 3 by a tool, recomputed 2 (n=8)'
            )
            assert f"Reported figures differ from the recomputed ones: {differ}." in runs
            failed = await assistant.ask(
                "get_logs",
                evaluation="Small",
                runs=["one"],
                where=["faithful=not passed"],
            )
            assert '2 logs in one judged "not passed" by faithful' in failed
            assert "0.62 not passed" in failed
            assert "faithful (threshold 0.7)" in failed
            assert "7 cached" in failed
        log = await direct.ask("get_log", log=logs[0])
        assert "judgments.faithful 0.62, not passed (threshold 0.7)" in log
        assert "judgments.right false, score 0.25, 1 of 3 true" in log
        assert "tokens 90 in, 7 cached" in log
        (content,) = (await direct.host.read_resource(f"evals://evaluations/Small/runs/{run_id}")).contents
        assert isinstance(content, TextResourceContents)
        reported = (
            'Reported by a tool: mean of faithful 0.52 (stderr 0.05), mean of stars 3.5, judge "large \\| v2", '
            'passes of faithful 6, "failed" of right 3, passed of stars 8.'
        )
        assert reported in content.text
        unlogged = await small.run("three", [], questions=["q0"])
        await client.runs.update(small.id, unlogged, UpdateRunRequest(reported_figures=_FIGURES[2::-1]))
        runs = await direct.ask("list_runs", evaluation="Small")
        told = 'three: mean of stars 3.5, mean of faithful 0.52 (stderr 0.05), judge "large \\| v2"'
        assert f"Only reported, without logs here: {told}." in runs

"""Runs that share no datapoints are compared over all their logs, and the answer says that they are not paired."""

from pathlib import Path

import pytest
from tests.assistant import connect_assistant
from tests.small_evaluations import make_evaluation

from evals_mcp.config import Settings
from evals_mcp.models.log_requests import PromptLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import VersionReference
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio


async def test_runs_without_datapoints_are_compared_unpaired(tmp_path: Path) -> None:
    """What was judged is not called unjudged; a rate is tested, a mean is only shown."""
    async with (
        build_client(Settings(database=str(tmp_path / "evals.db"))) as client,
        connect_assistant(client) as assistant,
    ):
        small = await make_evaluation(client, "Live", right={"return_type": "boolean"}, stars={"return_type": "number"})
        for version in ("v1", "v2"):
            fields = {"path": "small/prompt", "model": "none", "attributes": {"n": version}, "version_name": version}
            prompt = await client.prompts.upsert(PromptRequest.model_validate(fields))
            request = CreateRunRequest(version=VersionReference(version_id=prompt.version_id), orchestrated=False)
            run = await client.runs.create(small.id, request)
            for number in range(8):
                fields = {"path": "small/prompt", "run_id": run.id, "output": str(number)}
                log = await client.prompts.log(PromptLogRequest.model_validate(fields), version_id=prompt.version_id)
                await small.judge(log.id, "small/right", version == "v1")
                await small.judge(log.id, "small/stars", number)
        answer = await assistant.ask("compare_runs", evaluation="Live")
        assert "The runs have no datapoints, so their logs cannot be paired." in answer
        assert ", not paired.\nNo pairs to compare." in answer
        assert (
            "Unpaired, over all judged logs: v2: right 100% true (n=8) → 0% true (n=8), -100 points, "
            "Fisher's exact test p=0.0002; stars 3.50 (n=8) → 3.50 (n=8), 0.00, not tested. p is not adjusted."
        ) in answer
        assert "Not judged" not in answer
        await small.run("v3", [(f"q{at}", {"small/right": True, "small/stars": at}) for at in range(8)])
        mixed = await assistant.ask("compare_runs", evaluation="Live", baseline="v3")
        for text in (mixed, await assistant.ask("compare_runs", evaluation="Live", candidates=["v3", "v2"])):
            assert "No judgments in" not in text
            assert "dataset version" not in text
            assert "no logs" not in text
        assert "v1 has no datapoints, so it cannot be paired." in mixed
        report = await assistant.host.read_resource(f"evals://evaluations/{small.id}")
        assert "Unpaired, over all judged logs" in str(report.contents[0])

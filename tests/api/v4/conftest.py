"""On SQLite: a prompt, a dataset and evaluators, made through v5, and evaluations of them, made through v4."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

Make = Callable[..., Awaitable[Any]]


@pytest.fixture
async def make(api: httpx.AsyncClient) -> Make:
    """Send a request that must succeed, and give its answer."""

    async def send(method: str, path: str, body: Any = None, **query: Any) -> Any:
        response = await api.request(method, path, json=body, params=query or None)
        assert response.is_success, response.text
        return response.json()

    return send


@pytest.fixture
async def files(make: Make) -> SimpleNamespace:
    """Ids of a prompt, its two versions, a dataset, its datapoints in order, and two evaluators that callers run."""
    prompts = [
        await make("POST", "/v5/prompts", {"path": "bots/support", "model": "m", "temperature": number})
        for number in (0.1, 0.2)
    ]
    points = [{"inputs": {"question": f"q{number}"}, "target": {"answer": None}} for number in range(5)]
    body = {"path": "data/questions", "datapoints": points}
    dataset = await make("POST", "/v5/datasets", body, include_datapoints=True)
    evaluators = [
        await make(
            "POST",
            "/v5/evaluators",
            {
                "path": f"judges/{return_type}",
                "spec": {
                    "evaluator_type": "external",
                    "arguments_type": "target_free",
                    "return_type": return_type,
                },
            },
        )
        for return_type in ("boolean", "number")
    ]
    return SimpleNamespace(
        prompt=prompts[0]["id"],
        versions=[prompt["version_id"] for prompt in prompts],
        dataset=dataset["id"],
        dataset_version=dataset["version_id"],
        datapoints=[point["id"] for point in dataset["datapoints"]],
        helpful=evaluators[0]["id"],
        helpful_version=evaluators[0]["version_id"],
        score=evaluators[1]["id"],
        score_version=evaluators[1]["version_id"],
    )


@pytest.fixture
def evaluate(make: Make, files: SimpleNamespace) -> Make:
    """Create an evaluation that the caller logs to; it is pending, or running if asked for."""

    async def create(*, running: bool = True, **changes: Any) -> Any:
        body = {
            "config_id": files.versions[0],
            "dataset_id": files.dataset,
            "evaluator_ids": [files.helpful, files.score],
            "hl_generated": False,
        }
        evaluation = await make("POST", f"/v4/projects/{files.prompt}/evaluations", body | changes)
        if running:
            evaluation = await make("PATCH", f"/v4/evaluations/{evaluation['id']}/status", {"status": "running"})
        return evaluation

    return create

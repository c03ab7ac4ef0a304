"""What the server would have to do for v4's evaluations is answered with errors, as in v5."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.anyio

Make = Callable[..., Awaitable[Any]]


async def test_an_evaluation_that_the_server_should_generate_is_completed_with_errors(
    make: Make, evaluate: Make, files: SimpleNamespace
) -> None:
    """At once, so that nobody waits for it; each datapoint's log says why."""
    evaluation = await evaluate(running=False, hl_generated=True, evaluator_ids=[])
    shown = await make("GET", f"/v4/evaluations/{evaluation['id']}")
    assert shown["status"] == "completed"
    page = await make("GET", f"/v4/evaluations/{evaluation['id']}/datapoints")
    assert ["cannot generate logs yet" in record["log"]["error"] for record in page["records"]] == [True] * 5


async def test_python_evaluators_fail_at_once(make: Make, evaluate: Make, files: SimpleNamespace) -> None:
    """For a log that comes, and for logs that are there when one is attached."""
    specs = [
        {"arguments_type": "target_free", "return_type": "number", "evaluator_type": "python", "code": f"# {number}"}
        for number in range(2)
    ]
    first, second = [
        (await make("POST", "/v5/evaluators", {"path": f"judges/python{number}", "spec": spec}))["id"]
        for number, spec in enumerate(specs)
    ]
    evaluation = await evaluate(evaluator_ids=[first])
    place = f"/v4/evaluations/{evaluation['id']}"
    await make("POST", f"{place}/log", {"datapoint_id": files.datapoints[0], "log": {}})
    await make("PATCH", f"{place}/evaluators", {"evaluator_ids": [second]})
    record = (await make("GET", f"{place}/datapoints"))["records"][0]
    assert ["cannot run Python" in result["error"] for result in record["evaluation_results"]] == [True, True]

"""A run whose logs are all errors is not just completed."""

import pytest
from tests.assistant import Assistant
from tests.own_rows import app, assistant, client
from tests.small_evaluations import make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.references import EvaluatorReference

__all__ = ["app", "assistant", "client"]

pytestmark = pytest.mark.anyio


async def test_a_run_of_errors_is_not_just_completed(client: EvalsClient, assistant: Assistant) -> None:
    """Its status says that all logs are errors. An evaluator that the server would have to run is named."""
    small = await make_evaluation(client, correct={"return_type": "boolean"})
    questions = ["a", "b", "c"]
    await small.run("fine", [(question, {"small/correct": True}) for question in questions])
    await small.run("broken", [(question, {}) for question in questions], output=None, error="Timeout")
    judge = {"evaluator_type": "python", "code": "def judge(log): return True", "return_type": "boolean"}
    spec = {"path": "small/judge", "spec": {"arguments_type": "target_free", **judge}}
    version = await client.evaluators.upsert(EvaluatorRequest.model_validate(spec))
    await client.evaluations.add_evaluators(
        small.id, [EvaluatorReference(version_id=version.version_id, orchestrated=True)]
    )
    answer = await assistant.ask("list_runs", evaluation="Small")
    assert ", all 3 logs are errors | 3 | " in answer
    assert answer.count("are errors") == 1
    if assistant.client is client:  # other servers may run it
        assert "\nNot run, because this server runs no code and no model: judge." in answer

"""Answers about generated evaluations are followed by the call that each offers."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.assistant import Assistant
from tests.small_evaluations import SmallEvaluation
from tests.tools.test_offered_calls import ASKED, HOSTILE, SHOWN, anyio_backend, assistant, check_reach, follow

from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.references import FileReference

pytestmark = pytest.mark.anyio

__all__ = ["anyio_backend", "assistant"]

_TEXT = st.text(max_size=120).map(lambda text: text.replace("\x00", "")) | st.sampled_from(HOSTILE)


@given(
    texts=st.lists(_TEXT, min_size=1, max_size=4), options=st.lists(_TEXT, max_size=3), budget=st.integers(300, 1_200)
)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_generated_evaluations_keep_every_promise(
    assistant: Assistant, real_tokens: Callable[[str], int], texts: list[str], options: list[str], budget: int
) -> None:
    """Any texts in questions, outputs, and options: within the budget, in the frame, and everything reached once."""
    clean = [text.encode("utf-8", "ignore").decode() for text in texts]
    names = list(dict.fromkeys(f"o{option.encode('utf-8', 'ignore').decode()}"[:90] for option in options)) or ["one"]
    request = CreateEvaluationRequest(name=None, file=FileReference(path="odd/prompt"), evaluators=[])
    evaluation = SmallEvaluation(assistant.client, (await assistant.client.evaluations.create(request)).id)
    path = f"offered/{evaluation.id}"
    await evaluation.evaluator(path, return_type="multi_select", options=[{"name": option} for option in names])
    asked = [f"{number} {text}" for number, text in enumerate(clean)]
    for number, said in enumerate((names, names[:1])):
        outputs = {question: text * (number + 1) for question, text in zip(asked, clean, strict=True)}
        await evaluation.run(f"{evaluation.id} {number}", [(item, {path: said}) for item in asked], outputs=outputs)
    answers = [await assistant.ask("list_runs", evaluation=evaluation.id, max_tokens=budget)]
    for tool, amount in (("get_logs", 2 * len(asked)), ("list_datapoints", len(asked)), ("compare_runs", None)):
        given = {"evaluation": evaluation.id, "max_tokens": budget}
        pages = await follow(assistant, tool, given if amount is not None else {**given, "outcome": "changed"})
        shown = [item for page in pages for item in SHOWN[tool](page)]
        assert len(shown) == len(set(shown))
        assert amount is None or len(shown) == amount
        assert not {"log_fake", "dp_fake"} & set(shown)
        answers += pages
    assert max(map(real_tokens, answers)) <= budget


@pytest.mark.parametrize(("tool", "asked"), ASKED, ids=repr)
async def test_a_budget_between_reaches_everything_once(
    assistant: Assistant, real_tokens: Callable[[str], int], tool: str, asked: dict[str, Any]
) -> None:
    """Rows and answers as in the smallest budget and the default one."""
    await check_reach(assistant, real_tokens, tool, asked, (450, 900))

"""Versions of files as the configs and evaluators of v4."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.anyio

Make = Callable[..., Awaitable[Any]]
LOOK = {"name": "look", "description": "Looks.", "parameters": {"type": "object"}}
JUDGE = {"model": "m", "template": "Judge {{log.output}}"}


@pytest.mark.parametrize(
    ("kind", "content", "config"),
    [
        (
            "prompts",
            {"model": "m", "template": "Answer {{question}}", "other": {"a": 1}, "reasoning_effort": "low"},
            {
                "type": "model",
                "model": "m",
                "prompt_template": "Answer {{question}}",
                "other": {"a": 1, "reasoning_effort": "low"},
                "provider": "openai",
                "max_tokens": -1,
                "temperature": 1,
            },
        ),
        (
            "prompts",
            {"model": "m", "template": [{"role": "user", "content": "Hi"}], "tools": [LOOK]},
            {
                "type": "model",
                "chat_template": [{"role": "user", "content": "Hi"}],
                "tool_configs": [{"id": "look", "type": "tool", "status": "committed", **LOOK}],
            },
        ),
        ("tools", {"function": LOOK, "source_code": "x"}, {"type": "tool", "source_code": "x", **LOOK}),
        ("tools", {"source_code": "x"}, {"type": "tool", "name": "thing", "source_code": "x"}),
        ("flows", {"attributes": {"a": 1}}, {"type": "generic", "name": "thing", "other": {"a": 1}}),
        (
            "agents",
            {
                "model": "m",
                "tools": [{"type": "inline", "json_schema": LOOK}, {"type": "file", "link": {"file_id": "tl_1"}}],
            },
            {"type": "agent", "tools": [{"type": "tool", **LOOK}, {"type": "tool", "name": "tl_1"}]},
        ),
        (
            "evaluators",
            {
                "spec": {
                    "evaluator_type": "llm",
                    "arguments_type": "target_free",
                    "return_type": "text",
                    "prompt": JUDGE,
                }
            },
            {"type": "evaluator", "evaluator_type": "llm", "return_type": "text"},
        ),
    ],
)
async def test_a_version_is_a_config(
    make: Make, files: SimpleNamespace, kind: str, content: dict[str, Any], config: dict[str, Any]
) -> None:
    """A config says what the version says, in the words of v4 and with its defaults."""
    file = await make("POST", f"/v5/{kind}", {"path": "some/thing", **content})
    body = {"config_id": file["version_id"], "dataset_id": files.dataset, "evaluator_ids": [], "hl_generated": False}
    shown = (await make("POST", f"/v4/projects/{file['id']}/evaluations", body))["config"]
    assert {name: shown[name] for name in config} == config
    assert shown["id"] == file["version_id"]


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ({"evaluator_type": "python", "code": "def f(log): return True"}, {"code": "def f(log): return True"}),
        ({"evaluator_type": "llm", "prompt": JUDGE}, {"model_config": {"prompt_template": JUDGE["template"]}}),
        ({"evaluator_type": "human", "instructions": "Read it."}, {}),
        ({"evaluator_type": "external"}, {}),
    ],
)
async def test_an_evaluator_is_an_evaluator(
    make: Make, evaluate: Make, spec: dict[str, Any], shown: dict[str, Any]
) -> None:
    """An evaluator says its type, and of its version the code or the model that judges."""
    spec = {"arguments_type": "target_required", "return_type": "boolean", **spec}
    file = await make("POST", "/v5/evaluators", {"path": "judges/other", "spec": spec})
    (evaluator,) = (await evaluate(evaluator_ids=[file["id"]]))["evaluators"]
    common = {"id": file["id"], "name": "other", "description": "", "type": spec["evaluator_type"]}
    common |= {name: spec[name] for name in ("arguments_type", "return_type")}
    assert {name: evaluator[name] for name in common} == common
    assert evaluator.get("code") == shown.get("code")
    template = evaluator.get("model_config", {}).get("prompt_template")
    assert template == shown.get("model_config", {}).get("prompt_template")

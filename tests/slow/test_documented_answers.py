"""Real answers, held against the OpenAPI document that describes them."""

from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped,unused-ignore]
from tests.every_route import Team, build, document, every_route

pytestmark = pytest.mark.anyio


async def test_every_answer_is_as_documented(served_api: httpx.AsyncClient) -> None:
    """Its status is in the document, and its content has the shape; of `oneOf`, exactly one."""
    documented = document()
    validators: dict[str, Draft202012Validator] = {}
    wrong, validated = [], 0
    team = Team(served_api)
    for step in every_route(await build(team)):
        answer = await team.send(step)
        operation = documented["paths"][step.template][step.method.lower()]
        response = operation["responses"].get(str(answer.status_code))
        schema = (response or {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None or not answer.is_success or not answer.content:
            continue
        validator = validators.setdefault(str(schema), _validator(schema, documented))
        validated += 1
        wrong += [
            (step.method, step.template, error.json_path, error.message)
            for error in validator.iter_errors(answer.json())
        ]
    assert wrong == []
    assert validated > 200


def _validator(schema: Any, documented: Any) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": documented["components"]})

"""The operations of v4 that this server leaves out. Each answers what to do instead."""

from typing import Any

from fastapi import APIRouter

from evals_mcp.errors import Invalid

router = APIRouter(tags=["v4 left out"], include_in_schema=False)

_NO_MODEL = "This server calls no model. Call the model yourself and send its output to `POST /v4/logs`."
_USE_V5 = "This server leaves this operation of v4 out. Use v5 instead."
_LEFT_OUT = {
    _NO_MODEL: (
        ("POST", "/chat"),
        ("POST", "/chat-deployed"),
        ("POST", "/chat-model-config"),
        ("POST", "/completion"),
        ("POST", "/completion-deployed"),
        ("POST", "/completion-model-config"),
    ),
    _USE_V5: (
        ("DELETE", "/datapoints"),
        ("GET", "/datapoints/{id}"),
        ("PATCH", "/datapoints/{id}"),
        ("DELETE", "/datasets/{id}"),
        ("PATCH", "/datasets/{id}"),
        ("DELETE", "/evaluators/{id}"),
        ("PATCH", "/evaluators/{id}"),
        ("DELETE", "/logs"),
        ("PATCH", "/logs"),
        ("POST", "/model-configs/{id}/export"),
        ("POST", "/model-configs/serialize"),
        ("POST", "/model-configs/deserialize"),
        ("DELETE", "/projects/{id}"),
        ("PATCH", "/projects/{id}"),
        ("DELETE", "/projects/{id}/active-config"),
        ("GET", "/projects/{id}/deployed-configs"),
        ("PATCH", "/projects/{project_id}/deploy-config"),
        ("DELETE", "/projects/{project_id}/deployed-config/{environment_id}"),
        ("POST", "/projects/{id}/export"),
        ("POST", "/projects/{id}/feedback-types"),
        ("PATCH", "/projects/{id}/feedback-types"),
        ("GET", "/sessions"),
        ("GET", "/sessions/{id}"),
    ),
}


def _refusal(sentence: str) -> Any:
    def refuse() -> None:
        raise Invalid(sentence)

    return refuse


for _sentence, _operations in _LEFT_OUT.items():
    for _method, _path in _operations:
        router.add_api_route(_path, _refusal(_sentence), methods=[_method], name=f"refuse {_method} {_path}")

"""Every method of every client of the SDK reaches a route, whatever that answers."""

import inspect
from collections.abc import Iterator
from typing import Any

GROUPS = (
    "evaluations",
    "datasets",
    "evaluators",
    "prompts",
    "flows",
    "tools",
    "agents",
    "logs",
    "files",
    "directories",
)
NOT_SERVED: set[str] = set()
"""Methods whose routes the server does not have."""

_PLACEHOLDERS: dict[str, Any] = {
    "attributes": {},
    "datapoints": [],
    "evaluators": [],
    "file": ("points.csv", b"", "text/csv"),
    "log_ids": [],
    "messages": [],
    "spec": {"arguments_type": "target_free", "return_type": "text", "evaluator_type": "external"},
}


def methods(client: Any) -> Iterator[tuple[str, Any]]:
    """The methods that send one request, by `group.method`."""
    for group in GROUPS:
        for name, method in inspect.getmembers(getattr(client, group), inspect.ismethod):
            if not name.startswith("_") and name != "run":
                yield f"{group}.{name}", method


def required(method: Any) -> dict[str, Any]:
    """A value for each argument that a method cannot do without."""
    parameters = inspect.signature(method).parameters.values()
    return {
        parameter.name: _PLACEHOLDERS.get(parameter.name, {} if parameter.name == "request" else "none")
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }


def is_served(sdk: Any, method: Any) -> bool:
    """Whether the server has the route of a method; a refusal of what was sent counts as such."""
    try:
        answer = method(**required(method))
        if inspect.isgenerator(answer):
            list(answer)
    except (sdk.core.ApiError, sdk.error.HumanloopRuntimeError) as error:
        failure: Any = error.__cause__ or error
        if isinstance(failure, sdk.core.ApiError):
            assert failure.status_code is not None
            assert failure.status_code < 500
            return failure.status_code != 405 and "There is no" not in str(failure.body)
    return True


def test_every_method_has_its_route(client: Any, sdk: Any) -> None:
    """But for those that are known to have none."""
    found = dict(methods(client))
    assert len(found) > 100
    assert {name for name, method in found.items() if not is_served(sdk, method)} == NOT_SERVED

"""The arguments of a tool as a program gives them, checked as the server checks those of a host."""

from collections.abc import Mapping
from inspect import signature
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from evals_mcp.answers.frame.quoting import name
from evals_mcp.errors import Invalid
from evals_mcp.tools.tool import Tool


def checked_arguments(tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the tool takes them. Raises Invalid."""
    hints = get_type_hints(tool.function, include_extras=True)
    parameters = list(signature(tool.function).parameters.values())[1:]
    names = [parameter.name for parameter in parameters]
    checked: dict[str, Any] = {}
    for key, value in arguments.items():
        if key not in names:
            raise Invalid(f"{name(key)}: unknown argument; {tool.name} takes {', '.join(names)}.")
        try:
            checked[key] = TypeAdapter(hints[key]).validate_python(value)
        except ValidationError as error:
            raise Invalid(f"{key}: {error.errors()[0]['msg']}.") from error
    for parameter in parameters:
        if parameter.default is parameter.empty and parameter.name not in arguments:
            raise Invalid(f"{parameter.name}: is required.")
    return checked

"""Tools as hosts list them: bound to the data, with the metadata that hosts read, in as few tokens as possible."""

import inspect
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated, Any, get_type_hints

from mcp.server.mcpserver import Context
from mcp.types import Tool as ListedTool
from mcp.types import ToolAnnotations
from pydantic import Field

from evals_mcp.lookup.lookup import Lookup
from evals_mcp.mcp.progress import reported
from evals_mcp.tools.arguments import LEAST_TOKENS, MOST_TOKENS
from evals_mcp.tools.tool import Tool

_MOST_CHARACTERS = 100_000
"""More than an answer of the most tokens has. Claude Code moves longer answers than this into a file."""

_OMITTED = frozenset(
    ("anyOf", "default", "maximum", "maxItems", "maxLength", "minimum", "minItems", "minLength", "title")
)
"""Keywords that no model needs: descriptions tell defaults and bounds, and errors tell the bounds again."""


def annotations_of(tool: Tool) -> ToolAnnotations:
    """What the tool may do to the data."""
    return ToolAnnotations(
        read_only_hint=tool.read_only,
        destructive_hint=tool.destructive,
        idempotent_hint=None if tool.read_only else tool.idempotent,  # reading again changes nothing anyway
        open_world_hint=False,
    )


def metadata_of(tool: Tool) -> dict[str, Any]:
    """The words by which Claude Code finds the tool, and the length up to which it shows an answer whole."""
    whole = {"anthropic/maxResultSizeChars": _MOST_CHARACTERS} if tool.read_only else {}
    return {"anthropic/searchHint": tool.search_hint, **whole}


def bound(tool: Tool, look_up: Callable[..., Lookup], max_tokens: int) -> Callable[..., Awaitable[str]]:
    """Bind a tool's function to a new lookup for each call, and set the default budget."""

    async def call(context: Context[Any, Any], **arguments: Any) -> str:
        async with reported(context) as progress:
            return await tool.function(look_up(progress, host=_host_name(context)), **arguments)

    signature = _signature(tool, max_tokens)
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {item.name: item.annotation for item in signature.parameters.values()}
    return call


def _host_name(context: Context[Any, Any]) -> str | None:
    """The name of the host, as it said when it connected."""
    client = context.session.client_params
    return None if client is None else client.client_info.name


@cache
def _signature(tool: Tool, max_tokens: int) -> inspect.Signature:
    """The arguments that hosts see, and the context. Resolving their types takes long, so once for all servers."""
    hints = get_type_hints(tool.function, include_extras=True)
    parameters = [
        parameter.replace(
            annotation=_budget(tool, max_tokens) if parameter.name == "max_tokens" else hints[parameter.name],
            default=max_tokens if parameter.name == "max_tokens" else parameter.default,
            kind=inspect.Parameter.KEYWORD_ONLY,
        )
        for parameter in list(inspect.signature(tool.function).parameters.values())[1:]
    ]
    own = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=Context)
    return inspect.Signature([*parameters, own])


def without_noise(tool: ListedTool) -> ListedTool:
    """The tool with a schema of what a model needs to know."""
    schema = {key: value for key, value in tool.input_schema.items() if key != "title"}
    arguments = schema["properties"]
    schema["properties"] = {name: _essential(argument) for name, argument in arguments.items()}
    if budget := arguments.get("max_tokens"):  # a setting changes its default
        schema["properties"]["max_tokens"] = {key: value for key, value in budget.items() if key != "title"}
    return tool.model_copy(update={"input_schema": schema})


def _essential(argument: dict[str, Any]) -> dict[str, Any]:
    """Without limits that are enforced, defaults, and null, which means that the argument is left out."""
    kinds = [kind for kind in argument.get("anyOf", []) if kind != {"type": "null"}]
    merged = {**argument, **kinds[0]} if len(kinds) == 1 else argument
    return {key: _essential(value) if key == "items" else value for key, value in merged.items() if key not in _OMITTED}


def _budget(tool: Tool, default: int) -> Any:
    words = f"{LEAST_TOKENS}–{MOST_TOKENS:,} tokens, default {default:,}"
    words += "; hosts cut above 12,000." if tool.read_only else "."
    return Annotated[int, Field(ge=LEAST_TOKENS, le=MOST_TOKENS, description=words)]

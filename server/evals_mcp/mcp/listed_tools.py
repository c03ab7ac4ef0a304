"""Tools as hosts list them: bound to the data, with the metadata that hosts read, in as few tokens as possible."""

import contextlib
import inspect
from collections.abc import Awaitable, Callable, Iterable
from difflib import get_close_matches
from functools import cache, partial
from typing import Annotated, Any, get_type_hints

import anyio
from mcp.server.mcpserver import Context
from mcp.types import Tool as ListedTool
from mcp.types import ToolAnnotations
from pydantic import Field

from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.frame.quoting import name as name_of
from evals_mcp.answers.writes import closing_lines
from evals_mcp.client.acting import acting
from evals_mcp.client.row_sources import Progress
from evals_mcp.errors import EvalsError, Invalid
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.mcp.apps import attach_document
from evals_mcp.mcp.confirmation import Unanswered, ask_person
from evals_mcp.mcp.host_names import host_name
from evals_mcp.mcp.progress import reported
from evals_mcp.mcp.views import TEXT_ALONE, wants_document
from evals_mcp.models.roles import Role, beyond_role
from evals_mcp.tools import TOOLS, import_results
from evals_mcp.tools.arguments import LEAST_TOKENS, MOST_TOKENS, RequestId
from evals_mcp.tools.tool import Tool

_MOST_CHARACTERS = 100_000
"""More than an answer of the most tokens has. Claude Code moves longer answers than this into a file."""

_MOMENT = 0.5  # seconds: some hosts wait for the list no longer than one

_OMITTED = frozenset(
    ("anyOf", "default", "maximum", "maxItems", "maxLength", "minimum", "minItems", "minLength", "title")
)
"""Keywords that no model needs: descriptions tell defaults and bounds, and errors tell the bounds again."""


async def offered(tools: Iterable[Tool], look_up: Callable[[Progress | None], Lookup]) -> list[Tool]:
    """The tools to list: without those that need our routes, if the server is known in time to lack them."""
    listed = list(tools)
    if any(tool.needs_extension for tool in listed):
        lookup = look_up(None)
        rows: object = lookup.client.reviews
        with anyio.move_on_after(_MOMENT), contextlib.suppress(EvalsError):
            rows = await lookup.rows()
        if rows is not lookup.client.reviews:
            return [tool for tool in listed if not tool.needs_extension]
    return listed


def instead_of(name: str, names: list[str], role: Role | None) -> Quoted:
    """What helps whoever called a tool that is not among the names of those that are here. `role`: the caller's."""
    left_out = next((tool for tool in TOOLS if tool.name == name and tool is not import_results.TOOL), None)
    if left_out is not None and role is None:
        return "It writes, and this server is read-only."
    if left_out is not None and role is not None:
        return beyond_role(role, Role.LABEL if left_out.labels else Role.WRITE, "key or sign-in")
    close = get_close_matches(name[:100], names, n=1)
    return f"Did you mean {name_of(close[0])}?" if close else f"The tools are {', '.join(map(name_of, names))}."


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
    """Bind a tool's function to a new lookup for each call, and set the default budget.

    The server's journal learns the tool and the request id of its writes.
    """

    async def call(context: Context[Any, Any], **arguments: Any) -> Any:
        request_id = _checked_id(arguments.pop("request_id", ""))
        async with reported(context) as progress:
            wanted = wants_document(tool, context)
            lookup = look_up(progress, host=host_name(context), ask=partial(ask_person, context), with_document=wanted)
            try:
                with acting(tool.name, request_id, lookup.setup.actor or lookup.host) as act:
                    text = await tool.function(lookup, **arguments)
            except Unanswered as question:
                return question.result
        if tool.journaled:
            is_ignored = request_id is not None and not lookup.client.extended
            closing = closing_lines(act.writes, repeats=act.repeats, is_ignored=is_ignored, limits=act.limits)
            text = "\n".join([text, *closing])
            lookup.show(lambda: {"kind": "write", "writes": act.writes})
        if wanted and (tool.view or lookup.document):
            attach_document(lookup.document or TEXT_ALONE)
        return text

    signature = _signature(tool, max_tokens)
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {item.name: item.annotation for item in signature.parameters.values()}
    return call


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
    is_own = "request_id" in tool.argument_names
    own = {"request_id": RequestId, "context": Context} if is_own else {"context": Context}
    for name, type in own.items():
        default = "" if name == "request_id" else inspect.Parameter.empty
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=type, default=default))
    return inspect.Signature(parameters)


def _checked_id(request_id: str) -> str | None:
    if not (request_id.isascii() and request_id.isprintable()):
        raise Invalid("request_id: must be of visible ASCII characters.")
    return request_id.strip() or None


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

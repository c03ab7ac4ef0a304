"""The MCP face: tools, resources and prompts over a client, and the one boundary that turns errors into text."""

import contextlib
import logging
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from threading import Thread
from typing import Any

import anyio
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp.types import (
    INVALID_PARAMS,
    CallToolResult,
    Completion,
    CompletionArgument,
    CompletionContext,
    GetPromptResult,
    PromptMessage,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
)
from mcp.types import Prompt as ListedPrompt
from mcp.types import Resource as ListedResource
from mcp.types import ResourceTemplate as ListedTemplate
from mcp.types import Tool as ListedTool
from pydantic import AnyUrl, ValidationError

from evals_mcp import __version__
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, quote
from evals_mcp.answers.frame.quoting import name as name_of
from evals_mcp.answers.frame.vocabularies import word_counts
from evals_mcp.client.client import EvalsClient
from evals_mcp.client.row_sources import ServerMirror
from evals_mcp.errors import EvalsError, Invalid, NotFound
from evals_mcp.lookup.background import Background
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.mcp.apps import serve_apps
from evals_mcp.mcp.called_tools import noted
from evals_mcp.mcp.completion import NO_SUGGESTIONS, suggest
from evals_mcp.mcp.extensions import EXTENSIONS, announce_extensions
from evals_mcp.mcp.instructions import instructions
from evals_mcp.mcp.listed_tools import annotations_of, bound, instead_of, metadata_of, offered, without_noise
from evals_mcp.mcp.progress import reported
from evals_mcp.mcp.prompts import PROMPTS, Prompt
from evals_mcp.mcp.resources import RESOURCES, find_resource, journal_resource, newest_evaluations
from evals_mcp.mcp.skills import MARKDOWN, SKILL_ADDRESSES, listed_skills, read_skill
from evals_mcp.mcp.stdio import LateServer
from evals_mcp.mcp.typed_names import read_typed_names
from evals_mcp.mcp.views import ADDRESS, view_contents, with_view
from evals_mcp.models.json_values import DEEPEST_JSON
from evals_mcp.models.setup import Setup
from evals_mcp.request_ids import error_reference
from evals_mcp.tools import TOOLS, import_results
from evals_mcp.tools.tool import Tool
from mcp import MCPError

_log = logging.getLogger(__name__)
_ADDED_BY_HOSTS = frozenset(("wait_for_previous",))
_CONDITIONS = {"text": "text~VALUE", "judgment": "judgment=VALUE", "errors_only": "error=VALUE", "filter": "VALUE"}
"""Conditions for what a model may take for an argument of its own."""
_PLURAL = 0.85  # as like as `run` and `runs`; `evaluator` and `evaluation` are less
_OPTION = re.compile(r"--?[a-z-]+")
_IN_BACKTICKS = re.compile(r"`([^`]*)`")
_OWN_ADDRESSES, _NOTHING_SET = "evals://", Setup()
_MOMENT = 2.0  # seconds: a later suggestion or list is useless


class EvalsServer(LateServer):
    """An MCP server that answers every failure with a sentence that says what to change.

    It registers a tool when a host first calls it or lists all, because building the argument models would slow down
    every start. It lists and answers resources and prompts without registering them.
    """

    def __init__(
        self,
        tools: Sequence[Tool],
        client: EvalsClient,
        mirror: ServerMirror | None,
        max_tokens: int,
        setup: Setup = _NOTHING_SET,
        **options: Any,
    ) -> None:
        super().__init__("evals-mcp", extensions=EXTENSIONS, middleware=[serve_apps, announce_extensions], **options)
        self._tools = {tool.name: tool for tool in tools}
        self._client = client
        self._look_up = partial(
            Lookup, client, mirror=mirror, setup=setup, background=Background(), max_tokens=max_tokens
        )
        self._max_tokens = max_tokens
        self._role = setup.role
        self._arguments: dict[str, list[str]] = {}
        self._opening = Thread(target=self._open, name="opening")
        self.completion()(self.complete)  # type: ignore[no-untyped-call]

    def finish(self) -> None:
        """Wait for the data if it is being opened."""
        if self._opening.ident is not None:
            self._opening.join()

    def _register(self, tool: Tool) -> None:
        if tool.name in self._arguments:
            return
        self._arguments[tool.name] = tool.argument_names
        self.add_tool(
            bound(tool, self._look_up, self._max_tokens),
            name=tool.name,
            title=tool.title,
            description=tool.description,
            structured_output=False,
            annotations=annotations_of(tool),
            meta=metadata_of(tool),
        )

    async def _offered(self) -> set[str]:
        return {tool.name for tool in await offered(self._tools.values(), self._look_up)}

    async def list_tools(self) -> list[ListedTool]:
        """List the tools, and open the data in the background: a host that lists tools will soon call one."""
        for tool in self._tools.values():
            self._register(tool)
        order = list(self._tools)
        registered = sorted(await super().list_tools(), key=lambda tool: order.index(tool.name))
        shown = await self._offered()
        listed = [with_view(without_noise(tool), self._tools[tool.name]) for tool in registered if tool.name in shown]
        if self._opening.ident is None:
            self._opening.start()
        return listed

    def _open(self) -> None:
        # The first call fails in the same way and reports it.
        with contextlib.suppress(EvalsError):
            self._client.warm()
        word_counts()

    @noted
    async def call_tool(self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None) -> Any:
        """Call a tool. Every failure becomes an error result, never an exception."""
        try:
            return await super().call_tool(name, self._checked(name, arguments), context)
        except (EvalsError, ToolError) as error:
            return _error(_sentence(name, error))

    def _checked(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Check the arguments and drop those that hosts add. Raises Invalid for unknown names and unusable text."""
        if name not in self._tools:
            raise Invalid(f"There is no tool {_short(name)}. {instead_of(name, list(self._tools), self._role)}")
        self._register(self._tools[name])
        known = self._arguments[name]
        given = {key: value for key, value in arguments.items() if key in known or key not in _ADDED_BY_HOSTS}
        for key, value in given.items():
            if key not in known:
                raise Invalid(f"{_short(key)}: unknown argument; {self._takes(name, key, value)}")
            _check_text(key, value)
        return {key: value for key, value in given.items() if value is not None}

    def _takes(self, name: str, key: str, value: Any) -> Quoted:
        """The argument of a tool that was meant, else all of them, and the tools that have one of this name."""
        known = self._arguments[name]
        if "where" in known and key in _CONDITIONS:
            condition = _CONDITIONS[key].replace("VALUE", str(value).lower() if isinstance(value, bool) else str(value))
            return f"use where=[{quote(condition, 60)}]."
        others = [name_of(tool.name) for tool in self._tools.values() if key in tool.argument_names]
        if close := get_close_matches(key[:100], known, n=1, cutoff=_PLURAL if others else 0.5):
            return f"did you mean {name_of(close[0])}?"
        takes: Quoted = f"{name_of(name)} takes {', '.join(map(name_of, known))}."
        return f"{takes} With {name_of(key)}: {', '.join(others)}." if others else takes

    async def list_resources(self) -> list[ListedResource]:
        """List the newest evaluations and the skills; only these after an error or a time-out: hosts list unasked."""
        listed = await super().list_resources()
        with anyio.move_on_after(_MOMENT):
            try:
                newest = await newest_evaluations(self._look_up())
                listed += newest
                if newest and self._client.extended:
                    listed.append(journal_resource())
            except EvalsError as error:
                _log.info("No evaluations listed: %s", error)
        return [*listed, *listed_skills()]

    async def list_resource_templates(self) -> list[ListedTemplate]:
        """List the addresses of reports, runs and logs."""
        return [*await super().list_resource_templates(), *(template.listed() for template in RESOURCES)]

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Any, Any] | None = None
    ) -> Iterable[ReadResourceContents] | Any:
        """Read a resource. Raises ResourceNotFoundError if the address names nothing, else ResourceError."""
        if not str(uri).startswith((_OWN_ADDRESSES, SKILL_ADDRESSES, ADDRESS)):
            return await super().read_resource(uri, context)
        try:
            if str(uri).startswith(SKILL_ADDRESSES):
                return [ReadResourceContents(content=read_skill(str(uri)), mime_type=MARKDOWN)]
            if str(uri).startswith(ADDRESS):
                return view_contents(str(uri))
            template, values = find_resource(str(uri))
            for key, value in values.items():
                _check_text(key, value)
            async with reported(context) as progress:
                text = await template.function(self._look_up(progress), **values)
        except (NotFound, Invalid) as error:
            raise ResourceNotFoundError(str(error)) from error
        except EvalsError as error:
            raise ResourceError(str(error)) from error
        except Exception as error:
            raise ResourceError(_internal_error("a resource", error)) from error
        return [ReadResourceContents(content=text, mime_type=template.media_type)]

    async def list_prompts(self) -> list[ListedPrompt]:
        """List the prompts with their arguments."""
        return [*await super().list_prompts(), *(prompt.listed() for prompt in await self._prompts())]

    async def _prompts(self) -> list[Prompt]:
        """The prompts whose calls are all offered here."""
        tools = await self._offered()
        return [prompt for prompt in PROMPTS if prompt.tools <= tools]

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Any, Any] | None = None
    ) -> GetPromptResult:
        """Fill in a prompt. Raises MCPError for an unknown name or argument."""
        prompts = {prompt.name: prompt for prompt in await self._prompts()}
        prompt, given = prompts.get(name), arguments or {}
        if prompt is None:
            raise MCPError(INVALID_PARAMS, f"There is no prompt {_short(name)}. The prompts are {', '.join(prompts)}.")
        for key in given:
            if key not in prompt.arguments:
                takes = ", ".join(prompt.arguments)
                raise MCPError(INVALID_PARAMS, f"{_short(key)}: unknown argument; {name} takes {takes}.")
        names, notes = await read_typed_names(self._look_up(), list(prompt.arguments), given)
        content = TextContent(type="text", text="\n".join([prompt.function(**names), *notes]))
        return GetPromptResult(description=prompt.description, messages=[PromptMessage(role="user", content=content)])

    async def complete(
        self,
        reference: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        """Suggest names; none after an error or a time-out, because a suggestion is optional."""
        suggestions = NO_SUGGESTIONS
        with anyio.move_on_after(_MOMENT):
            try:
                given = (context.arguments if context else None) or {}
                lookup, splits = self._look_up(), isinstance(reference, PromptReference)
                suggestions = await suggest(lookup, argument.name, argument.value, given, may_split=splits)
            except EvalsError as error:
                _log.info("No suggestions: %s", error)
            except Exception as error:
                _internal_error("a completion", error)
        return Completion(values=suggestions.values, has_more=suggestions.left_out > 0)


def build_server(
    client: EvalsClient,
    mirror: ServerMirror | None = None,
    *,
    max_tokens: int,
    read_only: bool,
    labels_only: bool = False,
    setup: Setup = _NOTHING_SET,
    **options: Any,
) -> EvalsServer:
    """Build the server over a client, and over a mirror if the client's server may lack our routes.

    `max_tokens` is the default budget of an answer. A `read_only` server has no tools that write; one that
    `labels_only` has of these those that label. Without files to import, `setup` says so.
    """
    tools = [tool for tool in TOOLS if tool.read_only or (tool.labels if labels_only else not read_only)]
    if setup.is_served:
        tools = [tool for tool in tools if tool is not import_results.TOOL]
    return EvalsServer(
        tools,
        client,
        mirror,
        max_tokens,
        setup,
        title="evals-mcp",
        version=__version__,
        instructions=instructions(read_only=read_only, labels_only=labels_only, has_files=not setup.is_served),
        log_level="WARNING",
        subscriptions=False,
        **options,
    )


def _sentence(name: str, error: EvalsError | ToolError) -> str:
    """The sentence that a model reads about a failed call."""
    cause = error.__cause__ if isinstance(error, ToolError) else error
    if isinstance(cause, EvalsError):
        return str(cause)
    if isinstance(cause, ValidationError):
        return " ".join(_problem(item) for item in cause.errors(include_url=False, include_context=False)[:3])
    internal = _internal_error(f"tool {name}", cause or error)
    reads = any(tool.read_only for tool in TOOLS if tool.name == name)
    return internal if reads else f"{internal} The write may have succeeded: check before you repeat it."


def _internal_error(where: str, cause: BaseException) -> str:
    """Log an unexpected error and return the sentence that reports it."""
    reference = error_reference()
    _log.error("Internal error %s in %s", reference, where, exc_info=cause)
    return f"internal error {reference}; see the server's log (stderr)."


def _problem(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "arguments"
    message = "is missing" if item["type"] == "missing" else str(item["msg"]).removeprefix("Value error, ")
    value = item.get("input")
    got = f" (got {_short(value)})" if isinstance(value, str | int | float | bool) else ""
    return f"{_short(where)[1:-1]}: {message}{got}."


def _check_text(key: str, value: Any, depth: int = 1) -> None:
    """Raise Invalid for text that is empty or cannot be stored, and for deep nesting."""
    if depth > DEEPEST_JSON + 1:
        raise Invalid(
            f"{name_of(key)}: has more than {count(DEEPEST_JSON)} levels of nesting. Give it as text, or nest less."
        )
    if isinstance(value, list | tuple | dict):
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            _check_text(key, part, depth + 1)
    if not isinstance(value, str):
        return
    if not value.strip():
        raise Invalid(f"{name_of(key)}: is empty. Give a value or omit it.")
    if "\x00" in value:
        raise Invalid(f"{name_of(key)}: must not contain NUL characters.")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise Invalid(f"{name_of(key)}: must not contain half of a surrogate pair.")


def _short(value: object) -> Quoted:
    return quote(str(value), 60)


def _backticked(found: re.Match[str]) -> str:
    word = found[1]
    if "(" in word:
        return quote(word)  # a part of SQL, or a name that looks like a call
    return found[0] if _OPTION.fullmatch(word) or name_of(word) == word else name_of(word)


def _error(sentence: str) -> CallToolResult:
    """An error result. Words that the API put in backticks may come from anybody, so they are names here."""
    sentence = _IN_BACKTICKS.sub(_backticked, sentence)
    return CallToolResult(content=[TextContent(type="text", text=f"Error: {sentence}")], is_error=True)

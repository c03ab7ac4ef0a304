"""What a shell suggests for an argument. Each function gets what is typed so far, and what stands before it.

A suggestion never fails and never waits long: where nothing can be read, there is none.
"""

import argparse
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from evals_mcp.errors import EvalsError
from evals_mcp.variables import split_workspace, with_workspace

Completer = Callable[..., Iterable[str]]

_SECONDS = 4.0
_NAMED = {
    "evaluation": "evaluation",
    "run": "run",
    "runs": "run",
    "baseline": "run",
    "beside": "run",
    "candidate": "run",
    "candidates": "run",
    "evaluator": "evaluator",
    "evaluators": "evaluator",
    "reviewer": "reviewer",
}
"""Arguments whose values are names in the data, and what they name."""


def completed(action: argparse.Action, by: Completer) -> None:
    """Let a shell complete an argument."""
    setattr(action, "completer", by)  # noqa: B010 - argcomplete looks for it


def tools(**_: Any) -> list[str]:
    """The names of all tools."""
    from evals_mcp.tools import TOOLS

    return [tool.name for tool in TOOLS]


def tool_arguments(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """The arguments of a tool as `name=`; behind that, the values or the names in the data that it takes."""
    from evals_mcp.tools import TOOLS

    tool = next((tool for tool in TOOLS if tool.name == parsed_args.tool), None)
    if tool is None:
        return []
    name, separator, typed = prefix.partition("=")
    if not separator:
        return [f"{name}=" for name in tool.argument_names]
    given = dict(pair.split("=", 1) for pair in parsed_args.arguments or () if "=" in pair)
    choices = _choices(get_type_hints(tool.function).get(name))
    return [f"{name}={value}" for value in choices or _names(_NAMED.get(name), typed, given, parsed_args)]


def evaluations(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """The names of evaluations."""
    return _names("evaluation", prefix, {}, parsed_args)


def runs(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """The names of the runs of the evaluation before it."""
    return _names("run", prefix, {"evaluation": parsed_args.evaluation or ""}, parsed_args)


def hosts(**_: Any) -> list[str]:
    """The hosts that can be set up."""
    from evals_mcp.hosts.known import HOSTS

    return [host.key for host in HOSTS]


def variables(**_: Any) -> list[str]:
    """The settings of the server, as `NAME=`."""
    from evals_mcp.config import VARIABLES

    return [f"{name}=" for name in VARIABLES]


def _choices(hint: Any) -> list[str]:
    """The values of an argument that takes few."""
    if hint is bool:
        return ["true", "false"]
    if get_origin(hint) is Literal:
        return [str(value) for value in get_args(hint)]
    return [choice for part in get_args(hint) for choice in _choices(part)]


def _names(kind: str | None, typed: str, given: Mapping[str, str], parsed: argparse.Namespace) -> list[str]:
    if kind is None:
        return []
    import anyio

    found: list[str] = []
    try:
        found = anyio.run(_suggested, kind, typed, given, parsed)
    except* EvalsError:
        pass
    return found


async def _suggested(kind: str, typed: str, given: Mapping[str, str], parsed: argparse.Namespace) -> list[str]:
    import anyio

    from evals_mcp.cli.arguments import database_of, require_database, settings_at
    from evals_mcp.config import Settings, read_settings
    from evals_mcp.lookup.lookup import Lookup
    from evals_mcp.mcp.completion import suggest
    from evals_mcp.wiring import build_client, build_mirror, setup_of

    source = getattr(parsed, "source", None)
    if source:
        settings = settings_at(source, os.environ)
    elif hasattr(parsed, "config"):  # it works on the database of a server
        address, workspace = split_workspace(database_of(parsed))
        settings = Settings(database=with_workspace(address, parsed.workspace or workspace))
    else:
        settings = read_settings(os.environ, database=parsed.database)
    require_database(settings)
    with anyio.move_on_after(_SECONDS):
        async with build_client(settings, may_write=False) as client:
            lookup = Lookup(client, mirror=build_mirror(settings, client), setup=setup_of(settings))
            return (await suggest(lookup, kind, typed, given)).values
    return []

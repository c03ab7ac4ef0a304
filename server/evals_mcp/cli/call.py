"""`evals-mcp call`: call one tool from the shell, as a host would."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from evals_mcp.cli import completers
from evals_mcp.cli.arguments import listed
from evals_mcp.cli.completers import completed
from evals_mcp.errors import Invalid


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    call = commands.add_parser("call", help="call one tool: evals-mcp call TOOL name=value …", details=_describe_tools)
    completed(call.add_argument("tool", metavar="TOOL", help="name of the tool"), completers.tools)
    pairs = 'arguments of the tool, such as evaluation="Which prompt"; repeat a name to give a list'
    arguments = call.add_argument("arguments", metavar="name=value", nargs="*", default=[], help=pairs)
    completed(arguments, completers.tool_arguments)
    call.add_argument(
        "--json",
        action="store_true",
        help="print what the answer is made of; compare_runs exits with 0 (ship), 1 (do not ship) or 3 (cannot tell)",
    )
    call.set_defaults(command=_call)


def _describe_tools() -> str:
    from evals_mcp.tools import TOOLS

    return "tools:\n" + listed(
        {tool.name: f"{tool.description} Arguments: {', '.join(tool.argument_names)}." for tool in TOOLS}
    )


def _call(parsed: argparse.Namespace) -> int:
    import anyio

    from evals_mcp.config import read_settings

    arguments = _read_arguments(parsed.arguments)
    if parsed.json:
        from evals_mcp.cli.call_json import print_json

        return print_json(parsed.tool, arguments, parsed.database)
    read_settings(os.environ, database=parsed.database)  # whoever calls has no host whose configuration is wrong
    answer = anyio.run(_ask, parsed.tool, arguments, parsed.database)
    if answer.is_error:
        print(answer.text, file=sys.stderr)
        return 1
    print(answer.text)
    return 0


async def _ask(tool: str, arguments: dict[str, Any], database: str | None) -> Any:
    from evals_mcp.cli.actor import actor_of
    from evals_mcp.cli.stdio_client import start_server

    environ = dict(os.environ)
    if (actor := actor_of(environ)) is not None:
        environ["EVALS_MCP_ACTOR"] = actor
    if database is not None:
        environ["EVALS_MCP_DATABASE"] = database
    async with start_server(environ) as asker:
        return await asker.ask(tool, arguments)


def _read_arguments(pairs: Sequence[str]) -> dict[str, Any]:
    """Parse `name=value` pairs; a repeated name becomes a list. Raises Invalid."""
    arguments: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise Invalid(f"{pair!r} is not an argument. Write name=value.")
        if name not in arguments:
            arguments[name] = value
        elif isinstance(arguments[name], list):
            arguments[name].append(value)
        else:
            arguments[name] = [arguments[name], value]
    return arguments

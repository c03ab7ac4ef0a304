"""The command line: the stdio server, and commands for people and scripts. Only this module prints."""

import argparse
import gc
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals_mcp import __version__
from evals_mcp.errors import EvalsError, Invalid

_INDENT = " " * 6


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; without one, the stdio server. Exits with status 1 after an error, 2 for wrong usage."""
    parsed = _parser().parse_args(sys.argv[1:] if arguments is None else list(arguments))
    try:
        status = parsed.command(parsed)
    except EvalsError as error:
        print(f"evals-mcp: {error}", file=sys.stderr)
        status = 1
    except (KeyboardInterrupt, BrokenPipeError):
        status = 130
    sys.exit(status)


class _Parser(argparse.ArgumentParser):
    """A parser whose help ends with details; they are worked out when somebody asks for help."""

    def __init__(self, *, details: Callable[[], str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._details = details

    def format_help(self) -> str:
        """The usual help, and the details behind it."""
        return super().format_help() + (f"\n{self._details()}" if self._details else "")


def _parser() -> _Parser:
    parser = _Parser(
        prog="evals-mcp",
        description="Review LLM evaluations from an AI assistant. Without a command this is the MCP server on stdio, "
        "which a host starts.",
        details=_describe_settings,
    )
    parser.add_argument("--version", action="version", version=f"evals-mcp {__version__}")
    parser.add_argument("--database", metavar="FILE_OR_URL", help="instead of EVALS_MCP_DATABASE")
    parser.set_defaults(command=_serve_stdio)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    demo = commands.add_parser("demo", help="load a sample evaluation and show what a reviewer asks and reads")
    demo.add_argument("--database", metavar="FILE", dest="own_database", help="keep the sample in this new file")
    demo.set_defaults(command=_demo)

    call = commands.add_parser("call", help="ask one question: call TOOL name=value …", details=_describe_tools)
    call.add_argument("tool", metavar="TOOL", help="the tool that answers")
    pairs = 'arguments of the tool, such as evaluation="Which prompt"; repeat a name for a list'
    call.add_argument("arguments", metavar="name=value", nargs="*", default=[], help=pairs)
    call.set_defaults(command=_call)

    serve = commands.add_parser("serve", help="serve the API over HTTP")
    serve.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1; any other needs an API key to exist")
    serve.add_argument("--port", type=int, default=8421, help="default 8421; 0 picks a free one")
    serve.add_argument("--workspace", metavar="NAME", help="on PostgreSQL without keys: what is served")
    _add_database(serve)
    serve.set_defaults(command=_serve_http)

    _add_keys(commands)
    _add_workspaces(commands)
    return parser


def _add_keys(commands: Any) -> None:
    keys = commands.add_parser("keys", help="create, list and revoke API keys")
    actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key; it is shown this once")
    create.add_argument("name", metavar="NAME", help="whom or what it is for")
    create.add_argument("--workspace", metavar="NAME", help="on PostgreSQL: the workspace that it opens")
    create.add_argument("--read-only", action="store_true", help="a key that may not change anything")
    listing = actions.add_parser("list", help="show every key, never its secret")
    revoke = actions.add_parser("revoke", help="let a key open nothing any more")
    revoke.add_argument("key", metavar="ID_OR_NAME")
    for action, command in ((create, _create_key), (listing, _list_keys), (revoke, _revoke_key)):
        _add_database(action)
        action.set_defaults(command=command)


def _add_workspaces(commands: Any) -> None:
    workspaces = commands.add_parser("workspaces", help="create and list workspaces on PostgreSQL")
    actions = workspaces.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a workspace with its tables")
    create.add_argument("name", metavar="NAME")
    listing = actions.add_parser("list", help="show every workspace")
    for action, command in ((create, _create_workspace), (listing, _list_workspaces)):
        _add_database(action)
        action.set_defaults(command=command)


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", metavar="FILE_OR_URL", dest="own_database", help="instead of EVALS_MCP_DATABASE")


def _describe_settings() -> str:
    from evals_mcp.config import VARIABLES

    return "variables of the environment:\n" + _listed(VARIABLES)


def _describe_tools() -> str:
    from evals_mcp.tools import TOOLS

    return "tools:\n" + _listed(
        {tool.name: f"{tool.description} Takes {', '.join(tool.argument_names)}." for tool in TOOLS}
    )


def _listed(meanings: Mapping[str, str]) -> str:
    return "".join(
        f"  {name}\n{textwrap.fill(meaning.replace('`', ''), 78, initial_indent=_INDENT, subsequent_indent=_INDENT)}\n"
        for name, meaning in meanings.items()
    )


def _serve_stdio(parsed: argparse.Namespace) -> int:
    # What the imports make lives as long as the process: collecting garbage among it only delays the first answers.
    gc.disable()
    from evals_mcp.client.connection import Connection
    from evals_mcp.config import read_settings
    from evals_mcp.stdio import LateServer, StdioServer

    settings = read_settings(os.environ, database=parsed.database)
    if sys.stdin.isatty():
        print("This is an MCP server for a host to start; `evals-mcp demo` shows what it answers.", file=sys.stderr)
    if settings.base_url is not None:
        Connection(settings.base_url, settings.api_key)  # a wrong address or key ends the server before the handshake

    def load() -> LateServer:
        # Behind the handshake: the models, the client and the tools.
        from evals_mcp.wiring import build_mcp_server

        gc.disable()
        server = build_mcp_server(settings)
        gc.freeze()
        gc.enable()
        return server

    server = StdioServer(load)
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # an answer makes some thousands of short-lived objects
    gc.enable()
    server.run("stdio")
    return 0


def _demo(parsed: argparse.Namespace) -> int:
    import anyio

    named = parsed.own_database or parsed.database
    kept = _new_file(named) if named else None
    with tempfile.TemporaryDirectory(prefix="evals-mcp-demo-") as folder:
        anyio.run(_show_demo, str(kept or Path(folder) / "demo.db"))
    if kept is None:
        print("\nNothing of this was kept; `evals-mcp demo --database demo.db` keeps it for an assistant to ask about.")
    else:
        print(f"\nThe sample is in {kept}; EVALS_MCP_DATABASE={kept} lets an assistant ask about it.")
    return 0


def _new_file(named: str) -> Path:
    """The absolute path of a file that is not there yet. Raises Invalid."""
    if "://" in named:
        raise Invalid("The sample is kept in a file: name one, not a URL.")
    path = Path(named).absolute()
    if path.exists():
        raise Invalid(f"{named} exists already; name a new file.")
    return path


async def _show_demo(database: str) -> None:
    from evals_mcp.config import read_settings
    from evals_mcp.demo import answer_questions, load_demo

    print("Loading a sample: a support bot, three versions of its prompt, 40 tickets …", flush=True)
    own = {"EVALS_MCP_DATABASE": database}
    await load_demo(read_settings(own))
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HUMANLOOP_", "EVALS_MCP_"))}
    async for question, answer in answer_questions(environ | own):
        arguments = ", ".join(f"{key}={value!r}" for key, value in question.arguments.items())
        print(f"\n\u2500\u2500 {question.words}\n   {question.tool}({arguments})\n")
        print(answer, flush=True)


def _call(parsed: argparse.Namespace) -> int:
    import anyio

    arguments = _read_arguments(parsed.arguments)
    answer = anyio.run(_ask, parsed.tool, arguments, parsed.database)
    if answer.is_error:
        print(answer.text, file=sys.stderr)
        return 1
    print(answer.text)
    return 0


async def _ask(tool: str, arguments: dict[str, Any], database: str | None) -> Any:
    from evals_mcp.asking import start_server
    from evals_mcp.config import read_settings
    from evals_mcp.wiring import build_client

    environ = dict(os.environ)
    if database is not None:
        environ["EVALS_MCP_DATABASE"] = database
    # Wrong settings are told from here: of a server that ends at once one would only learn that it is gone.
    build_client(read_settings(environ))
    async with start_server(environ) as asker:
        return await asker.ask(tool, arguments)


def _read_arguments(pairs: Sequence[str]) -> dict[str, Any]:
    """`name=value` pairs as arguments; a name that is repeated becomes a list. Raises Invalid."""
    arguments: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise Invalid(f"{pair!r} is not name=value.")
        if name not in arguments:
            arguments[name] = value
        elif isinstance(arguments[name], list):
            arguments[name].append(value)
        else:
            arguments[name] = [arguments[name], value]
    return arguments


def _serve_http(parsed: argparse.Namespace) -> int:
    from evals_mcp.serving import serve

    serve(_database(parsed), parsed.host, parsed.port, workspace=parsed.workspace)
    return 0


def _create_key(parsed: argparse.Namespace) -> int:
    from evals_mcp.teams import create_key

    created = create_key(_database(parsed), parsed.workspace, parsed.name, read_only=parsed.read_only)
    print(created.secret)
    print(
        f"Key {created.key.id} of workspace {created.key.workspace}; it is not shown again. "
        "A server that was started before the first key existed asks for keys after a restart.",
        file=sys.stderr,
    )
    return 0


def _list_keys(parsed: argparse.Namespace) -> int:
    from evals_mcp.teams import list_keys

    keys = list_keys(_database(parsed))
    if not keys:
        print("There are no keys: `evals-mcp serve` answers whoever asks, on this machine only.", file=sys.stderr)
    for key in keys:
        may = "read" if key.read_only else "read-write"
        state = f"revoked {key.revoked_at:%Y-%m-%d %H:%MZ}" if key.revoked_at else "active"
        print(f"{key.id}\t{key.name}\t{key.workspace}\t{may}\t{key.created_at:%Y-%m-%d %H:%MZ}\t{state}")
    return 0


def _revoke_key(parsed: argparse.Namespace) -> int:
    from evals_mcp.teams import revoke_key

    print(f"Revoked {revoke_key(_database(parsed), parsed.key).id}.")
    return 0


def _create_workspace(parsed: argparse.Namespace) -> int:
    from evals_mcp.teams import create_workspace

    print(f"Workspace {create_workspace(_database(parsed), parsed.name).name} is ready.")
    return 0


def _list_workspaces(parsed: argparse.Namespace) -> int:
    from evals_mcp.teams import list_workspaces

    workspaces = list_workspaces(_database(parsed))
    if not workspaces:
        print("There are no workspaces: `evals-mcp workspaces create NAME` makes one.", file=sys.stderr)
    for workspace in workspaces:
        print(f"{workspace.name}\t{workspace.created_at:%Y-%m-%d %H:%MZ}")
    return 0


def _database(parsed: argparse.Namespace) -> str:
    from evals_mcp.config import read_settings

    return read_settings(os.environ, database=parsed.own_database or parsed.database).database


if __name__ == "__main__":
    main()

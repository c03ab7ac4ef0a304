"""The command line: the stdio server, and commands for people and scripts. Only this module prints."""

import argparse
import gc
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals_mcp import __version__
from evals_mcp.errors import EvalsError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; without one, the stdio server. Exits with status 1 after an error, 2 for wrong usage."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parsed = _parser().parse_args(given)
    try:
        status = parsed.command(parsed)
    except EvalsError as error:
        print(f"evals-mcp: {error}", file=sys.stderr)
        status = 1
    except (KeyboardInterrupt, BrokenPipeError):
        status = 130
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evals-mcp", description="Review LLM evaluations from an AI assistant: an MCP server on stdio."
    )
    parser.add_argument("--version", action="version", version=f"evals-mcp {__version__}")
    parser.add_argument("--database", metavar="FILE_OR_URL", help="instead of EVALS_MCP_DATABASE")
    parser.set_defaults(command=_serve_stdio)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    demo = commands.add_parser("demo", help="load a sample evaluation and show what a reviewer asks and reads")
    demo.add_argument("--database", metavar="FILE", dest="demo_database", help="keep the sample in this new file")
    demo.set_defaults(command=_demo)

    call = commands.add_parser("call", help="ask one question: call TOOL name=value …")
    call.add_argument("tool", metavar="TOOL")
    call.add_argument("arguments", metavar="name=value", nargs="*", help="repeat a name for a list")
    call.set_defaults(command=_call)

    serve = commands.add_parser("serve", help="serve the API over HTTP")
    serve.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1; others need an API key to exist")
    serve.add_argument("--port", type=int, default=8377, help="default 8377; 0 picks a free one")
    serve.add_argument("--database", metavar="FILE_OR_URL", dest="serve_database")
    serve.add_argument("--workspace", help="on PostgreSQL: the workspace that is served while there are no keys")
    serve.set_defaults(command=_serve_http)
    return parser


def _serve_stdio(parsed: argparse.Namespace) -> int:
    # What the imports make lives as long as the process: collecting garbage among it only delays the first answer.
    gc.disable()
    from evals_mcp.config import read_settings
    from evals_mcp.wiring import build_mcp_server

    server = build_mcp_server(read_settings(os.environ, database=parsed.database))
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # an answer makes some thousands of short-lived objects
    gc.enable()
    server.run("stdio")
    return 0


def _demo(parsed: argparse.Namespace) -> int:
    import anyio

    with tempfile.TemporaryDirectory(prefix="evals-mcp-demo-") as folder:
        kept = parsed.demo_database
        if kept is not None and Path(kept).exists():
            print(f"evals-mcp: {kept} exists already; name a new file.", file=sys.stderr)
            return 1
        anyio.run(_show_demo, kept or str(Path(folder) / "demo.db"))
    if kept is not None:
        print(f"The sample is in {kept}; EVALS_MCP_DATABASE={kept} lets an assistant ask about it.")
    return 0


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

    environ = dict(os.environ)
    if database is not None:
        environ["EVALS_MCP_DATABASE"] = database
    async with start_server(environ) as asker:
        return await asker.ask(tool, arguments)


def _read_arguments(pairs: Sequence[str]) -> dict[str, Any]:
    """`name=value` pairs as arguments; a name that is repeated becomes a list. Raises Invalid."""
    from evals_mcp.errors import Invalid

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
    from evals_mcp.config import read_settings
    from evals_mcp.serving import serve

    settings = read_settings(os.environ, database=parsed.serve_database or parsed.database)
    serve(settings.database, parsed.host, parsed.port, workspace=parsed.workspace)
    return 0


if __name__ == "__main__":
    main()

"""`evals-mcp serve`: the API over HTTP for a team."""

import argparse
from typing import Any

from evals_mcp.cli.arguments import add_database, database_of


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    serve = commands.add_parser("serve", help="serve the API over HTTP")
    serve.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1; another host requires an API key")
    serve.add_argument("--port", type=int, default=8421, help="default 8421; 0 picks a free one")
    serve.add_argument("--workspace", metavar="NAME", help="the workspace to serve (PostgreSQL without keys)")
    add_database(serve)
    serve.set_defaults(command=_serve_http)


def _serve_http(parsed: argparse.Namespace) -> int:
    from evals_mcp.serving import serve

    serve(database_of(parsed), parsed.host, parsed.port, workspace=parsed.workspace)
    return 0

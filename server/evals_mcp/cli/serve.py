"""`evals-mcp serve`: the API over HTTP for a team."""

import argparse
import os
from typing import Any

from evals_mcp.cli.arguments import add_database, database_of


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    serve = commands.add_parser("serve", help="serve the API over HTTP")
    serve.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1; another host requires an API key")
    serve.add_argument("--port", type=int, default=8421, help="default 8421; 0 picks a free one")
    serve.add_argument("--workspace", metavar="NAME", help="the workspace to serve (PostgreSQL without keys)")
    days = "days that entries of the journal of writes are kept; default 90; overrides EVALS_MCP_JOURNAL_DAYS"
    serve.add_argument("--journal-days", metavar="N", help=days)
    add_database(serve)
    serve.set_defaults(command=_serve_http)


def _serve_http(parsed: argparse.Namespace) -> int:
    from evals_mcp.config import read_journal_days, read_read_only
    from evals_mcp.serving.options import ServeOptions
    from evals_mcp.serving.serve import serve

    given = parsed.journal_days
    options = ServeOptions(
        database_of(parsed),
        parsed.host,
        parsed.port,
        workspace=parsed.workspace,
        journal_days=read_journal_days(os.environ if given is None else {"EVALS_MCP_JOURNAL_DAYS": given}),
        read_only=read_read_only(os.environ),
    )
    serve(options)
    return 0

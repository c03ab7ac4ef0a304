"""The stdio server: `evals-mcp` without a command."""

import argparse
import gc
import os
import sys

from evals_mcp.errors import Unavailable

_FOR_A_PERSON = """\
evals-mcp is an MCP server: an assistant starts it and talks to it on stdin and stdout.
To connect your assistants: `evals-mcp setup`.
To see what it answers: `evals-mcp demo`. For other commands: `evals-mcp --help`.
Ctrl-C ends it."""


def serve_stdio(parsed: argparse.Namespace) -> int:
    """Serve MCP on stdio until it is closed. Raises Unavailable if it is closed already."""
    if sys.stdin is None:
        raise Unavailable("stdin is closed, so no host can talk to the server.")
    # Imported objects live as long as the process. Collecting garbage among them would delay the first answers.
    gc.disable()
    from evals_mcp.mcp.ending import end_on_signals

    end_on_signals()
    if sys.stdin.isatty():
        print(_FOR_A_PERSON, file=sys.stderr, flush=True)
    from evals_mcp.config import is_read_only
    from evals_mcp.mcp.stdio import LateServer, StdioServer

    def load() -> LateServer:
        # Load the models, the client and the tools after the handshake.
        from evals_mcp.wiring import load_mcp_server

        gc.disable()
        server = load_mcp_server(
            os.environ,
            database=parsed.database,
            import_folders=parsed.import_dirs,
            in_bundle=parsed.in_bundle,
        )
        gc.freeze()
        gc.enable()
        return server

    server = StdioServer(load, read_only=is_read_only(os.environ), early=parsed.early)
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # an answer creates thousands of short-lived objects
    gc.enable()
    server.run("stdio")
    return 0

"""The stdio server, which is what `evals-mcp` runs without a command."""

import argparse
import gc
import os
import sys


def serve_stdio(parsed: argparse.Namespace) -> int:
    """Serve MCP on stdio until it is closed. Raises Invalid for settings that cannot be."""
    # What the imports make lives as long as the process: collecting garbage among it only delays the first answers.
    gc.disable()
    from evals_mcp.client.connection import Connection
    from evals_mcp.config import read_settings
    from evals_mcp.mcp.stdio import LateServer, StdioServer

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

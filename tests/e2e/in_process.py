"""Commands and servers of this process, set up by an environment as processes of their own are."""

import gc
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from tests.assistant import Assistant
from tests.e2e.stdio import environ

from evals_mcp.cli import stdio_client
from evals_mcp.cli.main import main
from evals_mcp.config import is_read_only, read_settings
from evals_mcp.mcp.server import build_server
from evals_mcp.mcp.stdio import StdioServer
from evals_mcp.mirror.mirror import Mirror
from evals_mcp.wiring import build_client, open_scratch, setup_of
from mcp import Client


class Ended(NamedTuple):
    """How a command ended, and what it wrote."""

    status: int
    stdout: str
    stderr: str


def run(arguments: Sequence[str], **variables: str) -> Ended:
    """Run a command to its end. A server that it asks is in this process, too."""
    with (
        patch.dict(os.environ, environ(**variables), clear=True),
        patch.object(tempfile, "tempdir", None),
        pytest.MonkeyPatch.context() as changed,
        redirect_stdout(StringIO()) as stdout,
        redirect_stderr(StringIO()) as stderr,
    ):
        changed.setattr(stdio_client, "start_server", _start_server)
        status = _status_of(arguments)
    return Ended(status, stdout.getvalue(), stderr.getvalue())


def _status_of(arguments: Sequence[str]) -> int:
    try:
        main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        gc.enable()  # the stdio server disables it while it starts
    raise AssertionError("a command ends with a status")


@asynccontextmanager
async def _start_server(environ: Mapping[str, str]) -> AsyncIterator[stdio_client.Asker]:
    async with connect(environ) as assistant:
        yield stdio_client.Asker(assistant.host)


@asynccontextmanager
async def connect(environ: Mapping[str, str], mode: Any = "auto") -> AsyncIterator[Assistant]:
    """An assistant at a server that answers the handshake first and loads the rest behind it."""
    settings = read_settings(environ)
    async with build_client(settings) as client:
        mirror = None if settings.base_url is None else Mirror(client, open_scratch)
        server = build_server(
            client,
            mirror,
            max_tokens=settings.max_tokens,
            read_only=settings.read_only,
            setup=setup_of(settings),
        )
        stdio = StdioServer(lambda: server, read_only=is_read_only(environ))
        async with Client(stdio, mode=mode) as host:
            yield Assistant(host, client)
        server.finish()

"""Servers as `serve` runs them, in threads of this process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from evals_mcp.serving.connections import ConnectionLimits
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.serve import http_server, listening, url_of

Serve = Callable[..., str]


@contextmanager
def served(
    address: str, host: str = "127.0.0.1", limits: ConnectionLimits | None = None, **options: Any
) -> Iterator[str]:
    """The address of a server of a database, on a port that is free."""
    with listening(ServeOptions(address, host, 0, **options)) as (app, listener):
        server = http_server(app, limits)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield url_of(listener)
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def serve_here() -> Iterator[Serve]:
    """Serves a database until the test ends; the address."""
    with ExitStack() as servers:
        yield lambda *arguments, **options: servers.enter_context(served(*arguments, **options))

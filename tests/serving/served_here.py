"""Servers as `serve` runs them, in threads of this process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from evals_mcp.serving.connections import ConnectionLimits
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.proxies import Proxies
from evals_mcp.serving.serve import http_server, listening
from evals_mcp.serving.sockets import url_of

Serve = Callable[..., str]


@contextmanager
def served(
    address: str, host: str = "127.0.0.1", limits: ConnectionLimits | None = None, port: int = 0, **options: Any
) -> Iterator[str]:
    """The address of a server of a database, by default on a port that is free."""
    chosen = ServeOptions(address, host, port, **options)
    with listening(chosen) as (app, listener):
        server = http_server(app, limits, Proxies(chosen.trusted_proxies))
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

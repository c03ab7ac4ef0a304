"""Serve the API over HTTP until a signal stops the server.

A server holds no state, so any number of servers can share one database.
"""

import contextlib
import ctypes
import gc
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess, ReadOnly
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.api.middleware.bodies import BodyGuard
from evals_mcp.api.middleware.large_bodies import LARGE_BODY
from evals_mcp.api.middleware.local_only import LocalOnly, is_loopback
from evals_mcp.api.middleware.request_log import RequestLog
from evals_mcp.api.routes.wait_for_judgments import PATIENCE
from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.mcp.over_http import LARGEST_MESSAGE, McpOverHttp
from evals_mcp.pages.app import Pages
from evals_mcp.serving.connections import ConnectionLimits, GuardedServer, default_limits
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.refusals import SlowedRefusals
from evals_mcp.serving.sparing_logs import sparing_logs
from evals_mcp.store.teams.control import Control, open_control
from evals_mcp.wiring import open_entrance, open_mcp

_SECONDS_TO_FINISH = 30
_CONNECTIONS_WAITING = 512
_MMAP_THRESHOLD = -3  # of mallopt


def serve(options: ServeOptions) -> None:
    """Serve a database until SIGTERM or SIGINT, then finish accepted requests and return.

    The first line on stderr is `evals-mcp serving on URL`, with the real port if `port` is 0. One line for each
    request follows.

    Raises Invalid if the host is not loopback and there are no keys, if the address is invalid, and if a workspace is
    missing or not needed; NotFound if the workspace does not exist; Unavailable if the port is in use or the database
    cannot be reached; Conflict as `open_store`.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    with sparing_logs(), listening(options) as (app, listener):
        _give_memory_back()
        gc.freeze()  # what a server starts with stays, so that no collection need look at it
        _write_line(f"evals-mcp serving on {url_of(listener)}")
        with _signals_handled():
            http_server(app).run(sockets=[listener])


@contextlib.contextmanager
def listening(options: ServeOptions) -> Iterator[tuple[ASGIApp, socket.socket]]:
    """Open what `serve` serves, and a socket that accepts connections for it. Raises as `serve`."""
    control = open_control(options.database, journal_days=options.journal_days)
    with contextlib.closing(control):
        keyed = control.has_keys()
        if not keyed:
            _require_loopback(options.host)
        access = _access(control, options.workspace, keyed=keyed)
        app = _application(access, options, control if keyed else None)
        if not keyed:
            app = LocalOnly(app)
        if options.slows_refusals:
            app = SlowedRefusals(app)
        with _open_socket(options.host, options.port) as listener:
            yield RequestLog(app, _write_line), listener


def _application(access: OpenAccess | KeyedAccess, options: ServeOptions, keys: Control | None) -> ASGIApp:
    """The API, its pages, and MCP over HTTP; of a server with keys also what administers them."""
    allowed = ReadOnly(access) if options.read_only else access
    api = create_app(allowed, options.largest_body, patience=PATIENCE, keys=keys)
    pages = Pages(api, open_entrance(access))
    guard = partial(BodyGuard, largest_body=min(options.largest_body, LARGEST_MESSAGE), checks_texts=True)
    return McpOverHttp(pages, open_mcp(allowed), guard)


def _give_memory_back() -> None:
    """Let the C library give the memory of large texts back to the system, where it is glibc: by default it learns to
    keep it, and eight large bodies in turn take twice the memory of one."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, LARGE_BODY)


def _access(control: Control, workspace: str | None, *, keyed: bool) -> OpenAccess | KeyedAccess:
    if not keyed:
        return OpenAccess(control.open(control.workspace(workspace)))
    if workspace is not None:
        raise Invalid("Omit `--workspace`: this database has API keys, and each key opens its own workspace.")
    return KeyedAccess(control)


def _require_loopback(host: str) -> None:
    if not is_loopback(host):
        raise Invalid(
            f"Without API keys the server listens on this machine only, not on `{host}`. "
            "Create a key first: `evals-mcp keys create NAME`."
        )


def _open_socket(host: str, port: int) -> socket.socket:
    """Open a socket that accepts connections."""
    try:
        family, _, _, _, endpoint = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(endpoint[:2], family=family, backlog=_CONNECTIONS_WAITING)
    except OSError as error:
        raise Unavailable(f"The server cannot listen on `{host}` port {port}: {error.strerror}.") from error
    # Connections inherit this. Asyncio sets it only on sockets with an explicit protocol; answers would wait 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(listener: socket.socket) -> str:
    """The address at which a socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def http_server(app: ASGIApp, limits: ConnectionLimits | None = None) -> uvicorn.Server:
    """A server of an application; it finishes accepted requests before it stops, and ends unfinished connections."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        backlog=_CONNECTIONS_WAITING,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    return GuardedServer(config, limits or default_limits())


@contextlib.contextmanager
def _signals_handled() -> Iterator[None]:
    """Let a signal stop the server but not the process: uvicorn raises it again after it has stopped."""
    previous = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _write_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()

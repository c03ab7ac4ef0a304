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
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess, ReadOnly
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.api.middleware.bodies import BodyGuard
from evals_mcp.api.middleware.large_bodies import LARGE_BODY, LargeBodies
from evals_mcp.api.middleware.limits import LimitGate
from evals_mcp.api.middleware.local_only import LocalOnly, is_loopback
from evals_mcp.api.middleware.request_log import RequestLog
from evals_mcp.api.routes.wait_for_judgments import PATIENCE
from evals_mcp.errors import Invalid
from evals_mcp.mcp.over_http import LARGEST_MESSAGE, McpOverHttp
from evals_mcp.pages.app import Pages
from evals_mcp.serving.connections import ConnectionLimits, GuardedServer, default_limits
from evals_mcp.serving.hangup import Terminal
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.proxies import NO_PROXIES, FewOfEach, Forwarded, Proxies
from evals_mcp.serving.refusals import SlowedRefusals
from evals_mcp.serving.root_path import RootPath, checked_root_path
from evals_mcp.serving.sockets import CONNECTIONS_WAITING, announce, bound_socket, listen
from evals_mcp.serving.sparing_logs import sparing_logs
from evals_mcp.store.teams.control import Control, open_control
from evals_mcp.wiring import open_entrance, open_mcp

SECONDS_TO_FINISH = 30
"""How long accepted requests may take once the server is to stop."""

_MMAP_THRESHOLD = -3  # of mallopt


def serve(options: ServeOptions) -> None:
    """Serve a database from this process until SIGTERM or SIGINT, then finish accepted requests and return.

    The first line on stderr is `evals-mcp serving on URL`, with the real port if `port` is 0. One line for each
    request follows.

    Raises Invalid if the host is not loopback and there are neither keys nor sign-in with OAuth, if the address is
    invalid, and if a workspace is missing or not needed; NotFound if the workspace does not exist; Unavailable if the
    port is in use or the database cannot be reached; Conflict as `open_store`.
    """
    configure_logs()
    with sparing_logs(), listening(options) as (app, listener):
        keep_what_is_there()
        server = http_server(app, proxies=Proxies(options.trusted_proxies))
        with signals_handled(server, hangup=_tell_of_no_reload):
            announce(listener)
            if options.oauth is not None:
                from evals_mcp.serving.signing_in import tell_of_provider

                tell_of_provider(options.oauth, _write_line)
            server.run(sockets=[listener])


@contextlib.contextmanager
def listening(options: ServeOptions) -> Iterator[tuple[ASGIApp, socket.socket]]:
    """Open what `serve` serves, and a socket that accepts connections for it. Raises as `serve`."""
    with opened(options) as app, bound_socket(options.host, options.port) as listener:
        listen(listener)
        yield app, listener


@contextlib.contextmanager
def opened(options: ServeOptions, secret: bytes | None = None) -> Iterator[ASGIApp]:
    """Open what `serve` serves. Servers with the same `secret` take each other's questions to people for theirs.

    Raises as `serve`.
    """
    root_path, proxies = checked_root_path(options.root_path), Proxies(options.trusted_proxies)
    control = open_control(options.database, journal_days=options.journal_days)
    with contextlib.closing(control):
        keyed = control.has_keys() or options.oauth is not None
        require_servable(options, keyed=keyed)
        access = _access(control, options.workspace, keyed=keyed)
        app = _application(access, options, control if keyed else None, secret)
        if root_path:
            app = RootPath(app, root_path)
        if not keyed:
            app = LocalOnly(app)
        if options.slows_refusals:
            app = SlowedRefusals(app)
        if proxies:
            app = FewOfEach(app, default_limits().most_of_address)
        app = RequestLog(app, _write_line)
        yield Forwarded(app, proxies) if proxies else app


def _application(
    access: OpenAccess | KeyedAccess, options: ServeOptions, keys: Control | None, secret: bytes | None
) -> ASGIApp:
    """The API, its pages, and MCP over HTTP; of a server with keys also what administers them."""
    allowed = ReadOnly(access) if options.read_only else access
    bodies = LargeBodies()
    api = create_app(allowed, options.largest_body, patience=PATIENCE, keys=keys, bodies=bodies)
    pages = Pages(api, open_entrance(access))
    largest = min(options.largest_body, LARGEST_MESSAGE)

    def guard(answer: ASGIApp) -> ASGIApp:
        body_guard = BodyGuard(answer, largest, bodies=bodies, checks_texts=True)
        return LimitGate(body_guard, is_free_of_storage=True)

    actor = options.actor if isinstance(access, OpenAccess) else None  # with keys, each names its person
    open_to = partial(open_mcp, secret=secret, max_tokens=options.max_tokens, actor=actor)
    if options.oauth is not None and keys is not None and isinstance(access, KeyedAccess):
        from evals_mcp.serving.signing_in import mcp_with_sign_in  # with the libraries that check tokens

        return mcp_with_sign_in(pages, guard, access, keys, options.oauth, read_only=options.read_only, open_to=open_to)
    return McpOverHttp(pages, open_to(allowed), guard)


def configure_logs() -> None:
    """Write warnings and errors to stderr."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")


def keep_what_is_there() -> None:
    """Prepare a process for its work: what it starts with stays, so that no collection need look at it."""
    _give_memory_back()
    gc.freeze()


def _give_memory_back() -> None:
    """Let the C library give the memory of large texts back to the system, where it is glibc: by default it learns to
    keep it, and eight large bodies in turn take twice the memory of one."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, LARGE_BODY)


def _access(control: Control, workspace: str | None, *, keyed: bool) -> OpenAccess | KeyedAccess:
    return KeyedAccess(control) if keyed else OpenAccess(control.open(control.workspace(workspace)))


def require_servable(options: ServeOptions, *, keyed: bool) -> None:
    """Raise Invalid for what cannot be served with keys, or without."""
    if not keyed and not is_loopback(options.host):
        raise Invalid(
            f"Without API keys the server listens on this machine only, not on `{options.host}`. "
            "Create a key first: `evals-mcp keys create NAME`. Or let people sign in: EVALS_MCP_OAUTH_ISSUER."
        )
    if keyed and options.workspace is not None:
        raise Invalid(
            "Name no workspace (`--workspace`, EVALS_MCP_WORKSPACE, `?workspace=`): this server has API keys or "
            "sign-in with OAuth, and each opens its own."
        )


def http_server(
    app: ASGIApp, limits: ConnectionLimits | None = None, proxies: Proxies = NO_PROXIES, *, shares: bool = False
) -> GuardedServer:
    """A server of an application; it finishes accepted requests before it stops, and ends unfinished connections.

    It `shares` its socket with other processes, if there are any.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,  # by default, uvicorn trusts everybody on this machine
        backlog=CONNECTIONS_WAITING,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    return GuardedServer(config, limits or default_limits(), proxies.trusts, shares=shares)


@contextlib.contextmanager
def signals_handled(server: GuardedServer, hangup: Callable[[], None] | None) -> Iterator[None]:
    """Let a signal stop the server but not the process: uvicorn raises it again after it has stopped.

    SIGHUP, where there is one, calls `hangup` or is ignored; it stops the server whose terminal is gone.
    """

    def stop(*_: object) -> None:
        server.should_exit = True

    handlers: dict[int, Any] = {signal.SIGTERM: stop, signal.SIGINT: stop}
    if hasattr(signal, "SIGHUP"):
        terminal = Terminal()
        handlers[signal.SIGHUP] = signal.SIG_IGN if hangup is None else lambda *_: terminal.on_hangup(hangup)
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _tell_of_no_reload() -> None:
    _write_line("SIGHUP: a server without --config and --workers has nothing to read again. It goes on as it was.")


def _write_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()

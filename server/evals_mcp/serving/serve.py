"""Serve the API over HTTP until a signal stops the server.

A server holds no state, so any number of servers can share one database.
"""

import contextlib
import ctypes
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess, ReadOnly
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.api.middleware.bodies import BodyGuard
from evals_mcp.api.middleware.large_bodies import LARGE_BODY, BodyCounts, LargeBodies
from evals_mcp.api.middleware.limits import LimitGate
from evals_mcp.api.middleware.local_only import LocalOnly, is_loopback
from evals_mcp.api.middleware.request_ids import RequestIds
from evals_mcp.api.middleware.request_log import AnsweredRequest, RequestLog
from evals_mcp.api.routes.wait_for_judgments import PATIENCE
from evals_mcp.errors import Invalid
from evals_mcp.mcp.ending import end_certainly
from evals_mcp.mcp.over_http import LARGEST_MESSAGE, McpOverHttp
from evals_mcp.pages.app import Pages
from evals_mcp.serving.connections import ConnectionLimits, ConnectionWatcher, GuardedServer, default_limits
from evals_mcp.serving.database_log import DatabaseLog
from evals_mcp.serving.figure_files import FigurePlace, make_room
from evals_mcp.serving.hangup import Terminal
from evals_mcp.serving.logs import ServerLog
from evals_mcp.serving.metrics_page import MetricsPage
from evals_mcp.serving.open_files import require_files, tell_of_few_files
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.proxies import NO_PROXIES, FewOfEach, Forwarded, Proxies
from evals_mcp.serving.refusals import SlowedRefusals
from evals_mcp.serving.root_path import RootPath, checked_root_path
from evals_mcp.serving.shared_counts import CountsPlace, SharedCounts
from evals_mcp.serving.sockets import CONNECTIONS_WAITING, bound_socket, listen, url_of
from evals_mcp.serving.unfinished import UnfinishedRequests
from evals_mcp.store.teams.control import Control, open_control
from evals_mcp.wiring import open_entrance, open_mcp

if TYPE_CHECKING:
    from evals_mcp.serving.metrics import Metrics

Tell = Callable[[AnsweredRequest], None]

SECONDS_TO_FINISH = 30
"""How long accepted requests may take once the server is to stop."""

SECONDS_TO_CLOSE = 10.0
"""How long the process may take to end afterwards: a thread may wait for a database that never answers."""

_SECONDS_AFTER_SECOND = 2.0
"""How long the process may take after a second Ctrl-C: whoever sends it waits for no database."""

_LOGGER = logging.getLogger(__name__)
_MMAP_THRESHOLD = -3  # of mallopt
_NO_RELOAD = "SIGHUP: a server without --config and --workers has nothing to read again. It goes on as it was."


def serve(options: ServeOptions) -> None:
    """Serve a database from this process until SIGTERM or SIGINT, then finish accepted requests and return.

    What is not finished in time, or when a second SIGINT comes, is answered with 503. The process ends with status 128
    plus the signal's number if its threads or the database keep it.

    The first line on stderr is `evals-mcp serving on URL`, with the real port if `port` is 0. One line for each
    request follows.

    Raises Invalid if the host is not loopback and there are neither keys nor sign-in with OAuth, if the address is
    invalid, and if a workspace is missing or not needed; NotFound if the workspace does not exist; Unavailable if the
    port is in use, the database cannot be reached or the system lets it open too few files; Conflict as `open_store`.
    """
    log = ServerLog(options.log_format)
    require_files()
    with log.records(), listening(options) as (app, listener):
        keep_what_is_there()
        server = http_server(app, proxies=Proxies(options.trusted_proxies))
        with signals_handled(server, hangup=partial(log.say, _NO_RELOAD)):
            end_certainly(SECONDS_TO_FINISH + SECONDS_TO_CLOSE, seconds_after_second=_SECONDS_AFTER_SECOND)
            log.say(f"evals-mcp serving on {url_of(listener)}")
            tell_of_few_files()
            if options.oauth is not None:
                from evals_mcp.serving.signing_in import tell_of_sign_in

                tell_of_sign_in(options.oauth, options.root_path, log.say)
            server.run(sockets=[listener])


@contextlib.contextmanager
def listening(options: ServeOptions) -> Iterator[tuple[ASGIApp, socket.socket]]:
    """Open what `serve` serves, and a socket that accepts connections for it. Raises as `serve`."""
    with opened(options) as app, bound_socket(options.host, options.port) as listener:
        listen(listener)
        yield app, listener


@contextlib.contextmanager
def opened(
    options: ServeOptions,
    secret: bytes | None = None,
    figures: FigurePlace | None = None,
    counted_in: CountsPlace | None = None,
) -> Iterator["ServedApp"]:
    """Open what `serve` serves. Servers with the same `secret` take each other's questions to people for theirs.

    Those with `figures` in the same folder have them in common, and those that are `counted_in` the same file count
    requests and refusals together.

    Raises as `serve`.
    """
    root_path, proxies = checked_root_path(options.root_path), Proxies(options.trusted_proxies)
    control = open_control(options.database, journal_days=options.journal_days)
    with contextlib.closing(control):
        shared = None if counted_in is None else SharedCounts(counted_in)
        if shared is not None:
            control.minutes = shared.requests
        keyed = control.has_keys() or options.oauth is not None
        require_servable(options, keyed=keyed)
        counts = BodyCounts()
        control.database.watcher = DatabaseLog()
        metrics = _open_metrics(control, counts, figures) if options.metrics_token or not keyed else None
        access = _access(control, options.workspace, keyed=keyed)
        app = _application(access, options, control if keyed else None, secret, counts)
        app = MetricsPage(app, metrics, options.metrics_token)
        if root_path:
            app = RootPath(app, root_path)
        if not keyed:
            app = LocalOnly(app)
        if options.slows_refusals:
            app = SlowedRefusals(app, counts=shared)
        if proxies:
            app = FewOfEach(app, default_limits().most_of_address)
        log = ServerLog(options.log_format).request
        app = RequestLog(RequestIds(UnfinishedRequests(app)), log if metrics is None else _both(log, metrics.request))
        yield ServedApp(Forwarded(app, proxies) if proxies else app, metrics)


class ServedApp:
    """What a server serves, and who is told of its connections."""

    def __init__(self, app: ASGIApp, watcher: ConnectionWatcher | None) -> None:
        self._app = app
        self.watcher = watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await self._app(scope, receive, send)


def _open_metrics(control: Control, bodies: BodyCounts, place: FigurePlace | None) -> "Metrics | None":
    """Keep figures from now on, of what the database does, too. None where the disk has no room for them."""
    if place is not None:
        try:
            make_room(place)
        except OSError as error:
            told = "There is no room for metrics in %s: %s. This process has none."
            _LOGGER.warning(told, place.folder, error.strerror)
            return None
    from evals_mcp.serving.metrics import Metrics  # takes a while to load, and not everybody reads it

    metrics = Metrics(control.database.engine, bodies, place)
    control.database.watcher = metrics
    return metrics


def _both(first: Tell, second: Tell) -> Tell:
    def tell(answered: AnsweredRequest) -> None:
        first(answered)
        second(answered)

    return tell


def _application(
    access: OpenAccess | KeyedAccess,
    options: ServeOptions,
    keys: Control | None,
    secret: bytes | None,
    counts: BodyCounts,
) -> ASGIApp:
    """The API, its pages, and MCP over HTTP; of a server with keys also what administers them."""
    allowed = ReadOnly(access) if options.read_only else access
    bodies = LargeBodies(counts=counts)
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
    return McpOverHttp(pages, open_to(allowed), guard, needs_key=isinstance(access, KeyedAccess))


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
    watcher = app.watcher if isinstance(app, ServedApp) else None
    return GuardedServer(config, limits or default_limits(), proxies.trusts, shares=shares, watcher=watcher)


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

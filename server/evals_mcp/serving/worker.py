"""A process that serves the socket of a supervisor.

It ends when its supervisor closes the line between them, or is not there any more. Only light modules are imported
before it runs, because the supervisor imports this one.
"""

import gc
import multiprocessing
import os
import shutil
import signal
import socket
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from evals_mcp.errors import EvalsError, with_reason
from evals_mcp.serving.options import ServeOptions

if TYPE_CHECKING:
    from evals_mcp.serving.connections import GuardedServer
    from evals_mcp.serving.shared_counts import CountsPlace

READY = b"ready"
"""What a worker says once it accepts connections."""

ALIVE = b"alive"
"""What it says every few seconds, while it starts, and later while its server takes turns. All else is a sentence: why
it cannot serve."""

LEAVE = b"leave"
"""What a worker is told that others replace. To be told nothing more means to stop."""

TELL = b"tell"
"""What one worker is told: to log whether the identity provider can be used."""

SECONDS_TO_END = 60.0
"""How long a worker may go on without a supervisor: what it has accepted takes half of that, or waits for nothing that
still comes."""

_SECONDS_BETWEEN_SIGNS = 2.0


class Shared(NamedTuple):
    """What all workers of a supervisor have in common: the socket, what they sign with, and where their figures are."""

    listener: socket.socket
    secret: bytes
    metrics_folder: str


def run_worker(
    options: ServeOptions, shared: Shared, number: int, counted_in: "CountsPlace | None", line: Connection
) -> None:
    """Serve until the line ends. No two workers that run have the same number.

    Requests and refusals are `counted_in` a file; without one, by each worker alone.
    """
    listener, secret, metrics_folder = shared
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder  # prometheus_client reads it when it is loaded
    _leave_signals_to_the_supervisor()
    follower = _Follower(line, options, metrics_folder)
    follower.start()  # before all that takes long: a slow machine is not silent
    gc.disable()  # what is imported is no garbage
    from evals_mcp.serving.figure_files import FigurePlace
    from evals_mcp.serving.logs import ServerLog
    from evals_mcp.serving.proxies import Proxies
    from evals_mcp.serving.serve import http_server, keep_what_is_there, opened, signals_handled
    from evals_mcp.serving.sockets import listen

    gc.enable()
    try:
        served = opened(options, secret, FigurePlace(Path(metrics_folder), number), counted_in)
        with ServerLog(options.log_format).records(), served as app, listener:
            keep_what_is_there()
            server = http_server(app, proxies=Proxies(options.trusted_proxies), shares=(options.workers or 1) > 1)
            with signals_handled(server, hangup=None):
                listen(listener)
                follower.serves(server)
                server.run(sockets=[listener])
    except EvalsError as error:
        with suppress(ConnectionError):
            follower.say(with_reason(error).encode(errors="backslashreplace"))
    except ConnectionError:
        pass  # the supervisor is gone
    finally:
        _tidy_up_after_a_killed_supervisor(metrics_folder)


def _tidy_up_after_a_killed_supervisor(metrics_folder: str) -> None:
    """Delete the folder that a supervisor deletes at its end, if it had no time for it."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        shutil.rmtree(metrics_folder, ignore_errors=True)


def _leave_signals_to_the_supervisor() -> None:
    """Ctrl-C and the end of a terminal reach all processes at once. The supervisor says what follows from them."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


class _Follower(threading.Thread):
    """Does what the supervisor says, until it is not there any more, and tells it that the worker works.

    What works on requests may have no time to listen, nor has what upgrades the tables before. So this is a thread.
    """

    def __init__(self, line: Connection, options: ServeOptions, metrics_folder: str) -> None:
        super().__init__(daemon=True)
        self._line = line
        self._options = options
        self._metrics_folder = metrics_folder
        self._server: GuardedServer | None = None
        self._leaves = False
        self._speaking = threading.Lock()

    def serves(self, server: "GuardedServer") -> None:
        """Say that the server accepts connections. From now on only its turns are signs of life.

        Raises ConnectionError if the supervisor is gone.
        """
        self._server = server
        if self._leaves:  # told while it started
            server.leaves = True
        self.say(READY)

    def say(self, words: bytes) -> None:
        """Tell the supervisor. Raises ConnectionError if it is gone."""
        with self._speaking:
            self._line.send_bytes(words)

    def run(self) -> None:
        """Listen until the line ends; then the worker ends, too, whatever its threads wait for."""
        try:
            self._listen()
        finally:
            if self._server is not None:
                self._server.should_exit = True
            time.sleep(SECONDS_TO_END)
            _tidy_up_after_a_killed_supervisor(self._metrics_folder)
            os._exit(1)

    def _listen(self) -> None:
        turns = 0
        with suppress(EOFError, OSError):
            while True:
                server = self._server
                if self._line.poll(_SECONDS_BETWEEN_SIGNS):
                    self._do(self._line.recv_bytes())
                elif server is None or server.turns != turns:
                    turns = 0 if server is None else server.turns
                    self.say(ALIVE)

    def _do(self, said: bytes) -> None:
        if said == LEAVE:
            self._leaves = True
            if self._server is not None:
                self._server.leaves = True
        elif said == TELL and self._options.oauth is not None:
            from evals_mcp.serving.logs import ServerLog
            from evals_mcp.serving.signing_in import tell_of_sign_in

            log = ServerLog(self._options.log_format)
            tell_of_sign_in(self._options.oauth, self._options.root_path, log.say)

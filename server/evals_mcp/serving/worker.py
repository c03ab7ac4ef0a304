"""A process that serves the socket of a supervisor.

It ends when its supervisor closes the line between them, or is not there any more. Only light modules are imported
before it runs, because the supervisor imports this one.
"""

import multiprocessing
import os
import shutil
import signal
import socket
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from evals_mcp.errors import EvalsError
from evals_mcp.serving.options import ServeOptions

if TYPE_CHECKING:
    from evals_mcp.serving.connections import GuardedServer

READY = b"ready"
"""What a worker says once it accepts connections. Everything else is a sentence that says why it cannot."""

LEAVE = b"leave"
"""What a worker is told that others replace. To be told nothing more means to stop."""


def run_worker(
    options: ServeOptions, listener: socket.socket, secret: bytes, metrics_folder: str, line: Connection
) -> None:
    """Serve until the line ends. `secret` and `metrics_folder` are what all workers of a supervisor have in common."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder  # prometheus_client reads it when it is loaded
    _leave_signals_to_the_supervisor()
    from evals_mcp.serving.logs import ServerLog
    from evals_mcp.serving.proxies import Proxies
    from evals_mcp.serving.serve import http_server, keep_what_is_there, opened, signals_handled
    from evals_mcp.serving.sockets import listen

    try:
        with ServerLog(options.log_format).records(), opened(options, secret, Path(metrics_folder)) as app, listener:
            keep_what_is_there()
            server = http_server(app, proxies=Proxies(options.trusted_proxies), shares=(options.workers or 1) > 1)
            with signals_handled(server, hangup=None):
                listen(listener)
                line.send_bytes(READY)
                threading.Thread(target=_follow, args=(line, server), daemon=True).start()
                server.run(sockets=[listener])
    except EvalsError as error:
        line.send_bytes(str(error).encode())
    except BrokenPipeError:
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


def _follow(line: Connection, server: "GuardedServer") -> None:
    """Do what the supervisor says, until it is not there any more."""
    try:
        while True:
            if line.recv_bytes() == LEAVE:
                server.leaves = True
    except (EOFError, OSError):
        server.should_exit = True

"""End the process although a thread waits for stdin. Nothing can interrupt that thread."""

import atexit
import os
import signal
import threading
from typing import NoReturn

_SECONDS_TO_CLOSE = 0.5


def end_on_signals() -> None:
    """End the process on SIGINT and SIGTERM, with status 128 plus the signal's number."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: end_process(128 + number))


def end_process(status: int) -> NoReturn:
    """Close the database, for half a second at most, and exit. Wait for no thread.

    A write that was not answered may be lost, as if the process had been killed.
    """
    deadline = threading.Timer(_SECONDS_TO_CLOSE, os._exit, (status,))
    deadline.daemon = True
    deadline.start()
    atexit._run_exitfuncs()
    os._exit(status)

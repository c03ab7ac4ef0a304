"""End the process although a thread waits for stdin. Nothing can interrupt that thread."""

import atexit
import math
import os
import select
import signal
import sys
import threading
import time
from typing import NoReturn

_SECONDS_TO_CLOSE = 0.5


def end_on_signals() -> None:
    """End the process on SIGINT and SIGTERM, with status 128 plus the signal's number."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: end_process(128 + number))
    end_certainly(2 * _SECONDS_TO_CLOSE)


def end_certainly(seconds: float, seconds_after_second: float = math.inf) -> None:
    """End the process so long after SIGINT or SIGTERM, if it goes on: a call of C may keep its main thread, that may
    just have gone to sleep, or other threads never end. To be called once, in the main thread.

    A second SIGINT leaves it only `seconds_after_second`."""
    if sys.platform == "win32":  # there, asyncio uses what would wake the thread
        return
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(
        target=_end_overdue, args=(told, seconds, seconds_after_second), name="signals", daemon=True
    ).start()


def _end_overdue(told: int, seconds: float, seconds_after_second: float) -> None:
    first = 0
    while first not in (signal.SIGINT, signal.SIGTERM):
        (first,) = os.read(told, 1)
    end, coming = time.monotonic() + seconds, select.poll()
    coming.register(told, select.POLLIN)
    while (left := end - time.monotonic()) > 0:
        if coming.poll(left * 1000) and os.read(told, 1)[0] == signal.SIGINT:
            end = min(end, time.monotonic() + seconds_after_second)
    os._exit(128 + first)


def end_process(status: int) -> NoReturn:
    """Close the database, for half a second at most, and exit. Wait for no thread.

    A write that was not answered may be lost, as if the process had been killed.
    """
    deadline = threading.Timer(_SECONDS_TO_CLOSE, os._exit, (status,))
    deadline.daemon = True
    deadline.start()
    atexit._run_exitfuncs()
    os._exit(status)

"""End the process although a thread waits for stdin. Nothing can interrupt that thread."""

import atexit
import os
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


def end_certainly(seconds: float) -> None:
    """End the process so long after SIGINT or SIGTERM, if it goes on: a call of C may keep its main thread, that may
    just have gone to sleep, or other threads never end. To be called once, in the main thread."""
    if sys.platform == "win32":  # there, asyncio uses what would wake the thread
        return
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(target=_end_overdue, args=(told, seconds), name="signals", daemon=True).start()


def _end_overdue(told: int, seconds: float) -> None:
    number = 0
    while number not in (signal.SIGINT, signal.SIGTERM):
        (number,) = os.read(told, 1)
    time.sleep(seconds)
    os._exit(128 + number)


def end_process(status: int) -> NoReturn:
    """Close the database, for half a second at most, and exit. Wait for no thread.

    A write that was not answered may be lost, as if the process had been killed.
    """
    deadline = threading.Timer(_SECONDS_TO_CLOSE, os._exit, (status,))
    deadline.daemon = True
    deadline.start()
    atexit._run_exitfuncs()
    os._exit(status)

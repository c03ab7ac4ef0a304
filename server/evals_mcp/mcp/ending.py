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
    if sys.platform != "win32":  # there, asyncio uses what would wake this thread
        told, tell = os.pipe()
        os.set_blocking(tell, False)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        threading.Thread(target=_end_overdue, args=(told,), name="signals", daemon=True).start()


def _end_overdue(told: int) -> None:
    """End the process if the main thread does not, since a call of C keeps it or it has just gone to sleep."""
    number = os.read(told, 1)[0]
    time.sleep(2 * _SECONDS_TO_CLOSE)
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

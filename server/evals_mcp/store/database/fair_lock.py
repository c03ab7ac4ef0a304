"""A lock that threads get in the order of their requests. With a plain lock, one thread may wait forever."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """Lets one thread at a time proceed, in the order of their requests."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Hold the turn. Raises TimeoutError if it does not come in time."""
        if not self._take(seconds):
            raise TimeoutError
        try:
            yield
        finally:
            self._pass_on()

    def _take(self, seconds: float) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            waiter = threading.Lock()
            waiter.acquire()
            self._waiting.append(waiter)
        if waiter.acquire(timeout=seconds):
            return True
        with self._guard:
            if waiter not in self._waiting:
                return True  # our turn came at the last moment
            self._waiting.remove(waiter)
            return False

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

"""The time left for an answer."""

from collections.abc import Callable

import anyio

READING_SECONDS = 38.0
"""Of the 45 seconds for an answer; the rest is for the question itself. One host gives up after 60."""


class TimeLimit:
    """A time limit that starts when it is first read."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        """The seconds left, at least 0."""
        return max(0.0, self._end - self._clock())

    def scope(self) -> anyio.CancelScope:
        """A scope that is cancelled when time is over."""
        return anyio.move_on_after(self.left)

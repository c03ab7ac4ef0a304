"""How much time is left for an answer."""

from collections.abc import Callable

import anyio

READING_SECONDS = 38.0
"""Of 45 in which an answer must come; the rest is for the question itself. One host gives up after 60."""


class TimeLimit:
    """Seconds that begin to run out with the first look at them."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, none below 0."""
        return max(0.0, self._end - self._clock())

    def scope(self) -> anyio.CancelScope:
        """A scope that is cancelled when the time is over."""
        return anyio.move_on_after(self.left)

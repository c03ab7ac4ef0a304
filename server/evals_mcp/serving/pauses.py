"""How long to wait before a process that has ended is started again."""

_FIRST, _LONGEST = 0.25, 10.0
_LIVES = 10.0  # seconds: who served that long did not end of what others would end of, too


class Pauses:
    """No pause after a first end; then one that doubles with each that follows soon."""

    def __init__(self) -> None:
        self.until = 0.0
        self._in_a_row = 0

    def after_end(self, now: float, ready_at: float | None) -> float:
        """The seconds to wait after the end of a process that was ready at a time, if ever."""
        lived = ready_at is not None and now - ready_at >= _LIVES
        self._in_a_row = 1 if lived else self._in_a_row + 1
        pause = 0.0 if self._in_a_row == 1 else min(_LONGEST, _FIRST * 2 ** (self._in_a_row - 2))
        self.until = now + pause
        return pause

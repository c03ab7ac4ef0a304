"""Log numbers that keep the server's order within a run and the order of time across runs."""

from bisect import bisect
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_BEGIN = datetime(2010, 1, 1, tzinfo=UTC)
_RUNS, _LOGS = 16, 512
_LAST = 2**53 // (_RUNS * _LOGS) - 1  # the largest milliseconds that are exact in a cursor (year 2044)
_FARTHEST = 2**62


class LogOrder:
    """Numbers the logs of one run, page by page. Newer logs have higher numbers.

    A number depends on the log's time in milliseconds and, for equal times, on the run's `rank` (newer runs: higher).
    It changes only as far as the list order and the numbers of other runs (`taken`, shared by all) require. Pages may
    come in any order. We assume that the list starts with the newest log, unless times on the first page rise.
    """

    def __init__(self, taken: set[int], rank: int = 0) -> None:
        self._taken = taken
        self._in_moment = rank % _RUNS * _LOGS + _LOGS - 1
        self._mine: set[int] = set()
        self._direction = 0
        self._pages: list[tuple[int, int, int]] = []

    def give_back(self) -> None:
        """Free the numbers of this run."""
        self._taken -= self._mine

    def number(self, page: int, times: Sequence[datetime], size: int) -> list[int]:
        """Numbers for the logs on a page, by their times. A full page has `size` logs."""
        if not times:
            return []
        self._direction = self._direction or (1 if times[0] < times[-1] else -1)
        at = bisect(self._pages, (page,))
        lowest, highest = -_FARTHEST, _FARTHEST
        if at:
            before, _, last = self._pages[at - 1]
            lowest = last + 1 + (page - before - 1) * size
        if at < len(self._pages):
            after, first, _ = self._pages[at]
            highest = first - len(times) - (after - page - 1) * size
        found: list[int] = []
        for time in times:
            number = min(max(lowest, self._direction * self._number(time)), highest)
            while abs(number) in self._taken:
                number += 1
            found.append(number)
            self._taken.add(abs(number))
            lowest, highest = number + 1, highest + 1
        self._pages.insert(at, (page, found[0], found[-1]))
        numbers = [abs(number) for number in found]
        self._mine.update(numbers)
        return numbers

    def _number(self, time: datetime) -> int:
        milliseconds = max(0, min((time - _BEGIN) // timedelta(milliseconds=1), _LAST))
        return milliseconds * _RUNS * _LOGS + self._in_moment

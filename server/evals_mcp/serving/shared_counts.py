"""Counts that the processes of one server have in common, in a file that each of them maps into memory.

Each process writes its own part alone and reads those of all. So there is no lock that a killed or stopped process
could keep, and who takes the place of one that has ended goes on with what it counted.
"""

import logging
import mmap
import struct
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Protocol

from evals_mcp.store.database.minutes import MINUTE, Taken

_LOGGER = logging.getLogger(__name__)
_IN_BUCKET = 8
_BUCKET = struct.Struct(f"{_IN_BUCKET}Q{_IN_BUCKET}d{_IN_BUCKET}q")
"""Names of rows (as hashes), until when each holds, and its count. Native, so that each number is read as a whole."""

_WORDS = _BUCKET.size // 8
_REQUESTS, _REFUSALS, _WAITS = (0, 128), (128, 128), (256, 32)
"""The first bucket of each kind, and how many it has: a kind pushes out no rows of another."""

_BUCKETS = 288
_ALL = ""
_KEPT_AFTER = 1.0  # seconds after a wait should have ended


class CountsPlace(NamedTuple):
    """Where a process counts: in the part `slot` of a file with so many `slots`."""

    path: Path
    slot: int
    slots: int


def make_counts(path: Path, slots: int) -> None:
    """Write a file for so many processes. Raises OSError if there is no room, and leaves none."""
    try:
        path.write_bytes(bytes(_start(slots, slots)))
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _start(slot: int, slots: int) -> int:
    """Where a part begins, after a byte for each that says whether somebody has counted there, and some to align it."""
    return slots + -slots % 8 + slot * _BUCKETS * _BUCKET.size


class SharedParts:
    """The file in a folder in which processes count: each in the part of its number.

    There is room for those that serve, those that replace them, and as many that finish. If there are more after all, a
    larger file begins at 0, and who came before goes on in the old one.
    """

    def __init__(self, folder: Path, slots: int) -> None:
        self._folder = folder
        self._slots = slots
        self._files = 0
        self._path: Path | None = None

    def part(self, number: int) -> CountsPlace | None:
        """The part of a process with a number that no other has; None where the disk has no room."""
        while number >= self._slots:
            self._slots, self._path = 2 * self._slots, None
        if self._path is None:
            self._begin()
        return None if self._path is None else CountsPlace(self._path, number, self._slots)

    def _begin(self) -> None:
        self._files += 1
        path = self._folder / f"counts-{self._files}"
        try:
            make_counts(path, self._slots)
        except OSError as error:
            told = "There is no room in %s: %s. Each worker counts requests and refusals by itself."
            _LOGGER.warning(told, self._folder, error.strerror)
        else:
            self._path = path


class Waits(Protocol):
    """How many wait, by name."""

    def begin(self, name: str, now: float, seconds: float) -> None:
        """Note that one more waits, for so long."""
        ...

    def end(self, name: str, now: float, seconds: float) -> None:
        """Note that one waits no longer."""
        ...

    def count(self, name: str, now: float) -> int:
        """How many of a name wait."""
        ...

    def total(self, now: float) -> int:
        """How many wait in all."""
        ...


class OwnWaits:
    """Those who wait in this process."""

    def __init__(self) -> None:
        self._waiting = Counter[str]()

    def begin(self, name: str, now: float, seconds: float) -> None:
        """Note that one more waits."""
        self._waiting[name] += 1

    def end(self, name: str, now: float, seconds: float) -> None:
        """Note that one waits no longer."""
        self._waiting[name] -= 1
        if not self._waiting[name]:
            del self._waiting[name]

    def count(self, name: str, now: float) -> int:
        """How many of a name wait."""
        return self._waiting[name]

    def total(self, now: float) -> int:
        """How many wait in all."""
        return self._waiting.total()


class SharedCounts:
    """The counts of all processes that have the same file: `requests`, `refusals`, and refusals that wait.

    Times are those of `time.monotonic`, which is the same in all processes of a machine.
    """

    def __init__(self, place: CountsPlace) -> None:
        with place.path.open("r+b") as file:
            rows = _Rows(mmap.mmap(file.fileno(), 0), place.slot, place.slots)
        self.requests = _SharedMinutes(rows, *_REQUESTS)
        self.refusals = _SharedMinutes(rows, *_REFUSALS)
        self.waits = _SharedWaits(rows, *_WAITS)


class _Row(NamedTuple):
    """A count that holds until a time."""

    until: float
    number: int


class _Rows:
    """The rows of a file: each process has its own for a name."""

    def __init__(self, mapped: mmap.mmap, slot: int, slots: int) -> None:
        self._mapped = mapped
        self._names: memoryview[int] = memoryview(mapped).cast("Q")
        self._times: memoryview[float] = memoryview(mapped).cast("d")
        self._counts: memoryview[int] = memoryview(mapped).cast("q")
        self.slot = slot
        self._slots = slots
        self._used = b""
        self._starts: list[int] = []
        mapped[slot] = 1
        self._follow()

    def _follow(self) -> None:
        """Notice who else counts: to read the parts of nobody would take as long."""
        used = self._mapped[: self._slots]
        if used != self._used:
            self._used = used
            self._starts = [_start(slot, self._slots) for slot in range(self._slots) if used[slot]]
            self.own = sum(used[: self.slot])

    def read(self, bucket: int, name: int) -> list[_Row]:
        """What each process has of a name, this one at `own`; a count of 0 where it has nothing."""
        self._follow()
        found = []
        for start in self._starts:
            words = _BUCKET.unpack_from(self._mapped, start + bucket * _BUCKET.size)
            if name in words[:_IN_BUCKET]:
                place = words.index(name)
                found.append(_Row(words[place + _IN_BUCKET], words[place + 2 * _IN_BUCKET]))
            else:
                found.append(_NOTHING)
        return found

    def write(self, bucket: int, name: int, row: _Row) -> None:
        """Write what this process has of a name, in place of the row that ends first if there is none yet."""
        start = self._starts[self.own] // 8 + bucket * _WORDS
        names = self._names[start : start + _IN_BUCKET].tolist()
        times = self._times[start + _IN_BUCKET : start + 2 * _IN_BUCKET].tolist()
        place = names.index(name) if name in names else times.index(min(times))
        time = start + _IN_BUCKET + place
        if names[place] != name:
            self._times[time] = 0.0  # what others read meanwhile holds no longer
            self._names[start + place] = name
        self._counts[time + _IN_BUCKET] = row.number  # before its time: one that still holds is never too small
        self._times[time] = row.until


_NOTHING = _Row(0.0, 0)


class _Kind:
    """The rows of one kind."""

    def __init__(self, rows: _Rows, first: int, buckets: int) -> None:
        self._rows = rows
        self._first = first
        self._buckets = buckets

    def _place(self, name: str) -> tuple[int, int]:
        """The bucket of a name, and its hash."""
        number = int.from_bytes(blake2b(name.encode(errors="replace"), digest_size=8).digest()) or 1
        return self._first + number % self._buckets, number


class _SharedMinutes(_Kind):
    def take(self, name: str, now: float) -> Taken:
        """Count a name once more. Its minute is the one that ends first, if two processes began one at once: what each
        has counted by then is all within it.

        The others are read after this process has written: of two that count at once, one sees both.
        """
        place = self._place(name)
        found = self._rows.read(*place)
        ends = min(row.until for row in (*found, _Row(now + MINUTE, 0)) if now < row.until)
        own = found[self._rows.own]
        number = own.number + 1 if now < own.until else 1
        self._rows.write(*place, _Row(ends, number))
        others = [row for slot, row in enumerate(self._rows.read(*place)) if slot != self._rows.own]
        return Taken(number + sum(row.number for row in others if now < row.until), ends)


class _SharedWaits(_Kind):
    """Those of a process that ended meanwhile count until they would have waited long enough."""

    def __init__(self, rows: _Rows, first: int, buckets: int) -> None:
        super().__init__(rows, first, buckets)
        self._own = Counter[str]()

    def begin(self, name: str, now: float, seconds: float) -> None:
        """Note that one more waits."""
        self._change(1, name, now + seconds + _KEPT_AFTER)

    def end(self, name: str, now: float, seconds: float) -> None:
        """Note that one waits no longer."""
        self._change(-1, name, now + seconds + _KEPT_AFTER)

    def count(self, name: str, now: float) -> int:
        """How many of a name wait."""
        found = self._rows.read(*self._place(name))
        others = sum(row.number for slot, row in enumerate(found) if row.until > now and slot != self._rows.own)
        return self._own[name] + others

    def total(self, now: float) -> int:
        """How many wait in all."""
        return self.count(_ALL, now)

    def _change(self, change: int, name: str, until: float) -> None:
        for each in (name, _ALL):
            self._own[each] += change
            self._rows.write(*self._place(each), _Row(until, self._own[each]))
            if not self._own[each]:
                del self._own[each]

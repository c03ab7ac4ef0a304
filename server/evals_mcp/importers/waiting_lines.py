"""Lines that wait in a temporary file, which many share."""

from collections.abc import Iterator
from io import BytesIO
from typing import IO

_MOST_IN_MEMORY = 64_000


class WaitingLines:
    """Lines in order. Memory holds the last 64 KB of them, and where the others stand in the file.

    One open file is enough for the lines of thousands of evaluations.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._parts: list[tuple[int, int]] = []
        self._last: list[bytes] = []
        self._size = 0

    def write(self, lines: bytes) -> None:
        """Add lines, each with its line break."""
        self._last.append(lines)
        self._size += len(lines)
        if self._size > _MOST_IN_MEMORY:
            self._file.seek(0, 2)
            self._parts.append((self._file.tell(), self._size))
            self._file.writelines(self._last)
            self._last, self._size = [], 0

    def __iter__(self) -> Iterator[bytes]:
        """The lines, from the first one on."""
        for start, size in self._parts:
            self._file.seek(start)
            yield from BytesIO(self._file.read(size))
        yield from BytesIO(b"".join(self._last))

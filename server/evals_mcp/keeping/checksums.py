"""A checksum inside a backup of SQLite, which finds changed bytes in texts: SQLite itself has none.

It stands in the header, where SQLite keeps a number for programs (`user_version`). SQLite's two counters of changes
have a value of ours beside it: once anybody has written to the file as a database, they differ, and the checksum says
nothing.
"""

from pathlib import Path
from typing import IO
from zlib import crc32

_MARK = b"EVMC"
_COUNTERS = (24, 92)
_SUM = slice(60, 64)
_HEADER = 100
_CHUNK = 2**20


def add_checksum(path: Path) -> None:
    """Put the checksum into a file that nobody has open. Raises OSError."""
    mode = path.stat().st_mode
    path.chmod(mode | 0o200)
    with path.open("r+b") as file:
        header = bytearray(file.read(_HEADER))
        for at in _COUNTERS:
            header[at : at + 4] = _MARK
        header[_SUM] = _checksum(header, file)
        file.seek(0)
        file.write(header)
    path.chmod(mode)


def has_changed_bytes(path: Path) -> bool:
    """Whether a backup that nobody wrote to as a database is not what was written. Raises OSError."""
    with path.open("rb") as file:
        header = bytearray(file.read(_HEADER))
        if not any(header[at : at + 4] == _MARK for at in _COUNTERS):
            return False
        there = bytes(header[_SUM])
        return _checksum(header, file) != there


def _checksum(header: bytearray, rest: IO[bytes]) -> bytes:
    """That of a file, as if its place were empty."""
    found = crc32(header[: _SUM.start] + bytes(4) + header[_SUM.stop :])
    while chunk := rest.read(_CHUNK):
        found = crc32(chunk, found)
    return found.to_bytes(4, "big")

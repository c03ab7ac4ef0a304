"""The files in which processes of one server share their figures: prometheus_client maps them into memory.

A mapped file that only seems to have its length ends its process by a signal once the disk is full. So each is written
as long as figures need, before it is mapped.
"""

import struct
from contextlib import suppress
from pathlib import Path

_KINDS = ("counter", "histogram", "gauge_livesum", "gauge_livemin")
_SIZE = 2**19
"""Bytes for the figures of one kind: templates of routes, methods and statuses are few."""

_USED = struct.Struct("i")


def make_room(folder: Path, process: int) -> None:
    """Write the files of a process that is to start. Raises OSError if there is no room, and leaves none of them."""
    paths = [folder / f"{kind}_{process}.db" for kind in _KINDS]
    try:
        for path in paths:
            path.write_bytes(bytes(_SIZE))
    except OSError:
        for path in paths:
            path.unlink(missing_ok=True)
        raise


def keep_counted(folder: Path, process: int) -> None:
    """Keep what a process that has ended counted, in as little room as it takes, and nothing of what was so then."""
    for path in folder.glob(f"*_{process}.db"):
        with suppress(OSError, struct.error):
            if path.name.startswith("gauge_live"):
                path.unlink()
                continue
            with path.open("r+b") as file:
                file.truncate(max(_USED.unpack(file.read(_USED.size))[0], 2 * _USED.size))

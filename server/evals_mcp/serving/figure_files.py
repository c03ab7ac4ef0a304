"""The files in which processes of one server share their figures: prometheus_client maps them into memory.

A mapped file that only seems to have its length ends its process by a signal once the disk is full. So each is written
as long as figures need, before it is mapped.
"""

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_KINDS = ("counter", "histogram", "gauge_livesum", "gauge_livemin")
_SIZE = 2**19
"""Bytes for the figures of one kind: templates of routes, methods and statuses are few."""

_USED = struct.Struct("i")


class FigurePlace(NamedTuple):
    """A folder of figures, and the number of a process in it. No two that run have the same.

    Who gets the number of one that has ended goes on with what it counted, so there are not more and more files.
    """

    folder: Path
    number: int


def make_room(place: FigurePlace) -> None:
    """Write the files of a process that is to start, in which there may be what others counted before.

    Raises OSError if there is no room, and leaves what was there.
    """
    paths = [place.folder / f"{kind}_{place.number}.db" for kind in _KINDS]
    counted = {path: path.stat().st_size for path in paths if path.exists()}
    written = place.folder / f"written_{place.number}"  # under a name that nobody reads
    try:
        for path in paths:
            if path not in counted:
                written.write_bytes(bytes(_SIZE))
                written.replace(path)
            elif counted[path] < _SIZE:
                with path.open("ab") as file:
                    file.write(bytes(_SIZE - counted[path]))
    except OSError:
        written.unlink(missing_ok=True)
        for path in paths:
            if path in counted:
                os.truncate(path, counted[path])
            else:
                path.unlink(missing_ok=True)
        raise


def keep_counted(place: FigurePlace) -> None:
    """Keep what a process that has ended counted, in as little room as it takes, and nothing of what was so then."""
    for path in place.folder.glob(f"*_{place.number}.db"):
        with suppress(OSError, struct.error):
            if path.name.startswith("gauge_live"):
                path.unlink()
                continue
            with path.open("r+b") as file:
                file.truncate(max(_USED.unpack(file.read(_USED.size))[0], 2 * _USED.size))

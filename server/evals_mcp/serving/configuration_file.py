"""The text of a configuration file. Nothing that stands in its place is waited for without an end."""

import os
import select
import stat
import sys
import time
from pathlib import Path

from evals_mcp.errors import Invalid

_PATIENCE = 60.0  # seconds: a person may have to give a password to what writes to a pipe
_LONGEST = 1_000_000  # bytes of what is no regular file, such as a device without an end
_PART = 65_536
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def read_text(path: str, *, again: bool) -> str:
    """The text of a file, or of a pipe such as `<(…)`, which can be read only once.

    With `again`, it was read before, and nothing is waited for. Raises OSError, UnicodeDecodeError, RuntimeError for an
    unknown home folder, and Invalid for what is no file.
    """
    place = Path(path).expanduser()
    if sys.platform == "win32":  # it opens no pipe in this way
        return place.read_text(encoding="utf-8")
    with open(place, "rb", buffering=0, opener=lambda opened, _: os.open(opened, _FLAGS)) as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISREG(mode):
            return file.read().decode()
        if again and stat.S_ISFIFO(mode):
            raise Invalid(f"The configuration {path} is a pipe, which SIGHUP cannot read again. Put it into a file.")
        return _read_to_end(file.fileno(), path, 0 if again else _PATIENCE).decode()


def _read_to_end(descriptor: int, path: str, patience: float) -> bytes:
    """What comes before the end, and in time."""
    coming = select.poll()
    coming.register(descriptor, select.POLLIN)
    give_up, content = time.monotonic() + patience, b""
    while len(content) <= _LONGEST:
        if not coming.poll(max(0.0, give_up - time.monotonic()) * 1000):
            told = f"The configuration {path} is a pipe or a device, and did not end within {patience:.0f} s."
            raise Invalid(f"{told} Put it into a file.")
        part = os.read(descriptor, _PART)
        if not part:
            return content
        content += part
    raise Invalid(f"The configuration {path} is no file, and longer than {_LONGEST:,} bytes. Put it into a file.")

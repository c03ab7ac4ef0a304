"""Copies of files that may be read, so that an import reads exactly what was checked.

A file may be replaced by a link between the check of its path and its opening. So it is opened step by step below an
allowed folder, without following a link, and only a regular file is copied.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from evals_mcp.errors import Invalid

LARGEST_COPY = 200_000_000
"""Bytes of all files of an import from a chat: what can be read in the time that hosts wait."""

_MOST_FILES = 2_000
_MARK = ".done"  # Humanloop's exports have this empty file in each complete folder
_PART = 1 << 20
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# A pipe without a writer, or a device, would block the opening.
_FILE = _FLAGS | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_FOLDER = _FLAGS | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0)


class NotRegular(Invalid):
    """A pipe, device, socket or link, which is not read."""


class TooLarge(Invalid):
    """More than one import from a chat takes."""


Allowed = Callable[[Path], tuple[Path, Path] | None]
"""Gives the allowed folder of a file, and the path of the file, both without links; None if it leads outside, or to
something hidden."""


class Copies:
    """Copies of a file or folder and of the files that belong to it, in the folder `into`.

    `skipped` has the files that were left out, and the reasons. Paths are given without links. Raises Invalid for what
    is no regular file, cannot be read or is too large.
    """

    def __init__(self, into: Path, allowed: Allowed) -> None:
        self.skipped: list[tuple[str, str]] = []
        self._into = into
        self._allowed = allowed
        self._left = LARGEST_COPY

    def copy(self, path: Path, folder: Path) -> Path:
        """Copy a file or folder that is below an allowed folder, and return the copy.

        It is in a folder of the same name, because some formats have no other name of a model.
        """
        target = self._into / path.parent.name / (path.name or "files")
        if not path.is_dir():
            target.parent.mkdir(exist_ok=True)
            self._copy(path, folder, target)
            return target
        target.mkdir(parents=True)
        for number, file in enumerate(_files(path), 1):
            if number > _MOST_FILES:
                raise TooLarge(f"It has more than {_MOST_FILES:,} files.")
            shown = str(file.relative_to(path))
            if file.name == _MARK:
                (target / shown).parent.mkdir(parents=True, exist_ok=True)
                (target / shown).touch()
                continue
            found = self._allowed(file)
            if found is None or found[1].is_dir():
                self.skipped.append((shown, _why_no_file(file, folder, is_allowed=found is not None)))
                continue
            (target / shown).parent.mkdir(parents=True, exist_ok=True)
            try:
                self._copy(found[1], found[0], target / shown)
            except NotRegular:
                self.skipped.append((shown, "it is no regular file"))
        return target

    def copy_beside(self, path: Path, target: Path, patterns: Sequence[str]) -> None:
        """Copy the files beside a copied file whose names match a pattern, as far as they may be read."""
        if not patterns:
            return
        names = sorted(name for name in os.listdir(path.parent) if any(fnmatch(name, pattern) for pattern in patterns))
        for name in names[:_MOST_FILES]:
            found = self._allowed(path.with_name(name))
            if name == path.name or found is None:
                continue
            try:
                self._copy(found[1], found[0], target.with_name(name))
            except Invalid:
                target.with_name(name).unlink(missing_ok=True)

    def _copy(self, path: Path, folder: Path, target: Path) -> None:
        try:
            with os.fdopen(_open_below(path, folder), "rb") as source, target.open("xb") as copy:
                while part := source.read(_PART):
                    self._left -= len(part)
                    if self._left < 0:
                        raise TooLarge(f"It has more than {LARGEST_COPY // 1_000_000} MB.")
                    copy.write(part)
        except OSError as error:
            raise Invalid(f"{path.name} cannot be read: {error.strerror or 'unknown reason'}.") from None


def _files(folder: Path) -> Iterator[Path]:
    """The files and the links to folders below a folder in a steady order. Of what is hidden, only marks."""
    for where, inner, files in os.walk(folder):
        inner[:] = sorted(item for item in inner if not item.startswith("."))
        links = (item for item in inner if os.path.islink(os.path.join(where, item)))
        visible = (item for item in files if not item.startswith(".") or item == _MARK)
        yield from (Path(where, item) for item in sorted([*visible, *links]))


def _why_no_file(link: Path, folder: Path, *, is_allowed: bool) -> str:
    if is_allowed:
        return "it is a link to a folder"
    is_inside = Path(os.path.realpath(link)).is_relative_to(folder)
    return "it is a link to something hidden" if is_inside else "it is a link that leads out of the folder"


def _open_below(path: Path, folder: Path) -> int:
    """Open a regular file without following a link below the folder. Raises OSError, and NotRegular."""
    if os.open not in os.supports_dir_fd:
        return _open_regular(path)
    parts = path.relative_to(folder).parts
    where = os.open(folder, _FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER, dir_fd=where)
            os.close(where)
            where = inner
        return _open_regular(parts[-1], dir_fd=where)
    finally:
        os.close(where)


def _open_regular(path: Path | str, dir_fd: int | None = None) -> int:
    found = os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode):
        raise NotRegular("It is a pipe, a device, a socket or a link.")
    opened = os.open(path, _FILE, dir_fd=dir_fd)
    if os.path.samestat(found, os.fstat(opened)):
        return opened
    os.close(opened)
    raise NotRegular("It was replaced while it was opened.")

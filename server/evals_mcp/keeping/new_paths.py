"""A file or folder is written under a temporary name beside its own, and gets its own when it is whole."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evals_mcp.errors import Conflict, Unavailable

_LONGEST_NAME = 100


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """A new path in the same folder. What is still there at the end is deleted.

    Raises Unavailable for a failure to write, such as a full disk.
    """
    temporary = path.with_name(f".{path.name[:_LONGEST_NAME]}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}. {NOTHING_CHANGED}") from error
    finally:
        for name in (temporary, *(temporary.with_name(temporary.name + ending) for ending in ("-journal", "-wal"))):
            with suppress(OSError):
                shutil.rmtree(name) if name.is_dir() else name.unlink()


NOTHING_CHANGED = "Nothing was left behind, and what was there before is unchanged."


def require_free(path: Path, *, force: bool) -> None:
    """Raise Conflict if something is at a path, unless it may be replaced; Unavailable without a folder for it.

    A device, a pipe or a socket is never replaced: others need it.
    """
    require_replaceable(path)
    if os.path.lexists(path) and not force:
        raise Conflict(f"{path} already exists. Choose another name, or replace it with --force.")
    if not path.parent.is_dir():
        raise Unavailable(f"The folder {path.parent} does not exist. Create it first.")


def require_replaceable(path: Path) -> None:
    """Raise Unavailable for what is neither a file nor a folder nor a link."""
    if os.path.lexists(path) and not (path.is_symlink() or path.is_file() or path.is_dir()):
        raise Unavailable(f"{path} is a device, a pipe or a socket. Name a file.")


def put_in_place(temporary: Path, path: Path, *, force: bool) -> None:
    """Give a whole file or folder its name. Raises Conflict if something has it, unless it may be replaced.

    The contents are on the disk before the name is.
    """
    _sync_all(temporary)
    if temporary.is_dir():
        _place_folder(temporary, path, force=force)
    elif force:
        os.replace(temporary, path)
    else:
        _place_file(temporary, path)
    _sync(path.parent)


def _place_file(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        require_free(path, force=False)
    except OSError:  # a file system without links
        require_free(path, force=False)
        os.rename(temporary, path)


def _place_folder(temporary: Path, path: Path, *, force: bool) -> None:
    require_free(path, force=force)
    if not os.path.lexists(path):
        os.rename(temporary, path)
        return
    before = path.with_name(f"{temporary.name}-before")
    os.rename(path, before)
    try:
        os.rename(temporary, path)
    except BaseException:
        os.rename(before, path)
        raise
    shutil.rmtree(before) if before.is_dir() else before.unlink()


def _sync_all(path: Path) -> None:
    for inner in path.iterdir() if path.is_dir() else ():
        _sync(inner)
    _sync(path)


def _sync(path: Path) -> None:
    """Write a file, or the names in a folder, to the disk. Windows has no way to do it for a folder."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

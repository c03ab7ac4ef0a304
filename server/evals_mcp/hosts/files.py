"""A host's configuration file: read with its mode, and replaced in one step, with a backup beside it."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evals_mcp.errors import Conflict, Invalid, Unavailable

_NEW_MODE = 0o600  # a configuration may hold keys
_TO_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration as it was read. `path` may be a link to `target`. `content` is None if there is no file."""

    path: Path
    target: Path
    content: bytes | None
    mode: int = _NEW_MODE

    @property
    def text(self) -> str:
        """Its text. Raises Invalid if it is not UTF-8."""
        try:
            return (self.content or b"").decode()
        except UnicodeDecodeError as error:
            raise Invalid(f"{self.path} is not UTF-8 text. Save it as UTF-8, then repeat.") from error


def read_config(path: Path) -> ConfigFile:
    """Read a configuration, which need not exist. Raises Unavailable if it cannot be read."""
    try:
        target = path.resolve(strict=True)
        found = target.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unavailable(f"{path} is not a file. Move it away, then repeat.")
        return ConfigFile(path, target, target.read_bytes(), stat.S_IMODE(found.st_mode))
    except FileNotFoundError:
        if path.is_symlink() and not path.resolve().parent.is_dir():
            raise Unavailable(
                f"{path} is a link to {os.readlink(path)}, which does not exist. Mend the link."
            ) from None
        return ConfigFile(path, path.resolve(), None)
    except (OSError, RuntimeError) as error:
        raise Unavailable(f"{path} cannot be read: {_words(error)}.") from error


def write_config(file: ConfigFile, text: str) -> Path | None:
    """Replace a configuration, and return the backup of what was there. A link stays one, and the mode stays.

    Raises Conflict if the file is not as it was read, and Unavailable if it cannot be written; nothing is changed then.
    """
    if file.content is not None and (not file.mode & 0o222 or not os.access(file.target, os.W_OK)):
        raise Unavailable(f"{file.path} is read-only. Make it writable, or make the change by hand (see --print).")
    backup: Path | None = None
    try:
        file.target.parent.mkdir(parents=True, exist_ok=True)
        backup = None if file.content is None else _write_backup(file)
        _replace(file, text.encode())
    except BaseException as error:
        if backup is not None:
            with contextlib.suppress(OSError):
                os.unlink(backup)
        if not isinstance(error, OSError):
            raise
        raise Unavailable(f"{file.path} cannot be written: {_words(error)}. It was not changed.") from error
    return backup


@contextlib.contextmanager
def locked(file: ConfigFile) -> Iterator[None]:
    """Keep other runs of this program from writing in the folder of a file, where the system can."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a folder that is not there yet, or a file system without locks
            folder = os.open(file.target.parent, os.O_RDONLY)
            stack.callback(os.close, folder)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield


def _write_backup(file: ConfigFile) -> Path:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(1, 1000):
        end = f".{number}" if number > 1 else ""
        backup = file.target.with_name(f"{file.target.name}.backup-{moment}{end}")
        try:
            _write_new(backup, file.content or b"", file.mode)
        except FileExistsError:
            continue
        return backup
    raise OSError(errno.EEXIST, "too many backups")


def _replace(file: ConfigFile, content: bytes) -> None:
    new = file.target.with_name(f".{file.target.name}.{secrets.token_hex(4)}.new")
    try:
        _write_new(new, content, file.mode)
        if file.content is not None:
            _keep_owner(file.target, new)
        if read_config(file.path).content != file.content:
            raise _changed(file)
        if file.content is None:
            with contextlib.suppress(OSError):  # a file system without links
                _link(new, file)
                return
        os.replace(new, file.target)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(new)


def _link(new: Path, file: ConfigFile) -> None:
    """Give a new configuration its name. Raises Conflict if there is one by now, which a replacement would destroy."""
    try:
        os.link(new, file.target)
    except FileExistsError:
        raise _changed(file) from None


def _changed(file: ConfigFile) -> Conflict:
    return Conflict(f"{file.path} was changed by another program in the meantime. Repeat the command.")


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that does not exist yet, to the disk."""
    with open(os.open(path, _TO_CREATE, mode), "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
    os.chmod(path, mode)


def _keep_owner(old: Path, new: Path) -> None:
    before, now = old.stat(), new.stat()
    if hasattr(os, "chown") and (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        os.chown(new, before.st_uid, before.st_gid)


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "its links lead in a circle"

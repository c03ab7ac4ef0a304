"""PostgreSQL's own programs for dumps: which to run, and how they reach the server without a password in a list of
processes."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy.engine import URL

from evals_mcp.errors import Unavailable
from evals_mcp.keeping.new_paths import NOTHING_CHANGED

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_FOLDERS = "/usr/lib/postgresql/*/bin"
"""Where Debian and its relatives have the programs of each version."""
_SECONDS = 10
_FILE_TOO_LARGE = 25
"""The signal SIGXFSZ, which Windows does not have."""


class Program:
    """One of PostgreSQL's programs. Its errors are Unavailable, with the program's last words."""

    def __init__(self, path: str, major: int, environ: Mapping[str, str]) -> None:
        self.major = major
        self._path = path
        self._environ = environ
        self._name = Path(path).stem

    def run(self, arguments: Sequence[str]) -> None:
        """Run the program to its end. Raises Unavailable."""
        done = subprocess.run([self._path, *arguments], env=self._environ, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise self._failure(done.stderr, done.returncode)

    @contextmanager
    def reading(self, arguments: Sequence[str]) -> Iterator[IO[bytes]]:
        """What the program writes. Raises Unavailable at the end if it failed."""
        command = [self._path, *arguments]
        with TemporaryFile() as said:  # a pipe that nobody reads meanwhile would hold up the program
            with subprocess.Popen(command, env=self._environ, stdout=subprocess.PIPE, stderr=said) as process:
                assert process.stdout is not None
                try:
                    yield process.stdout
                except BaseException:
                    process.kill()
                    raise
            if process.returncode:
                said.seek(0)
                raise self._failure(said.read(), process.returncode)

    def _failure(self, said: bytes, status: int) -> Unavailable:
        lines = said.decode(errors="replace").strip().splitlines() or ["no reason given"]
        if b"No space left" in said or b"File too large" in said or status == -_FILE_TOO_LARGE:
            return Unavailable(f"The disk is full, or files may not grow so large. {NOTHING_CHANGED}")
        if b"due to statement timeout" in said:
            return Unavailable(
                f"Another session of the database keeps a table from being read. {NOTHING_CHANGED} Repeat the command."
            )
        return Unavailable(f"{self._name} failed: {lines[-1]}")


def find_program(name: str, major: int, url: URL | None = None) -> Program:
    """The installed `pg_dump` or `pg_restore` that fits a server of this major version; the nearest if there are more.

    With `url` it gets the password of the address, in its environment. Raises Unavailable where none fits.
    """
    found = {version: path for path in _installed(name) if (version := _version_of(path)) is not None}
    if not found:
        raise Unavailable(
            f"{name} is not installed. Install PostgreSQL's client programs, version {major} or later (Debian: "
            f"apt install postgresql-client), or put their folder into PATH."
        )
    fitting = [version for version in found if version >= major]
    if not fitting:
        raise Unavailable(
            f"{name} {max(found)} is too old for PostgreSQL {major}. Install version {major} or later of "
            "PostgreSQL's client programs, or put their folder into PATH."
        )
    password = None if url is None else url.password or url.query.get("password")
    environ = {**os.environ, "LC_ALL": "C", "PGCONNECT_TIMEOUT": str(_SECONDS)}
    return Program(found[min(fitting)], min(fitting), environ | ({"PGPASSWORD": str(password)} if password else {}))


def connection_arguments(url: URL) -> list[str]:
    """The arguments that name a server and a database, without the password."""
    query = {name: value for name, value in url.query.items() if name not in ("password", "workspace")}
    address = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return ["--no-password", f"--dbname={address.render_as_string(hide_password=False)}"]


def _installed(name: str) -> list[str]:
    """The paths of a program, those that come first in PATH last."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *sorted(glob(_FOLDERS))]
    paths = (shutil.which(name, path=folder) for folder in folders if folder)
    return [path for path in paths if path is not None][::-1]


def _version_of(path: str) -> int | None:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(done.stdout)
    return None if match is None or done.returncode else int(match[1])

"""Files that take long to make, made once for all tests and all processes that run them."""

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_PATIENCE = 300


def cached_file(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The file `name`, which `make` writes at the path that it is given; whoever comes second waits for the first.

    Workers of pytest-xdist share the folder above their own. A file appears under its name only when it is whole, and
    one that could not be made is tried again by whoever wants it next.
    """
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    folder = factory.getbasetemp().parent if is_worker else factory.getbasetemp()
    path = folder / name
    if path.exists():
        return path
    with closing(sqlite3.connect(folder / f"{name}.lock", timeout=_PATIENCE, isolation_level=None)) as turn:
        turn.execute("BEGIN EXCLUSIVE")  # a lock that ends with its process, however that ends
        if not path.exists():
            with TemporaryDirectory(dir=folder) as being_made:
                _make(Path(being_made) / name, make)
                (Path(being_made) / name).rename(path)
    return path


def _make(path: Path, make: Callable[[Path], None]) -> None:
    # In a thread of its own, since the loop of a test may be running.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(make, path).result()

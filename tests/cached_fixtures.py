"""Files that take long to make, made once for all tests and all processes that run them."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

_PATIENCE = 300


def cached_file(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The file `name`, which `make` writes at the path that it is given; whoever comes second waits for the first.

    Workers of pytest-xdist share the folder above their own. A file appears under its name only when it is whole, and
    one that could not be made is tried again by whoever wants it next.
    """
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    folder = factory.getbasetemp().parent if is_worker else factory.getbasetemp()
    path, being_made = folder / name, folder / f"{name}.being-made"
    latest = time.monotonic() + _PATIENCE
    while not path.exists():
        try:
            being_made.mkdir()
        except FileExistsError:
            assert time.monotonic() < latest, f"{name} was not made in {_PATIENCE} s"
            time.sleep(0.05)
            continue
        try:
            if not path.exists():
                _make(being_made / name, make)
                (being_made / name).rename(path)
        finally:
            for left in being_made.iterdir():
                left.unlink()
            being_made.rmdir()
    return path


def _make(path: Path, make: Callable[[Path], None]) -> None:
    # In a thread of its own, since the loop of a test may be running.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(make, path).result()

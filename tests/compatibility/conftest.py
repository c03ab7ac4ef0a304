"""The official SDK, driving a server in a process of its own over a socket; needs the extra `sdk`."""

import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

_SERVER = Path(__file__).parents[2] / "server"
_MOST_POLLS = 100
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sdk() -> Any:
    """The SDK's package; skips where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("humanloop", reason="needs the extra `sdk`: pip install -e .[test,sdk]")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `evals-mcp serve` over a SQLite file; no request of the tests may end in a 5xx."""
    process = _start(tmp_path_factory.mktemp("served") / "evals.db")
    assert process.stderr is not None
    first = process.stderr.readline()
    url = first.removeprefix("evals-mcp serving on ").strip()
    assert url.startswith("http://"), first + process.stderr.read()
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stderr or ()))
    reader.start()
    yield url
    process.send_signal(signal.SIGTERM)
    assert process.wait(240) == 0
    reader.join()
    process.stderr.close()
    assert [line for line in lines if re.search(r" 5\d\d \d+ms$|Traceback|Internal error", line)] == []


def _start(database: Path) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HUMANLOOP_", "EVALS_MCP_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--database", str(database)],
        env={**environ, "PYTHONPATH": str(_SERVER)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _connect(sdk: Any, server: str, **options: Any) -> Any:
    """A client, made as users of the SDK make it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the instrumentors of model providers import is old
        return sdk.Humanloop(api_key="any key", base_url=f"{server}/v5", **options)


def _disconnect(client: Any) -> None:
    client._tracer_provider.shutdown()
    client._client_wrapper.httpx_client.httpx_client.close()


@pytest.fixture(scope="session")
def client(sdk: Any, server: str) -> Iterator[Any]:
    """A client of the SDK for all tests."""
    client = _connect(sdk, server)
    yield client
    _disconnect(client)


@pytest.fixture
def folder() -> str:
    """A directory that only this test uses."""
    return f"Test {next(_numbers)}"


@pytest.fixture(autouse=True)
def fast_polls(sdk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK look again after a 20th of a second where it would wait for 2 or 5 seconds, but not for ever."""
    polls = itertools.count(1)

    def sleep(seconds: float) -> None:
        assert next(polls) <= _MOST_POLLS, "the SDK would poll for ever"
        time.sleep(min(seconds, 0.05))

    monkeypatch.setattr("humanloop.evals.run.time", SimpleNamespace(time=time.time, sleep=sleep))


@pytest.fixture(autouse=True)
def kept_signal_handlers() -> Iterator[None]:
    """Undo what `evaluations.run` does to the handlers of the process."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def traced(client: Any, sdk: Any, server: str) -> Iterator[Any]:
    """Another client, `client`, for decorators; `sent` waits until its spans are sent, and takes no more.

    Calls of model providers are not among them: the instrumentors stay with the client that came first.
    """
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider()
    another = _connect(sdk, server, opentelemetry_tracer_provider=provider)
    yield SimpleNamespace(client=another, provider=provider, sent=provider.shutdown)
    _disconnect(another)

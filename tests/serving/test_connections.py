"""Connections that bring no whole request: they end, and never keep others out."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.serving.served_here import served

from evals_mcp.serving.connections import ConnectionLimits
from evals_mcp.serving.metrics import Metrics
from evals_mcp.serving.sparing_logs import Sparing

_POST = (
    b"POST /v5/flows HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"
)


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The path of a SQLite file that is not there yet."""
    return str(tmp_path / "evals.db")


@contextmanager
def _connected(url: str, sent: bytes) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=240) as connection:
        connection.sendall(sent)
        yield connection


def _rest(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    received = b""
    try:
        while part := connection.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize("sent", [b"", b"GET /hea", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: ", _POST])
def test_what_stays_unfinished_ends(database: str, sent: bytes) -> None:
    """A connection without a request, half a head, half a body. Who sent something is told why."""
    limits = ConnectionLimits(10, 10, head_seconds=0.1, body_seconds=0.1, look_seconds=0.02)
    with served(database, limits=limits) as url, _connected(url, sent) as connection:
        received = _rest(connection)
        assert received.startswith(b"HTTP/1.1 408 ") if sent else received == b""
        assert _is_healthy(url)


def _is_healthy(url: str) -> bool:
    """Whether a server answers that leaves little time to ask: on a slow machine the first connections end, too."""
    for _ in range(600):
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/health", timeout=240, verify=False).status_code == 200:
                return True
        threading.Event().wait(0.1)
    return False


def test_it_ends_although_figures_could_not_be_read(
    database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as when there is no file left to open: that is told, and the server looks after connections again."""

    def look(_: Metrics) -> None:
        raise OSError(24, "Too many open files")

    limits = ConnectionLimits(10, 10, head_seconds=0.1, look_seconds=0.02)
    with served(database, limits=limits) as url:
        monkeypatch.setattr(Metrics, "look", look)
        with _connected(url, b"GET /hea") as connection:
            assert _rest(connection).startswith(b"HTTP/1.1 408 ")
    assert "Too many open files" in caplog.text


def test_who_reads_no_answer_is_let_go(database: str, caplog: pytest.LogCaptureFixture) -> None:
    """An answer that stays in the server's memory."""
    limits = ConnectionLimits(10, 10, answer_seconds=0.1, look_seconds=0.02)
    flow = {"path": "f", "attributes": {"text": "a" * 500_000}}
    asked = b"GET /v5/flows HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60
    with served(database, limits=limits) as url, ExitStack() as stack:
        httpx.post(f"{url}/v5/flows", json=flow, timeout=240, verify=False).raise_for_status()
        connection = stack.enter_context(_connected(url, asked))
        for _ in range(600):  # bounded: whoever is not let go within a minute fails below
            if "was taking" in caplog.text:
                break
            threading.Event().wait(0.1)
        assert len(_rest(connection)) < 60 * 500_000


def test_a_slow_body_that_goes_on_is_taken(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as enough of it comes. The server's clock runs ahead with each part, however fast the machine is."""
    limits = ConnectionLimits(10, 10, body_seconds=60.0, least_bytes=10, look_seconds=1.0)
    passed = 0.0
    others = set(threading.enumerate())  # servers that go on would wait until this clock's time has come

    def now(_: asyncio.AbstractEventLoop) -> float:
        return time.monotonic() + (0.0 if threading.current_thread() in others else passed)

    monkeypatch.setattr(asyncio.SelectorEventLoop, "time", now)

    def slow() -> Iterator[bytes]:
        nonlocal passed
        yield b'{"path": "f", "attributes": {}'
        for _ in range(16):
            threading.Event().wait(0.02)
            passed += 10
            yield b" " * 20
        yield b"}"

    with served(database, limits=limits) as url:
        headers = {"content-type": "application/json"}
        assert (
            httpx.post(f"{url}/v5/flows", content=slow(), headers=headers, timeout=240, verify=False).status_code == 200
        )


@pytest.mark.parametrize("sent", [b"", b"GET /hea", _POST])
def test_unfinished_connections_keep_nobody_out(database: str, sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The oldest give way: all requests are answered, also over connections that were there before."""
    with served(database, limits=ConnectionLimits(8, 8)) as url, ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(_connected(url, sent))
            assert httpx.get(f"{url}/health", timeout=240, verify=False).status_code == 200
    assert "the oldest without a request ends" in caplog.text


def test_one_address_leaves_room_for_others(database: str) -> None:
    """The oldest connection of the same address gives way long before there are too many."""
    with served(database, limits=ConnectionLimits(100, 3)) as url, ExitStack() as stack:
        first, *_ = [stack.enter_context(_connected(url, b"GET /hea")) for _ in range(4)]
        assert _rest(first)[:13] in (b"", b"HTTP/1.1 408 ")  # it may end before the server has read of it


def test_one_line_of_a_kind_in_a_minute() -> None:
    """The next says how many were left out."""
    sparing, passed = Sparing(), []
    for second in (0, 1, 2, 61, 62, 130):
        for text in ("connection %d", "other"):
            record = logging.LogRecord("a", logging.WARNING, "", 0, text, (second,) if "%" in text else (), None)
            record.created = 1e9 + second
            if sparing.filter(record):
                passed.append((second, record.getMessage()))
    assert passed == [
        (0, "connection 0"),
        (0, "other"),
        (61, "connection 61 (2 more like this before)"),
        (61, "other (2 more like this before)"),
        (130, "connection 130 (1 more like this before)"),
        (130, "other (1 more like this before)"),
    ]

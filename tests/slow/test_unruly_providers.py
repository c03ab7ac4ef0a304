"""Identity providers that are slow, huge, redirect or hang up: sign-in fails with its reason, and all else goes on."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from tests.identity_provider import signed
from tests.serving.administration import create_key
from tests.serving.mcp_clients import message
from tests.serving.served_here import served

from evals_mcp.client.documents import fetch_object
from evals_mcp.oauth.settings import OAuthSettings

RESOURCE = "https://evals.example/mcp"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _drips(line: socket.socket, ended: threading.Event) -> None:
    line.sendall(_HEAD + b"Content-Length: 100000\r\n\r\n")
    while not ended.wait(0.2):
        line.sendall(b" ")


def _never_ends(line: socket.socket, ended: threading.Event) -> None:
    line.sendall(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    part = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while not ended.is_set():
        line.sendall(part)


def _redirects(line: socket.socket, ended: threading.Event) -> None:
    line.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")


def _has_an_endless_head(line: socket.socket, ended: threading.Event) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    while not ended.is_set():
        line.sendall(b"X-Long: " + b"a" * 1000 + b"\r\n")


@contextmanager
def _listening(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[tuple[str, threading.Event]]:
    """The address of a server that does to each connection what `answer` does, and whether it was asked."""
    asked, ended = threading.Event(), threading.Event()

    def serve(line: socket.socket) -> None:
        with line, suppress(OSError):
            line.recv(65536)
            asked.set()
            answer(line, ended)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (_drips, "does not answer within 5 seconds"),
        (_never_ends, "answers with more than 256 kB"),
        (_redirects, "redirects are not followed"),
        (_has_an_endless_head, "cannot be reached"),
    ],
)
def test_others_go_on_meanwhile(
    answer: Callable[[socket.socket, threading.Event], None],
    why: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eight who sign in wait for the same answer, and get 503; who has a key is served as ever."""
    if answer is not _drips:  # a slow machine may take longer for what is not slow by itself
        monkeypatch.setattr(fetch_object, "__defaults__", (60.0,))
    address = str(tmp_path / "evals.db")
    secret = create_key(address, None, "ann").secret
    with _listening(answer) as (issuer, asked), served(address, oauth=OAuthSettings(issuer, RESOURCE)) as url:
        body, headers = message("2026-07-28", "tools/list")
        now = int(time.time())
        token = signed({"iss": issuer, "aud": RESOURCE, "sub": "u", "iat": now, "exp": now + 300})

        def sign_in() -> httpx.Response:
            given = {**headers, "Authorization": f"Bearer {token}"}
            return httpx.post(f"{url}/mcp", json=body, headers=given, timeout=60)

        with ThreadPoolExecutor(8) as pool, httpx.Client(headers={"X-API-KEY": secret}, timeout=60) as client:
            waiting = [pool.submit(sign_in) for _ in range(8)]
            assert asked.wait(60)
            meanwhile = 0
            while not all(each.done() for each in waiting):
                assert client.get(f"{url}/v5/flows").status_code == 200
                assert client.get(f"{url}/health").status_code == 200
                meanwhile += not any(each.done() for each in waiting)
        assert meanwhile or answer is not _drips  # else the others had waited for the sign-ins
        assert [each.result().status_code for each in waiting] == [503] * 8
    assert why in caplog.text

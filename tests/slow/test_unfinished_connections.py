"""A server that may open 300 files, and 400 connections that bring no whole request."""

import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx
import pytest
from tests.serving.server_process import ServerProcess

_HALF_BODY = b"POST /v5/flows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of open files")
@pytest.mark.parametrize("sent", [b"GET /health HTTP/1.1\r\nHost: loc", _HALF_BODY])
def test_health_is_answered_among_unfinished_connections(tmp_path: Path, sent: bytes) -> None:
    """Each time, and the log stays short."""
    serve = [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--database", str(tmp_path / "evals.db")]
    with ServerProcess(["-c", 'ulimit -n 300; exec "$@"', "sh", *serve], "sh") as server:
        _besiege(urlsplit(server.url), sent)
        server.process.terminate()
        server.ended()
    unusual = [line for line in server.lines if "GET /health 200" not in line and "POST /v5/flows - " not in line]
    assert len(unusual) <= 3, unusual


def _besiege(url: SplitResult, sent: bytes) -> None:
    with ExitStack() as stack:
        for number in range(400):
            connection = socket.create_connection((url.hostname or "", url.port or 0), timeout=240)
            stack.enter_context(connection)
            connection.sendall(sent)
            if number % 20 == 19:
                assert httpx.get(f"{url.geturl()}/health", timeout=240).status_code == 200

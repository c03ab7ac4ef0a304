"""How a server starts with a wrong setting, and how it and a command end: by a signal, or when nobody reads them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.e2e.stdio import SAMPLE, Wire, environ, run_program
from tests.serving.served_here import Serve, serve_here

from evals_mcp.serving.serve import SECONDS_TO_FINISH

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has neither these signals nor terminals")

__all__ = ["serve_here"]

Start = Callable[..., Any]
PATIENCE = 240
BUSY = """
import sqlite3, sys, time
from pathlib import Path
import anyio
from evals_mcp.cli.main import main
from evals_mcp.mcp import server as mcp_server
from evals_mcp.tools.tool import Tool

def sleep():
    Path("busy").touch()
    time.sleep(3_000)

def compute():
    Path("busy").touch()
    sqlite3.connect(":memory:").execute(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    ).fetchone()

async def busy(review) -> str:
    "Wait in a thread that nothing can interrupt, or keep the main one in a call that looks for no signal."
    if sys.argv[1:] == ["in a thread"]:
        await anyio.to_thread.run_sync(sleep)
    else:
        compute()
    return "done"

mcp_server.TOOLS = (Tool(function=busy, title="t"),)
main([])
"""


def wait_for(path: Path) -> None:
    """Wait until a file exists."""
    for _ in range(PATIENCE * 20):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} does not come")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_although_stdin_is_open(sample_copy: Path, number: signal.Signals) -> None:
    """It does not wait for another line, closes the database, and shows no traceback."""
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire:
        assert SAMPLE in wire.answer("list_evaluations")
        wire.process.send_signal(number)
        assert wire.process.wait(PATIENCE) == 128 + number
        wire.wait()
        assert wire.errors == ""
    assert [path.name for path in sample_copy.parent.iterdir()] == [sample_copy.name]


@pytest.mark.parametrize("place", ["in a thread", "in the main thread"])
def test_a_signal_ends_a_server_that_is_busy(tmp_path: Path, place: str) -> None:
    """It does not wait for a call that takes long."""
    with Wire({}, command=("-c", BUSY, place), cwd=tmp_path) as wire:
        wire.send({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "busy", "arguments": {}}})
        wait_for(tmp_path / "busy")
        wire.process.send_signal(signal.SIGTERM)
        assert wire.process.wait(PATIENCE) == 128 + signal.SIGTERM


def test_a_signal_ends_a_server_that_is_still_loading() -> None:
    """Before the handshake, too."""
    process = subprocess.Popen(
        [sys.executable, "-m", "evals_mcp"], env=environ(), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert errors == b""


def test_a_person_at_a_terminal_is_told_what_it_is_and_ends_it_with_ctrl_c(tmp_path: Path) -> None:
    """The text is on stderr: what this is, how to connect it, what to run instead, and how to end it."""
    master, terminal = os.openpty()
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
            "from evals_mcp.cli.main import main; main([])",
        ],
        env=environ(EVALS_MCP_DATABASE=str(tmp_path / "evals.db")),
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(terminal)
    assert process.stderr is not None
    lines = [process.stderr.readline().decode() for _ in range(4)]
    os.write(master, b"\x03")
    stdout, stderr = process.communicate(timeout=PATIENCE)
    os.close(master)
    shown = "".join(lines)
    for words in ("MCP server", "connect your assistants: `evals-mcp setup`", "`evals-mcp demo`", "Ctrl-C"):
        assert words in shown
    assert (stdout, stderr, process.returncode) == (b"", b"", 128 + signal.SIGINT)


def test_a_host_that_closes_stdout_ends_the_server(sample_copy: Path) -> None:
    """One line on stderr instead of a traceback, and the database is closed."""
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire:
        assert SAMPLE in wire.answer("list_evaluations")
        assert wire.process.stdout is not None
        wire.process.stdout.close()
        wire.send({"jsonrpc": "2.0", "id": 9, "method": "tools/list"})
        assert wire.process.wait(PATIENCE) == 0
        wire.wait()
        assert wire.errors == "evals-mcp: stdout is closed, so the server ends.\n"
    assert [path.name for path in sample_copy.parent.iterdir()] == [sample_copy.name]


def test_a_server_without_stdin_says_that_nobody_talks_to_it() -> None:
    """As in a service that closes it."""
    command = ["sh", "-c", 'exec "$0" -m evals_mcp <&-', sys.executable]
    done = subprocess.run(command, env=environ(), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "evals-mcp: stdin is closed, so no host can talk to the server.\n"


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [(["demo"], 0), (["demo"], 3), (["call", "list_runs", f"evaluation={SAMPLE}"], 0), (["--help"], 0)],
)
def test_a_command_ends_when_its_reader_has_read_enough(
    sample_copy: Path, tmp_path_factory: pytest.TempPathFactory, arguments: list[str], lines: int
) -> None:
    """As in `evals-mcp demo | head`: no traceback, and no temporary files are left, also by a server that it starts."""
    folder = tmp_path_factory.mktemp("temporary")
    process = subprocess.Popen(
        [sys.executable, "-m", "evals_mcp", *arguments],
        env=environ(EVALS_MCP_DATABASE=str(sample_copy), TMPDIR=str(folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    process.stdout.close()
    try:
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert errors == b""
    assert process.returncode == 128 + signal.SIGPIPE
    assert list(folder.iterdir()) == []


def test_a_server_starts_with_a_wrong_setting_and_tells_of_it_when_asked() -> None:
    """The handshake succeeds; a host's log and a person who asks a tool from the shell read the same words."""
    wrong = {"EVALS_MCP_MAX_TOKENS": "4000.0"}
    words = "EVALS_MCP_MAX_TOKENS must be a whole number from 300 to 20,000, not '4000.0'."
    with Wire(wrong) as wire:
        assert wire.failure("list_evaluations").startswith(f"Error: {words} Correct the environment variables")
        wire.wait()
        assert "EVALS_MCP_MAX_TOKENS must be" in wire.errors
    asked = run_program(["call", "list_evaluations"], **wrong)
    assert (asked.returncode, asked.stdout) == (1, "")
    assert words in asked.stderr


def _raw_connection(url: str) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=240)


def test_a_stop_of_a_served_database_finishes_what_was_accepted(
    start_server: Start, serve_here: Serve, tmp_path: Path
) -> None:
    """A request that is half sent when a signal comes is answered, and what it wrote is there afterwards.

    The first line of stderr says where the server is, and no other line is written than that of the request.
    """
    database = str(tmp_path / "evals.db")
    for number in (signal.SIGTERM, signal.SIGINT):
        server = start_server(database)
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*", server.url)
        body = f'{{"path": "{number.name}", "attributes": {{}}}}'.encode()
        with _raw_connection(server.url) as connection:
            connection.sendall(_head(len(body)))
            assert connection.recv(1000).startswith(b"HTTP/1.1 100")  # the handler reads the body: it was accepted
            server.process.send_signal(number)
            _wait_until_closed(server.url)
            connection.sendall(body)
            assert connection.recv(100_000).startswith(b"HTTP/1.1 200")
        assert server.ended() == 0
        (line,) = server.lines
        assert " POST /v5/flows 200 " in line
    listed = httpx.get(f"{serve_here(database)}/v5/flows", timeout=240, verify=False).json()["records"]
    assert {item["path"] for item in listed} == {"SIGTERM", "SIGINT"}


def test_a_second_ctrl_c_ends_a_server_at_once(start_server: Start, tmp_path: Path) -> None:
    """What is not finished is answered with a sentence, and the log has no line but that of the request."""
    server = start_server(str(tmp_path / "evals.db"))
    with _raw_connection(server.url) as connection:
        connection.sendall(_head(100))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        server.process.send_signal(signal.SIGINT)
        _wait_until_closed(server.url)
        begun = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        answer = _all_of(connection)
    assert server.ended() == 0
    assert time.monotonic() - begun < SECONDS_TO_FINISH / 2
    assert answer.startswith(b"HTTP/1.1 503")
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert told["detail"] == "The server stops, and did not finish this request. What it was to write may be there."
    (line,) = server.lines
    assert " POST /v5/flows 503 " in line
    assert line.endswith(told["request_id"])


def _all_of(connection: socket.socket) -> bytes:
    """What comes until the end."""
    return b"".join(iter(lambda: connection.recv(100_000), b""))


def _head(length: int) -> bytes:
    lines = ["POST /v5/flows HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Expect: 100-continue"]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


def _wait_until_closed(url: str) -> None:
    while True:
        try:
            _raw_connection(url).close()
        except OSError:
            return

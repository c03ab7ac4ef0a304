"""A stdio server in a process of its own, and every byte that it writes: each line of stdout must be JSON-RPC."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Self

SERVER = Path(__file__).resolve().parents[2] / "server"
MODERN = "2026-07-28"
ERAS = ("2025-06-18", MODERN)
"""A revision of the protocol with a handshake, and the one without."""

SAMPLE = "Which prompt answers tickets"
"""The name of the sample evaluation."""

_PATIENCE = 240


def environ(**variables: str) -> dict[str, str]:
    """The environment of a server: this package importable, and nothing else of this machine but where programs are."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(SERVER), **variables}


def run_program(arguments: Sequence[str], **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "evals_mcp", *arguments],
        env=environ(**variables),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_PATIENCE,
        check=False,
    )


class Wire:
    """Requests to a server and its answers, in one era of the protocol; a context manager that ends the process."""

    def __init__(
        self,
        variables: Mapping[str, str],
        *,
        era: str = ERAS[0],
        command: Sequence[str] = ("-m", "evals_mcp"),
        program: Sequence[str] = (),
        cwd: Path | None = None,
        capabilities: Mapping[str, Any] = {},
    ) -> None:
        self.era = era
        self._capabilities = capabilities
        self.lines: list[bytes] = []
        self.errors = ""
        self._number = 0
        self.process = subprocess.Popen(
            program or [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ(**variables),
            cwd=cwd,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        if self.era != MODERN:
            client = {"name": "test", "version": "1"}
            given = {"protocolVersion": self.era, "capabilities": self._capabilities, "clientInfo": client}
            self.hello = self.request("initialize", given)["result"]
            self.notify("notifications/initialized")
        else:
            self.hello = self.request("server/discover")["result"]
        return self

    def __exit__(self, *_: object) -> Literal[False]:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        return False

    def request(self, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send a request and read lines until its answer."""
        return self.request_text(method, params)

    def request_text(self, method: str, params: Mapping[str, Any] | None = None, **texts: str) -> dict[str, Any]:
        """Send a request in which JSON replaces each text that is named, and read lines until its answer."""
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": self.with_era(params)}
        line = json.dumps(message)
        for name, text in texts.items():
            line = line.replace(json.dumps(name), text)
        self.send(line.encode())
        while True:
            answer = self.read()
            if answer.get("id") == self._number:
                return answer

    def request_all(self, requests: Sequence[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
        """Send requests without waiting in between; their answers in the same order."""
        first = self._number + 1
        for method, params in requests:
            self._number += 1
            self.send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": self.with_era(params)})
        answers: dict[int, dict[str, Any]] = {}
        while len(answers) < len(requests):
            message = self.read()
            if message.get("id") in range(first, self._number + 1):
                answers[message["id"]] = message
        return [answers[number] for number in range(first, self._number + 1)]

    def notify(self, method: str) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": self.with_era(None)})

    def call(self, tool: str, **arguments: Any) -> tuple[str, bool]:
        """Call a tool; the text of the answer, and whether it is an error."""
        result = self.request("tools/call", {"name": tool, "arguments": arguments})["result"]
        (content,) = result["content"]
        assert content["type"] == "text"
        return content["text"], bool(result.get("isError"))

    def answer(self, tool: str, **arguments: Any) -> str:
        """Call a tool that must not fail; the text of the answer."""
        text, is_error = self.call(tool, **arguments)
        assert not is_error, text
        return text

    def failure(self, tool: str, **arguments: Any) -> str:
        """Call a tool that must fail; what it says."""
        text, is_error = self.call(tool, **arguments)
        assert is_error, text
        assert text.startswith("Error: ")
        return text

    def send(self, message: object) -> None:
        """Send a message, or a line that is none."""
        content = message if isinstance(message, bytes) else json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(content + b"\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """The next line of stdout, which must be a message of JSON-RPC."""
        assert self.process.stdout is not None
        with self._in_time():
            line = self.process.stdout.readline()
        assert line, f"the server ended: {self.wait()} {self.errors}"
        self.lines.append(line)
        return message_of(line)

    def wait(self) -> int:
        """Close stdin and read what is left; the exit status."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if not self.process.stdin.closed:
            with suppress(BrokenPipeError):
                self.process.stdin.close()
        with self._in_time():
            if not self.process.stdout.closed:
                self.lines += self.process.stdout.readlines()
                self.process.stdout.close()
            status = self.process.wait()
            self._listener.join()
        for line in self.lines:
            message_of(line)
        return status

    def with_era(self, params: Mapping[str, Any] | None) -> dict[str, Any]:
        """The parameters as a client of the era sends them."""
        given = dict(params or {})
        if self.era == MODERN:
            given["_meta"] = {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": self._capabilities,
            }
        return given

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """Kill the process if what is done here takes for ever."""
        watchdog = threading.Timer(_PATIENCE, self.process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read().decode()
        self.process.stderr.close()


def database_text(path: Path) -> str:
    """Everything that a SQLite file holds."""
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


def message_of(line: bytes) -> dict[str, Any]:
    """A line as a message of JSON-RPC; it must be one."""
    message = json.loads(line)
    assert isinstance(message, dict), line
    assert message["jsonrpc"] == "2.0"
    assert {"method", "result", "error"} & message.keys(), line
    return message


def log_output(wire: Wire, output: str) -> str:
    """Log an output for the first datapoint; the id of the log."""
    said = wire.answer(
        "log_generation", evaluation=SAMPLE, run="v2-concise", datapoint=datapoint_of(wire), output=output
    )
    return said.split(" ")[1]


def datapoint_of(wire: Wire) -> str:
    """The id of the first datapoint."""
    listed = wire.answer("list_datapoints", evaluation=SAMPLE, limit=1)
    return next(line.split(" ")[0] for line in listed.splitlines() if line.startswith("dp_"))

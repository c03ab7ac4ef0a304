"""A stdio server in a process of its own, for benchmarks to call, with its start, memory and processor time."""

import json
import math
import os
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PROTOCOL = "2025-06-18"


class Server:
    """A stdio server under measurement."""

    def __init__(self, command: list[str], environ: Mapping[str, str]) -> None:
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(environ)
        )
        self._buffer = b""
        self._number = 0
        self.request(
            "initialize",
            {"protocolVersion": _PROTOCOL, "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "1"}},
        )
        self.start_seconds = time.perf_counter() - self._started
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer, at most a minute."""
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        while True:
            message: dict[str, Any] = json.loads(self._line())
            if message.get("id") == self._number:
                return message

    def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """Call a tool; its text."""
        result = self.request("tools/call", {"name": tool, "arguments": arguments})["result"]
        assert not result.get("isError"), result
        return str(result["content"][0]["text"])

    def close(self) -> None:
        """Stop the server."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def largest_memory(self) -> float:
        """The most memory that the process has had resident so far, in MB; NaN where the system does not tell."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return math.nan
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def processor_seconds(self) -> float:
        """What the process and its threads have taken of a processor so far; NaN where the system does not tell."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return math.nan
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([descriptor], [], [], 60)
            if not ready:
                raise TimeoutError("no answer within a minute")
            self._buffer += os.read(descriptor, 1 << 20)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

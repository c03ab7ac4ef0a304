"""Start-up and call times of the stdio server against a bare MCP server, as ratios measured in one run.

`python benchmarks/latency.py DATABASE EVALUATION` asks about an evaluation in a database; the names of its runs do not
matter. Prints medians in milliseconds and, for each, the ratio to the bare server and what it must stay under.
"""

import json
import os
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

BARE = """
from mcp.server import MCPServer
server = MCPServer("bare")
@server.tool()
def noop() -> str:
    return "ok"
server.run("stdio")
"""
STARTS = 15
CALLS = 60
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


def paired_medians(bare: Server, server: Server, tool: str, arguments: dict[str, Any]) -> tuple[float, float]:
    """Median times of warm calls of a tool and, taking turns with them, of the no-op; in milliseconds."""
    server.call(tool, arguments)
    times: list[float] = []
    noops: list[float] = []
    for _ in range(CALLS):
        for taken, each, name, given in ((noops, bare, "noop", {}), (times, server, tool, arguments)):
            started = time.perf_counter()
            each.call(name, given)
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), statistics.median(noops)


def main() -> None:
    """Measure and print."""
    database, evaluation = sys.argv[1:3]
    bare = [sys.executable, "-c", BARE]
    ours = [sys.executable, "-m", "evals_mcp"]
    environ = {**os.environ, "EVALS_MCP_DATABASE": database}
    starts: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(STARTS):
        for name, command in (("bare", bare), ("ours", ours)):
            server = Server(command, environ)
            starts[name].append(server.start_seconds * 1000)
            server.close()
    medians = {name: statistics.median(times) for name, times in starts.items()}
    ratio = medians["ours"] / medians["bare"]
    print(f"initialize: {medians['ours']:.0f} ms, bare {medians['bare']:.0f} ms, ratio {ratio:.2f} (at most 1.15)")

    reference, server = Server(bare, environ), Server(ours, environ)
    calls: dict[str, dict[str, Any]] = {
        "list_runs": {"evaluation": evaluation},
        "get_logs": {"evaluation": evaluation, "limit": 10},
        "list_datapoints": {"evaluation": evaluation, "limit": 20},
    }
    for tool, arguments in calls.items():
        taken, noop = paired_medians(reference, server, tool, arguments)
        print(f"{tool}: {taken:.2f} ms, no-op {noop:.2f} ms, ratio {taken / noop:.1f} (at most 10)")
    reference.close()
    server.close()


if __name__ == "__main__":
    main()

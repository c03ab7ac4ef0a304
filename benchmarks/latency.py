"""Start-up and call times of the stdio server against a bare MCP server, as ratios measured in one run.

`python benchmarks/latency.py` loads an evaluation into a temporary database and asks about it;
`python benchmarks/latency.py DATABASE EVALUATION` asks about one that is there. Prints medians in milliseconds and,
for each, the ratio to the bare server and what it must stay under. A call is measured twice: many of them after one
another, which is what the limit is for, and taking turns with the no-op, when each finds the processor's caches cold.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.loading import load_evaluation
from benchmarks.stdio_server import Server

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
WARM_UP = 3
ROUNDS = 5
MOST_FOR_START, MOST_FOR_FIRST, MOST_FOR_CALL = 1.15, 1.8, 10


def call_times(server: Server, tool: str, arguments: dict[str, Any]) -> float:
    """The median time of warm calls of a tool, one after another; in milliseconds."""
    for _ in range(WARM_UP):
        server.call(tool, arguments)
    return statistics.median(_timed(server, tool, arguments) for _ in range(CALLS))


def taking_turns(bare: Server, server: Server, tool: str, arguments: dict[str, Any]) -> float:
    """The ratio of the medians of warm calls of a tool and of the no-op, called in turns."""
    server.call(tool, arguments)
    pairs = [(_timed(server, tool, arguments), _timed(bare, "noop", {})) for _ in range(CALLS)]
    times, noops = zip(*pairs, strict=True)
    return float(statistics.median(times) / statistics.median(noops))


def _timed(server: Server, tool: str, arguments: dict[str, Any]) -> float:
    started = time.perf_counter()
    server.call(tool, arguments)
    return (time.perf_counter() - started) * 1000


def measure_starts(commands: Mapping[str, list[str]], environ: Mapping[str, str], evaluation: str) -> None:
    """Measure and print how long the servers take to answer `initialize`, and a first call after it, taking turns."""
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "bare": ("noop", {}),
        "ours": ("list_runs", {"evaluation": evaluation}),
    }
    starts: dict[str, list[float]] = {name: [] for name in commands}
    answers: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(STARTS):
        for name, command in commands.items():
            server = Server(command, environ)
            start = server.start_seconds * 1000
            starts[name].append(start)
            answers[name].append(start + _timed(server, *calls[name]))
            server.close()
    for what, times, most in (("initialize", starts, MOST_FOR_START), ("first answer", answers, MOST_FOR_FIRST)):
        bare, ours = (statistics.median(times[name]) for name in ("bare", "ours"))
        print(f"{what}: {ours:.0f} ms, bare {bare:.0f} ms, ratio {ours / bare:.2f} (at most {most})")


def measure_calls(bare: Server, ours: Server, evaluation: str) -> None:
    """Measure and print the calls: medians over rounds, in each of which the no-op is called before and after."""
    calls: dict[str, dict[str, Any]] = {
        "list_runs": {"evaluation": evaluation},
        "get_logs": {"evaluation": evaluation, "limit": 10},
        "list_datapoints": {"evaluation": evaluation, "limit": 20},
    }
    for tool, arguments in calls.items():
        rounds = []
        for _ in range(ROUNDS):
            before = call_times(bare, "noop", {})
            taken = call_times(ours, tool, arguments)
            rounds.append((taken, (before + call_times(bare, "noop", {})) / 2))
        ratio = statistics.median(taken / noop for taken, noop in rounds)
        taken, noop = (statistics.median(times) for times in zip(*rounds, strict=True))
        turns = statistics.median(taking_turns(bare, ours, tool, arguments) for _ in range(ROUNDS))
        print(
            f"{tool}: {taken:.2f} ms, no-op {noop:.2f} ms, ratio {ratio:.1f} (at most {MOST_FOR_CALL}),"
            f" taking turns {turns:.1f}"
        )


def main(database: str, evaluation: str) -> None:
    """Measure and print."""
    environ = {**os.environ, "EVALS_MCP_DATABASE": database}
    commands = {"bare": [sys.executable, "-c", BARE], "ours": [sys.executable, "-m", "evals_mcp"]}
    measure_starts(commands, environ, evaluation)
    bare, ours = (Server(command, environ) for command in commands.values())
    measure_calls(bare, ours, evaluation)
    bare.close()
    ours.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(*sys.argv[1:3])
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "latency.db"
            main(str(path), load_evaluation(path))

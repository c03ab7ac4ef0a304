"""Start-up, memory and call times of the stdio server against a bare MCP server, as ratios measured in one run.

`python benchmarks/latency.py` loads an evaluation into a temporary database and asks about it;
`python benchmarks/latency.py DATABASE EVALUATION` asks about one that is there. Prints medians in milliseconds and,
for each, the ratio to the bare server and what it must stay under. The stop-watch of a start includes that of the
process. Memory is the most that was resident; before the first call it is measured when the server has nothing left to
do. The installed size is that of the program and all that it needs, without compiled modules. A call is measured twice:
many of them after one another, which is what the limit is for, and taking turns with the no-op, when each finds the
processor's caches cold.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
IDLE_SECONDS = 1.0
CALLS = 60
WARM_UP = 3
ROUNDS = 5
MOST_FOR_START, MOST_FOR_LIST, MOST_FOR_FIRST, MOST_FOR_CALL = 0.1, 0.12, 1.5, 10
MOST_BEFORE, MOST_AFTER, MOST_INSTALLED = 80, 120, 150  # MB


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
    """Measure and print how long the servers take from their start to their first answers, taking turns.

    The host asks for the tools as soon as it has the handshake, and makes a call as soon as it has the tools.
    """
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "bare": ("noop", {}),
        "ours": ("list_runs", {"evaluation": evaluation}),
    }
    times: dict[str, list[tuple[float, ...]]] = {name: [] for name in commands}
    for _ in range(STARTS):
        for name, command in commands.items():
            server = Server(command, environ)
            initialized = server.start_seconds * 1000
            started = time.perf_counter()
            server.request("tools/list", {})
            listed = initialized + (time.perf_counter() - started) * 1000
            times[name].append((initialized, listed, listed + _timed(server, *calls[name])))
            server.close()
    medians = {name: [statistics.median(steps) for steps in zip(*taken, strict=True)] for name, taken in times.items()}
    limits = (("initialize", MOST_FOR_START), ("tools/list", MOST_FOR_LIST), ("first answer", MOST_FOR_FIRST))
    for (what, most), bare, ours in zip(limits, medians["bare"], medians["ours"], strict=True):
        print(f"{what}: {ours:.0f} ms, bare {bare:.0f} ms, ratio {ours / bare:.3f} (at most {most})")


def measure_memory(command: list[str], environ: Mapping[str, str], evaluation: str) -> None:
    """Measure and print the memory of a server that has listed its tools, and after its first call."""
    server = Server(command, environ)
    server.request("tools/list", {})
    before = -1.0
    while before != server.processor_seconds():
        before = server.processor_seconds()
        time.sleep(IDLE_SECONDS)
    loaded = server.largest_memory()
    server.call("list_runs", {"evaluation": evaluation})
    print(f"memory before the first call: {loaded:.0f} MB (at most {MOST_BEFORE})")
    print(f"memory after it: {server.largest_memory():.0f} MB (at most {MOST_AFTER})")
    server.close()


def measure_size() -> None:
    """Print what the program and the packages that it needs take, without compiled modules, in MB."""
    sizes: dict[str, int] = {}
    waiting = ["evals-mcp"]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in sizes:
            continue
        package = distribution(name)
        paths = [Path(str(file.locate())) for file in package.files or [] if file.suffix != ".pyc"]
        sizes[name] = sum(path.stat().st_size for path in paths if path.is_file())
        for text in package.requires or []:
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting += [needed.name, *_of_extras(needed)]
    ours = Path(__file__).resolve().parents[1] / "server" / "evals_mcp"
    sizes["evals-mcp"] = sum(path.stat().st_size for path in ours.rglob("*") if path.suffix != ".pyc")
    print(f"installed: {sum(sizes.values()) / 1e6:.0f} MB in {len(sizes)} packages (at most {MOST_INSTALLED})")


def _of_extras(needed: Requirement) -> list[str]:
    """What the extras of a requirement add."""
    found = map(Requirement, distribution(needed.name).requires or [])
    return [
        item.name for item in found for extra in needed.extras if item.marker and item.marker.evaluate({"extra": extra})
    ]


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
    measure_memory(commands["ours"], environ, evaluation)
    measure_size()
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

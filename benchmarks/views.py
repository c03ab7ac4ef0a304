"""What a view costs the tools that carry one, on 1,200 datapoints x 12 runs x 2 evaluators, as ratios in one run.

`python benchmarks/views.py [FOLDER] [ROUNDS]` makes the evaluation of `big_database` in the folder if it is not there
(without it in a temporary one). Three stdio servers over it get the same warm calls by turns: one whose tools carry no
view, one for a host that shows none, and one for a host that gets the document of the view with each answer. It prints
the least processor milliseconds of a call over the rounds, which other load of the machine changes least, the ratio to
the server without views, and the size of what the host gets. The text of an answer must be the same on all three.
"""

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.big_database import make_big_database
from benchmarks.stdio_server import Server

DATAPOINTS, RUNS = 1_200, 12
ROUNDS, ROUND_SECONDS, WARM_CALLS = 9, 1.0, 20
MOST = 1.05
DOCUMENT_KEY = "evals-mcp/view"
_SERVER = [sys.executable, "-m", "evals_mcp"]
_WITHOUT = """
import dataclasses
import evals_mcp.tools as tools
tools.TOOLS = tuple(dataclasses.replace(tool, view="") for tool in tools.TOOLS)
from evals_mcp.cli.main import main
main()
"""
"""A server whose tools carry no view."""
_LEASE = re.compile(r"Yours until [^.]*\.")

Answer = tuple[str, dict[str, Any], int]
"""The text, the metadata, and the size of the whole result in bytes."""


class Host:
    """A host with a server of its own; `shows` says whether it asks for documents."""

    def __init__(self, command: list[str], database: Path, *, shows: bool) -> None:
        self.server = Server(command, {**os.environ, "EVALS_MCP_DATABASE": str(database)})
        self._meta: dict[str, Any] = {"_meta": {DOCUMENT_KEY: True}} if shows else {}
        self.seconds: dict[str, list[float]] = {}

    def call(self, tool: str, arguments: dict[str, Any]) -> Answer:
        """Call a tool."""
        answer = self.server.request("tools/call", {"name": tool, "arguments": arguments, **self._meta})
        result = answer["result"]
        assert not result.get("isError"), result
        return _LEASE.sub("", result["content"][0]["text"]), result.get("_meta") or {}, len(str(result))

    def measure(self, tool: str, arguments: dict[str, Any], calls: int) -> None:
        """Add the processor seconds of a call, out of so many."""
        before = self.server.processor_seconds()
        for _ in range(calls):
            self.call(tool, arguments)
        self.seconds.setdefault(tool, []).append((self.server.processor_seconds() - before) / calls)


def main(folder: Path, rounds: int = ROUNDS) -> bool:
    """Measure and print; whether all stay under their limits."""
    made = make_big_database(folder / f"views-{DATAPOINTS}.db", DATAPOINTS, RUNS)
    evaluation = {"evaluation": made.evaluation_id}
    calls = {"list_runs": evaluation, "compare_runs": evaluation, "next_to_review": {**evaluation, "reviewer": "ann"}}
    hosts = {
        "without": Host([sys.executable, "-c", _WITHOUT], made.path, shows=False),
        "not asked": Host(_SERVER, made.path, shows=False),
        "asked": Host(_SERVER, made.path, shows=True),
    }
    print(f"processor ms of a call; x: times the server without views (limit {MOST:g})")
    print(f"{'tool':16}" + "".join(f"{name:>18}" for name in hosts) + f"{'answer':>12}{'with document':>16}")
    held = True
    for tool, arguments in calls.items():
        answers = {name: host.call(tool, arguments) for name, host in hosts.items()}
        assert len({text for text, _, _ in answers.values()}) == 1, f"{tool}: the answers differ"
        assert [DOCUMENT_KEY in meta for _, meta, _ in answers.values()] == [False, False, True]
        hosts["without"].measure(tool, arguments, WARM_CALLS)
        calls_each = int(ROUND_SECONDS / hosts["without"].seconds.pop(tool)[0])
        turns = list(hosts.values())
        for _ in range(rounds):
            for host in turns:
                host.measure(tool, arguments, calls_each)
            turns = turns[1:] + turns[:1]
        least = {name: min(host.seconds[tool]) * 1_000 for name, host in hosts.items()}
        ratios = {name: taken / least["without"] for name, taken in least.items()}
        within = max(ratios.values()) <= MOST
        held = held and within
        cells = "".join(f"{least[name]:9.2f} {ratios[name]:6.3f} x" for name in hosts)
        sizes = [answers[name][2] / 1_000 for name in ("not asked", "asked")]
        print(f"{tool:16}{cells}{sizes[0]:9.1f} kB{sizes[1]:13.1f} kB{'' if within else '  EXCEEDED'}", flush=True)
    for host in hosts.values():
        host.server.close()
    return held


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    if len(sys.argv) > 1:
        sys.exit(0 if main(Path(sys.argv[1]), count) else 1)
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(0 if main(Path(temporary), count) else 1)

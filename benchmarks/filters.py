"""What conditions cost on 12,000 datapoints x 12 runs x 2 evaluators, as ratios measured in one run.

`python benchmarks/filters.py [FOLDER] [DATAPOINTS]` asks the tools in process about the evaluation of `big_database`,
which is made in the folder if it is not there. CPU seconds of calls in turns: the least of each. A page filtered by
fields, judgments or numbers may cost three times an unfiltered one, a search in outputs twice the plain LIKE over the
same texts, a filtered comparison 1.5 times the unfiltered one.
"""

import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import anyio

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.big_database import BigDatabase, make_big_database

from evals_mcp.config import Settings
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.tools import TOOLS
from evals_mcp.wiring import build_client

ROUNDS = 7
_FUNCTIONS = {tool.name: tool.function for tool in TOOLS}
_LIKE = """
SELECT run_logs.run_id, run_logs.log_number FROM run_logs JOIN logs ON logs.number = run_logs.log_number
WHERE logs.output LIKE ?
"""


class Case(NamedTuple):
    """A call with conditions; what it is compared with: a call without, or LIKE of a text; and the most it may cost."""

    tool: str
    arguments: dict[str, Any]
    where: list[str]
    most: float
    like: str = ""


_PAIR = {"candidates": ["v1"]}
CASES = [
    *(
        Case("get_logs", {}, where, 3)
        for where in (
            ["category=c3"],
            ["category=c3|c4", "split=test"],
            ["metadata.length>=90"],
            ["category!=c3", "bench/correct=false"],
            ["bench/correct=false", "bench/quality<3"],
            ["bench/correct!=true"],
            ["latency>2"],
            ["log.length>200", "error=false"],
        )
    ),
    *(
        Case("list_datapoints", {"runs": ["v0", "v1"]}, where, 3)
        for where in (["category=c3"], ["passes=v1", "fails=v0"], ["passes_count=1"], ["latency>2"])
    ),
    Case("get_logs", {}, ["output~zanzibar"], 2, "zanzibar"),
    Case("get_logs", {}, ["output~unheard-of"], 2, "unheard-of"),
    Case("compare_runs", _PAIR, ["category=c3"], 1.5),
    Case("compare_runs", _PAIR, ["split=train"], 1.5),
    Case("compare_runs", _PAIR, ["baseline.latency>2"], 1.5),
    Case("compare_runs", {}, ["category=c3|c4|c5"], 1.5),
]


async def measure(made: BigDatabase) -> bool:
    """Print a line for each case, first asked and again; whether all stay within their limits when asked again."""
    reads = sqlite3.connect(made.path)
    fits = True
    async with build_client(Settings(database=str(made.path))) as client:

        async def ask(case: Case, where: list[str], changed: int) -> float:
            started = time.process_time()
            given = {**case.arguments, "where": where} if where else case.arguments
            await _FUNCTIONS[case.tool](Lookup(client), made.evaluation_id, max_tokens=4_000 + changed, **given)
            return time.process_time() - started

        def search(case: Case) -> float:
            started = time.process_time()
            reads.execute(_LIKE, (f"%{case.like}%",)).fetchall()
            return time.process_time() - started

        for case in CASES:
            await ask(case, [], 0)
            first = await ask(case, case.where, 0)
            plain, filtered = [], []
            for number in range(ROUNDS):
                plain.append(search(case) if case.like else await ask(case, [], number))
                filtered.append(await ask(case, case.where, number))
            ratio = min(filtered) / min(plain)
            fits &= ratio <= case.most
            told = f"{case.tool} {' '.join(case.where)}"
            print(
                f"{told:56} {min(filtered) * 1000:8.1f} ms {ratio:6.2f} x (at most {case.most}), "
                f"first {first / min(plain):7.2f} x"
            )
    return fits


def main() -> None:
    """Make the evaluation if need be, and measure."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    datapoints = int(sys.argv[2]) if len(sys.argv) > 2 else 12_000
    made = make_big_database(folder / f"filters-{datapoints}.db", datapoints)
    if not anyio.run(measure, made):
        sys.exit("Some questions cost more than they may.")


if __name__ == "__main__":
    main()

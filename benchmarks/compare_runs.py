"""What compare_runs costs on 12,000 datapoints x 12 runs x 2 evaluators, as ratios measured in one run.

`python benchmarks/compare_runs.py FILE` asks about the evaluation of `big_database.py` in a file, which is made if it
is not there. The yardstick reads the judgments of two runs with plain sqlite3, and computes the same statistics over
them with NumPy. Prints medians of warm calls in milliseconds, each ratio, and what it must stay under; without a
limit, also what calls cost after every run changed, when nothing that was kept is of use.
"""

import asyncio
import resource
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np

from evals_mcp.config import Settings
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.statistics.booleans import compare_booleans
from evals_mcp.statistics.corrections import correct
from evals_mcp.statistics.numbers import compare_numbers
from evals_mcp.statistics.pairing import pair_columns
from evals_mcp.statistics.results import Comparison
from evals_mcp.tools.compare_runs import compare_runs
from evals_mcp.wiring import build_client

ROUNDS = 9
MOST_MEGABYTES = 250
_JUDGMENTS = """
SELECT datapoint_id, state, number FROM judgments
WHERE run_id = ? AND evaluator_id = ? AND latest
"""


def yardstick(connection: sqlite3.Connection, run_ids: list[str], evaluator_ids: list[str]) -> list[Comparison]:
    """The figures of two runs by `bench/quality` and `bench/correct`, from the judgments alone."""
    found = []
    for evaluator_id, compare in zip(evaluator_ids, (compare_numbers, compare_booleans), strict=True):
        keys: dict[str, int] = {}
        columns: list[Any] = []
        for run_id in run_ids:
            rows = connection.execute(_JUDGMENTS, (run_id, evaluator_id)).fetchall()
            judged = [(keys.setdefault(row[0], len(keys)), row[2]) for row in rows if row[1] == 0]
            columns += [np.array([key for key, _ in judged]), np.array([number for _, number in judged])]
        found.append(compare(pair_columns(*columns)))
    return correct(found)


def median_ms(call: Callable[[], Any], before: Callable[[], Any] = lambda: None) -> float:
    """The median time of calls, the first left out; what is done `before` each does not count."""
    times = []
    for _ in range(ROUNDS + 1):
        before()
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times[1:])


def main(path: Path) -> bool:
    """Measure and print; whether all stay under their limits."""
    if not path.exists():
        subprocess.run([sys.executable, str(Path(__file__).with_name("big_database.py")), str(path)], check=True)
    connection = sqlite3.connect(path, isolation_level=None)
    (evaluation_id,) = connection.execute("SELECT id FROM evaluations").fetchone()
    run_ids = [row[0] for row in connection.execute("SELECT id FROM runs ORDER BY number")]
    evaluator_ids = [
        row[0] for row in connection.execute("SELECT evaluator_id FROM evaluation_evaluators ORDER BY position")
    ]
    client = build_client(Settings(database=str(path)))
    loop = asyncio.new_event_loop()

    def ask(**arguments: Any) -> str:
        answer: Coroutine[Any, Any, str] = compare_runs(Lookup(client), evaluation_id, **arguments)
        return loop.run_until_complete(answer)

    def change() -> None:
        connection.execute("UPDATE runs SET revision = revision + 1")

    plain = median_ms(lambda: yardstick(connection, run_ids[:2], evaluator_ids))
    one = median_ms(lambda: ask(candidates=["v1"]))
    many = median_ms(lambda: ask(candidates=["v1"], outcome="changed", limit=50))
    every = median_ms(ask)
    one_anew = median_ms(lambda: ask(candidates=["v1"]), change)
    every_anew = median_ms(ask, change)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [
        ("plain sqlite3 and NumPy, two runs", plain, 0.0, 0.0),
        ("compare_runs, two runs", one, one / plain, 4.0),
        ("compare_runs, two runs, 50 datapoints", many, many / plain, 4.0),
        (f"compare_runs, all {len(run_ids) - 1} candidates, to two runs", every, every / one, 8.0),
        ("the same two runs, changed since", one_anew, one_anew / plain, 0.0),
        ("all candidates, changed since, to two runs changed", every_anew, every_anew / one_anew, 0.0),
    ]
    for label, milliseconds, ratio, most in rows:
        limit = f" (at most {most:g})" if most else ""
        print(f"{label:52} {milliseconds:7.0f} ms" + (f"  {ratio:5.2f} x{limit}" if ratio else ""))
    print(f"{'largest memory of the process':52} {megabytes:7.0f} MB (at most {MOST_MEGABYTES})")
    return megabytes <= MOST_MEGABYTES and all(ratio <= most for _, _, ratio, most in rows if most)


if __name__ == "__main__":
    sys.exit(0 if main(Path(sys.argv[1])) else 1)

"""What groups and filters cost on 12,000 datapoints x 12 runs x 2 evaluators, as ratios measured in one run.

`python benchmarks/slices.py FILE` asks about the evaluation of `big_database.py` in a file, which is made if it is not
there, and gets a field with 14 values. Prints medians of warm calls in milliseconds, each ratio to a plain comparison
of the same two runs, and what it must stay under.
"""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from benchmarks.compare_runs import median_ms

from evals_mcp.config import Settings
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.datapoint_fields import METADATA
from evals_mcp.tools.compare_runs import compare_runs
from evals_mcp.tools.list_runs import list_runs
from evals_mcp.wiring import build_client

_GROUPS = 14
_ADD_FIELD = """
INSERT OR IGNORE INTO datapoint_fields (datapoint_id, dataset_id, part, key, value, number, whole)
SELECT id, dataset_id, ?, 'slice', 'slice ' || (rowid % ?), NULL, 1 FROM datapoints
"""


def main(path: Path) -> bool:
    """Measure and print; whether all stay under their limits."""
    if not path.exists():
        subprocess.run([sys.executable, str(Path(__file__).with_name("big_database.py")), str(path)], check=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(_ADD_FIELD, (METADATA, _GROUPS))
    (evaluation_id,) = connection.execute("SELECT id FROM evaluations").fetchone()
    client = build_client(Settings(database=str(path)))
    loop = asyncio.new_event_loop()

    def run(answer: Coroutine[Any, Any, str]) -> str:
        return loop.run_until_complete(answer)

    def compare(**arguments: Any) -> str:
        return run(compare_runs(Lookup(client), evaluation_id, candidates=["v1"], **arguments))

    def runs(**arguments: Any) -> str:
        return run(list_runs(Lookup(client), evaluation_id, **arguments))

    plain = median_ms(compare)
    rows = [
        ("a comparison of two runs", plain, plain, 0.0),
        (f"in {_GROUPS} groups", median_ms(lambda: compare(group_by="slice")), plain, 2.0),
        ("in bins of a length", median_ms(lambda: compare(group_by="log.length")), plain, 2.0),
        ("over the datapoints of a filter", median_ms(lambda: compare(where=["slice=slice 3|slice 5"])), plain, 1.5),
        ("all runs over the logs of a filter", median_ms(lambda: runs(where=["slice=slice 3"])), plain, 0.0),
        (f"all runs in {_GROUPS} groups", median_ms(lambda: runs(group_by="slice")), plain, 0.0),
    ]
    for label, milliseconds, base, most in rows:
        limit = f" (at most {most:g})" if most else ""
        print(f"{label:40} {milliseconds:7.0f} ms  {milliseconds / base:5.2f} x{limit}")
    return all(milliseconds <= most * base for _, milliseconds, base, most in rows if most)


if __name__ == "__main__":
    sys.exit(0 if main(Path(sys.argv[1])) else 1)

"""What the review queue costs on 12,000 datapoints x 12 runs x 2 evaluators, beside a warm `list_runs`.

`python benchmarks/reviewing.py [FOLDER] [ORDER …]` makes the evaluation of `big_database` in the folder if it is not
there (without it in a temporary one), and asks the stdio server in each order. It prints processor seconds, which
other load of the machine changes little, and their ratio to a warm `list_runs` of the same run: of the first
`next_to_review` of a server that has listed the evaluations, of those after a label (the median), of the label itself
with its agreement, and of one that repeats the last. Labels a few logs in each order.
"""

import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.big_database import BigDatabase, make_big_database
from benchmarks.stdio_server import Server

ORDERS = ("auto", "regression", "disagreement", "slice", "even")
DATAPOINTS, RUNS = 12_000, 12
LABELS, WARM_CALLS = 4, 20
MOST_AT_FIRST, MOST_AFTER_A_LABEL = 3.0, 0.5
_LOG = re.compile(r"log (log_\w+) of run")


class Costs(NamedTuple):
    """Processor seconds of calls in one order."""

    first: float
    after_a_label: float
    label: float
    again: float


class Reviewer:
    """Someone who reviews in one order, with a server of their own."""

    def __init__(self, made: BigDatabase, order: str) -> None:
        self._server = Server([sys.executable, "-m", "evals_mcp"], {**os.environ, "EVALS_MCP_DATABASE": str(made.path)})
        self._server.call("list_evaluations", {"text": "unheard-of"})
        name = f"{order} {time.time_ns()}"
        self._evaluation = {"evaluation": made.evaluation_id}
        self._ask = {**self._evaluation, "reviewer": name, "order": order}
        self._author = {"kind": "human", "author": name, "evaluator": "people/correct:boolean:higher"}

    def seconds(self, tool: str, **arguments: object) -> tuple[float, str]:
        """What a call takes, and its answer."""
        before = self._server.processor_seconds()
        answer = self._server.call(tool, {**self._evaluation, **arguments})
        return self._server.processor_seconds() - before, answer

    def label_some(self) -> Costs | None:
        """Label logs one after another; None without one in this order."""
        first, answer = self.seconds("next_to_review", **self._ask)
        after, labels = [], []
        for number in range(LABELS):
            if (log := _LOG.search(answer)) is None:
                break
            label = {"logs": [log[1]], "judgment": "true" if number % 2 else "false"}
            labels.append(self.seconds("label_logs", **self._author, **label)[0])
            taken, answer = self.seconds("next_to_review", **self._ask)
            after.append(taken)
        again, _ = self.seconds("next_to_review", **self._ask)
        return Costs(first, statistics.median(after), statistics.median(labels), again) if after else None

    def close(self) -> None:
        """Stop the server."""
        self._server.close()


def main(folder: Path, orders: Sequence[str] = ORDERS) -> bool:
    """Measure and print; whether all stay under their limits."""
    made = make_big_database(folder / f"filters-{DATAPOINTS}.db", DATAPOINTS, RUNS)
    reader = Reviewer(made, "auto")
    reader.seconds("list_runs")
    warm = statistics.fmean(reader.seconds("list_runs")[0] for _ in range(WARM_CALLS))
    reader.close()
    print(f"seconds of a processor; x: times a warm list_runs ({warm:.3f} s)")
    print(f"{'order':14}{'first':>18}{'after a label':>18}{'the label':>18}{'unchanged':>18}")
    held = True
    for order in orders:
        reviewer = Reviewer(made, order)
        found = reviewer.label_some()
        reviewer.close()
        if found is None:
            print(f"{order:14}  no log")
            continue
        within = found.first <= MOST_AT_FIRST and found.after_a_label <= MOST_AFTER_A_LABEL
        held = held and within
        cells = "".join(f"{seconds:8.2f} s {seconds / warm:5.0f} x" for seconds in found)
        print(f"{order:14}{cells}{'' if within else '  EXCEEDED'}", flush=True)
    print(f"Limits: {MOST_AT_FIRST:g} s at first, {MOST_AFTER_A_LABEL:g} s after a label.")
    return held


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(0 if main(Path(sys.argv[1]), sys.argv[2:] or ORDERS) else 1)
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(0 if main(Path(temporary)) else 1)

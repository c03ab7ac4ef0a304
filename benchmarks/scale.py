"""What questions cost on 12,000 datapoints x 12 runs x 2 evaluators, as ratios to what they cost on a tenth of it.

`python benchmarks/scale.py [FOLDER]` asks the stdio server about the evaluations of `big_database`, which are made in
the folder if they are not there (without it in a temporary one). Per question it prints milliseconds on the large one
and the ratio to the small one, three times: of the median of warm calls, of the median of the first calls after a log
was written, and of the first call of a server that has seen no question about this evaluation. Pages may cost three
times as much when warm. A search for a text has its limit in plain sqlite3: all rows found with LIKE, over the same
texts and in the same run. Writes three logs a question into each database.
"""

import math
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.big_database import BigDatabase, make_big_database
from benchmarks.stdio_server import Server

from evals_mcp.answers.frame.calls import encode

SIZES = (1_200, 12_000)
RUNS = 12
WARM_CALLS = 7
WRITES = 3
LINEAR = 1.2 * SIZES[1] / SIZES[0]  # a tenfold database; a fifth more is noise
MOST_FOR_PAGES, MOST_TO_LIKE, MOST_MEGABYTES = 3.0, 2.0, 250
RARE, COMMON, NONE = "zanzibar", "network", "unheard-of"

_LOGS_LIKE = """
SELECT run_logs.run_id, run_logs.log_number FROM run_logs JOIN logs ON logs.number = run_logs.log_number
WHERE run_logs.run_id IN (SELECT id FROM runs) AND (
    logs.output LIKE :text OR logs.error LIKE :text OR logs.inputs LIKE :text OR logs.messages LIKE :text
    OR logs.output_message LIKE :text
    OR run_logs.datapoint_id IN (SELECT id FROM datapoints WHERE content LIKE :text)
    OR EXISTS (
        SELECT 1 FROM logs AS judge WHERE judge.judged_log_number = logs.number
        AND (judge.output LIKE :text OR judge.error LIKE :text OR judge.output_message LIKE :text)
    )
)
"""
_DATAPOINTS_LIKE = """
SELECT place.position FROM dataset_datapoints AS place JOIN datapoints ON datapoints.id = place.datapoint_id
WHERE datapoints.content LIKE :text
"""


class Question(NamedTuple):
    """A call of a tool; `searched` is the text that it looks for, and `like` the plain query for that."""

    tool: str
    arguments: dict[str, Any]
    searched: str | None = None
    like: str | None = None


class Taken(NamedTuple):
    """What a question took, in milliseconds."""

    warm: float
    after_a_write: float
    first: float


def questions(made: BigDatabase) -> dict[str, Question]:
    """What is asked, by what to call it."""
    reads = sqlite3.connect(made.path)
    (amount,) = reads.execute("SELECT count(*) FROM run_logs").fetchone()
    one = "SELECT log_number, latency, cost, datapoint_id FROM run_logs ORDER BY {} DESC LIMIT 1 OFFSET ?"
    newest, slow, dear = (reads.execute(one.format(key), (amount // 2,)).fetchone() for key in ("1", "2", "3"))
    (dataset,) = reads.execute("SELECT DISTINCT dataset_version_id FROM runs").fetchone()
    (quality,) = reads.execute("SELECT id FROM versions WHERE file_id = ?", (made.evaluator_ids[0],)).fetchone()
    reads.close()

    def deep(tool: str, state: list[object], asked: Mapping[str, object] = {}, **arguments: Any) -> Question:
        """A page far in; `asked` is what its cursor is bound to beside the evaluation."""
        cursor = encode(state, {"tool": tool, "evaluation": made.evaluation_id, **asked})
        return Question(tool, {**arguments, "cursor": cursor})

    def logs(**arguments: Any) -> Question:
        return Question("get_logs", arguments)

    def datapoints(**arguments: Any) -> Question:
        return Question("list_datapoints", arguments)

    judgments = ("false", "<3", "failed", "abstained", "missing")
    shows = ("disagreement", "all_fail", "failed", "abstained", "missing")
    sampled = {"evaluator": quality, "sample": True}
    return {
        "list_evaluations": Question("list_evaluations", {}),
        "list_runs": Question("list_runs", {}),
        "logs, newest": logs(),
        **{f"logs, sort={sort}": logs(sort=sort) for sort in ("worst", "latency", "cost", "length")},
        "logs of one run, sort=worst": logs(sort="worst", runs=["v5"], evaluator="bench/correct"),
        **{f"logs, judgment={judgment}": logs(where=[f"judgment={judgment}"]) for judgment in judgments},
        "logs, judgment=false, sort=cost": logs(where=["bench/correct=false"], sort="cost"),
        "logs, errors_only": logs(where=["error=true"]),
        "logs, errors_only, sort=latency": logs(where=["error=true"], sort="latency"),
        "logs, one datapoint": logs(datapoint=newest[3]),
        "logs, newest, far in": deep("get_logs", [0, -newest[0]]),
        "logs, sort=latency, far in": deep("get_logs", [-slow[1], -slow[0]], {"sort": "latency"}, sort="latency"),
        "logs, sort=cost, far in": deep("get_logs", [-dear[2], -dear[0]], {"sort": "cost"}, sort="cost"),
        "logs, sample": logs(**sampled),
        "logs, sample, far in": deep("get_logs", [1_000], sampled, **sampled),
        "logs, sample, judgment=<3": logs(**sampled, where=["judgment<3"]),
        "datapoints": datapoints(),
        "datapoints, far in": deep("list_datapoints", [amount // RUNS // 2], {"datasets": [dataset]}),
        **{f"datapoints, show={show}": datapoints(show=show) for show in shows},
        "compare_runs, two runs": Question("compare_runs", {"candidates": ["v1"]}),
        "compare_runs, all runs": Question("compare_runs", {}),
        **{
            f"logs, text: {name}": Question("get_logs", {"where": [f"text~{text}"]}, text, _LOGS_LIKE)
            for name, text in {"rare": RARE, "common": COMMON, "none": NONE}.items()
        },
        **{
            f"datapoints, text: {name}": Question(
                "list_datapoints", {"where": [f"text~{text}"]}, text, _DATAPOINTS_LIKE
            )
            for name, text in {"rare": "Answer 777.", "common": "Question", "none": NONE}.items()
        },
    }


class Asked:
    """A large evaluation, a server that answers about it, and what is asked."""

    def __init__(self, made: BigDatabase) -> None:
        self.questions = questions(made)
        self._made = made
        self._environ = {**os.environ, "EVALS_MCP_DATABASE": str(made.path)}
        self._server = self._start()
        self._reads = sqlite3.connect(made.path)
        self._datapoints = [row[0] for row in self._reads.execute("SELECT id FROM datapoints ORDER BY id")]

    def first(self, name: str) -> float:
        """The milliseconds of the first call of a server about the evaluation."""
        server = self._start()
        taken = self._call(server, self.questions[name])
        server.close()
        return taken

    def after_a_write(self, name: str) -> float:
        """The milliseconds of the first call after a log was written."""
        place = {"evaluation": self._made.evaluation_id, "run": self._made.run_ids[-1]}
        log = {"datapoint": self._datapoints.pop(), "output": "It is covered.", "latency": 1.5, "cost": 0.001}
        self._server.call("log_generation", {**place, **log})
        return self._call(self._server, self.questions[name])

    def warm(self, name: str) -> float:
        """The milliseconds of a call that was made before."""
        return self._call(self._server, self.questions[name])

    def like(self, name: str) -> float:
        """The milliseconds of finding all rows whose texts contain the text, by the plain query."""
        question = self.questions[name]
        like = {"text": f"%{question.searched}%"}
        return _milliseconds(lambda: self._reads.execute(str(question.like), like).fetchall())

    def close(self) -> float:
        """Stop the server; the most memory that it had, in MB."""
        self._reads.close()
        megabytes = self._server.largest_memory()
        self._server.close()
        return megabytes

    def _start(self) -> Server:
        server = Server([sys.executable, "-m", "evals_mcp"], self._environ)
        server.call("list_evaluations", {"text": NONE})
        return server

    def _call(self, server: Server, question: Question) -> float:
        about = {} if question.tool == "list_evaluations" else {"evaluation": self._made.evaluation_id}
        return _milliseconds(lambda: server.call(question.tool, {**about, **question.arguments}))


def _milliseconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def in_turns(*calls: Callable[[], float], rounds: int) -> list[float]:
    """The medians of what calls return, made in turns so that all meet the same load of the machine."""
    found = [[call() for call in calls] for _ in range(rounds)]
    return [statistics.median(values) for values in zip(*found, strict=True)]


def compare(small: Asked, large: Asked, name: str) -> bool:
    """Measure a question at both sizes and print; whether it stays under its limit."""
    question = large.questions[name]
    firsts = in_turns(lambda: small.first(name), lambda: large.first(name), rounds=1)
    writes = in_turns(lambda: small.after_a_write(name), lambda: large.after_a_write(name), rounds=WRITES)
    plainly = (lambda: large.like(name)) if question.like else (lambda: math.nan)
    *warm, plain = in_turns(lambda: small.warm(name), lambda: large.warm(name), plainly, rounds=WARM_CALLS)
    before, after = (Taken(*times) for times in zip(warm, writes, firsts, strict=True))
    cells = "".join(f"{there:8.1f} {there / here:5.2f} x" for here, there in zip(before, after, strict=True))
    growth = after.warm / before.warm
    if question.like:
        to_like = after.warm / plain
        within = to_like <= MOST_TO_LIKE and growth <= LINEAR
        note = f"{to_like:.2f} x LIKE ({plain:.1f} ms), at most {MOST_TO_LIKE:g}"
    else:
        most = LINEAR if question.tool == "compare_runs" else MOST_FOR_PAGES
        within, note = growth <= most, f"at most {most:g}"
    print(f"{name:36} {cells}  {note}{'' if within else '  EXCEEDED'}", flush=True)
    return within


def main(folder: Path) -> bool:
    """Measure and print; whether all stay under their limits."""
    small, large = (Asked(make_big_database(folder / f"scale-{size}.db", size, RUNS)) for size in SIZES)
    print(f"{'milliseconds at 12,000 x 12; x at 1,200 x 12':36} {'warm':>16} {'after a write':>16} {'first':>16}")
    held = [compare(small, large, name) for name in large.questions]
    for size, asked in zip(SIZES, (small, large), strict=True):
        megabytes = asked.close()
        held.append(not megabytes > MOST_MEGABYTES)
        print(f"largest memory of the server at {size:,} x {RUNS}: {megabytes:.0f} MB (at most {MOST_MEGABYTES})")
    return all(held)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(0 if main(Path(sys.argv[1])) else 1)
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(0 if main(Path(temporary)) else 1)

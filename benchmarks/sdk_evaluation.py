"""What `evaluations.run` of the official SDK waits for a served SQLite file, and whether 20 workers lose anything.

`python benchmarks/sdk_evaluation.py` needs the extra `sdk`. First 20 workers call a function that answers
at once, over 200 datapoints with two evaluators that run here. Then 4 workers call one that sleeps as long as a model
takes: 60 ms, which only small local ones do, and 250 ms, a short answer of a fast hosted one; slower models make the
share smaller. Waiting is the time of the requests
of the main thread and, on average, of a worker thread; the SDK's own polls of 5 s are taken out of the wall time.
The same requests to `/health`, by as many threads that do nothing else, say how fast this machine answers any.
"""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import httpx

SERVER = Path(__file__).resolve().parents[1] / "server"
DATAPOINTS = 200
MODEL_SECONDS = (0.06, 0.25)
MOST_WAITING = 0.10
EVALUATORS = 2


class Answered(NamedTuple):
    """A request: the thread that waited, what was asked, the status, and seconds."""

    thread: str
    request: str
    status: int
    seconds: float


class Recording(httpx.HTTPTransport):
    """Sends requests and keeps what each took until its body was there."""

    def __init__(self) -> None:
        super().__init__(limits=httpx.Limits(max_connections=100, max_keepalive_connections=50))
        self.answered: list[Answered] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        started = time.perf_counter()
        response = super().handle_request(request)
        content = b"".join(response.iter_raw())
        seconds = time.perf_counter() - started
        asked = f"{request.method} {'/'.join(part for part in request.url.path.split('/') if '_' not in part)}"
        self.answered.append(Answered(threading.current_thread().name, asked, response.status_code, seconds))
        response.close()
        return httpx.Response(response.status_code, headers=response.headers, content=content)


class Result(NamedTuple):
    """An evaluation that was run: seconds without the SDK's polls, its requests, and its run's statistics."""

    seconds: float
    polls: int
    answered: list[Answered]
    run: Any


@contextlib.contextmanager
def served(database: Path) -> Iterator[str]:
    """The address of `evals-mcp serve` over a new file."""
    with subprocess.Popen(
        [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--database", str(database)],
        env={**os.environ, "PYTHONPATH": str(SERVER)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        url = process.stderr.readline().removeprefix("evals-mcp serving on ").strip()
        reader = threading.Thread(target=process.stderr.read)
        reader.start()
        try:
            yield url
        finally:
            process.terminate()
            reader.join()


def model(seconds: float) -> Callable[[str], str]:
    """A function that takes as long as a model would."""

    def shout(word: str) -> str:
        time.sleep(seconds)
        return word.upper()

    return shout


def is_target(log: dict[str, Any], datapoint: dict[str, Any]) -> bool:
    """Whether the output is the expected one."""
    return bool(log["output"] == datapoint["target"]["output"])


def length(log: dict[str, Any]) -> float:
    """The number of characters of the output."""
    return float(len(log["output"]))


def evaluate(url: str, name: str, function: Any, workers: int) -> Result:
    """Run an evaluation through the SDK."""
    import humanloop
    from humanloop.evals import run as sdk_run

    polls: list[float] = []

    def sleep(seconds: float) -> None:
        polls.append(seconds)
        time.sleep(seconds)

    sdk_run.time = SimpleNamespace(time=time.time, sleep=sleep)
    transport = Recording()
    points = [{"inputs": {"word": f"w{n}"}, "target": {"output": f"W{n}"}} for n in range(DATAPOINTS)]
    with httpx.Client(transport=transport, timeout=60) as connection:
        client = humanloop.Humanloop(api_key="any", base_url=f"{url}/v5", httpx_client=connection)
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            client.evaluations.run(
                name=name,
                file={"path": name, "type": "flow", "version": {"attributes": {}}, "callable": function},
                dataset={"path": "words", "datapoints": points},
                evaluators=[
                    {"path": "exact", "args_type": "target_required", "return_type": "boolean", "callable": is_target},
                    {"path": "length", "args_type": "target_free", "return_type": "number", "callable": length},
                ],
                workers=workers,
            )
        seconds = time.perf_counter() - started - sum(polls)
        answered = list(transport.answered)
        file = client.files.retrieve_by_path(path=name)
        (evaluation,) = client.evaluations.list(file_id=file.id)
        (run,) = client.evaluations.get_stats(id=evaluation.id).run_stats
    return Result(seconds, len(polls), answered, run)


def waiting(result: Result, workers: int) -> float:
    """Seconds that the evaluation waited: its main thread, and the mean of its worker threads."""
    judges = {item.thread for item in result.answered if item.request.endswith("/evaluators/log")}
    main = sum(item.seconds for item in result.answered if item.thread == "MainThread")
    of_workers = sum(item.seconds for item in result.answered if item.thread not in judges | {"MainThread"})
    return main + of_workers / workers


def health_seconds(url: str, threads: int) -> float:
    """The mean seconds of a request that does nothing, sent by so many threads at once."""

    def ask(_: int) -> float:
        with httpx.Client() as client:
            started = time.perf_counter()
            for _ in range(50):
                client.get(f"{url}/health")
            return (time.perf_counter() - started) / 50

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(ask, range(threads))) / threads


def describe(result: Result) -> Iterator[str]:
    """What was lost or refused, how long requests took, and how often the SDK polled."""
    lost = (
        DATAPOINTS * (1 + EVALUATORS) - result.run.num_logs - sum(s.num_judgments for s in result.run.evaluator_stats)
    )
    refused = [item for item in result.answered if item.status >= 400 and "retrieve-by-path" not in item.request]
    slowest = max(result.answered, key=lambda item: item.seconds)
    yield f"{len(result.answered)} requests, {len(refused)} refused, {lost} logs or judgments lost"
    yield f"{result.polls} polls"
    yield f"slowest: {slowest.request} {slowest.seconds * 1000:.0f} ms (at most 60,000)"
    for asked in sorted({item.request for item in result.answered}):
        times = sorted(item.seconds * 1000 for item in result.answered if item.request == asked)
        yield f"{asked}: {len(times)} ×, median {times[len(times) // 2]:.1f} ms, slowest {times[-1]:.1f} ms"


def main() -> None:
    """Measure and print; the 20 workers come first, so that the 4 meet a server that has answered before."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "evals.db") as url:
        print("20 workers, a callable that answers at once:")
        many = evaluate(url, "twenty", model(0), 20)
        print(*(f"  {line}" for line in describe(many)), sep="\n")
        for seconds in MODEL_SECONDS:
            print(f"4 workers, a callable of {seconds * 1000:.0f} ms, {DATAPOINTS} datapoints:")
            few = evaluate(url, f"four, {seconds}", model(seconds), 4)
            share = waiting(few, 4) / few.seconds
            print(f"  waiting for the server: {share:.1%} of {few.seconds:.1f} s (at most {MOST_WAITING:.0%})")
            print(*(f"  {line}" for line in describe(few)), sep="\n")
        print(f"GET /health by 8 threads at once: {health_seconds(url, 8) * 1000:.1f} ms")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()

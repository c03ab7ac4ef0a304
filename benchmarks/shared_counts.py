"""What it adds to a request that all workers count together, as ratios to the same request where each counts alone.

`python benchmarks/shared_counts.py` asks two servers of one database in process, in turns, of a workspace with a limit
of requests: one that counts by itself, and one that reads what others count, too. Prints for several numbers of workers
the median of milliseconds of a small page, the ratio of the medians, and the microseconds of a count.
"""

import asyncio
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx
from starlette.types import ASGIApp

CALLS = 1500
WORKERS = (2, 8, 64)


async def measure(path: str, key: str, folder: Path) -> None:
    """Print what requests take."""
    from evals_mcp.serving import logs
    from evals_mcp.serving.options import ServeOptions
    from evals_mcp.serving.serve import opened
    from evals_mcp.serving.shared_counts import SharedCounts, SharedParts

    logs._write = lambda line: None  # what a terminal takes is not measured
    for workers in WORKERS:
        parts = SharedParts(Path(tempfile.mkdtemp(dir=folder)), 4 * workers)
        _, *places = [place for number in range(workers) if (place := parts.part(number)) is not None]
        for other in places:
            SharedCounts(other).requests.take("", time.monotonic())
        place = places[0]._replace(slot=0)
        with opened(ServeOptions(path)) as alone, opened(ServeOptions(path), counted_in=place) as together:
            async with _client(alone, key) as first, _client(together, key) as second:
                times: dict[httpx.AsyncClient, list[float]] = {first: [], second: []}
                for number in range(CALLS):
                    for client in (first, second) if number % 2 else (second, first):
                        started = time.perf_counter()
                        answer = await client.get("/v5/flows?size=1")
                        times[client].append(time.perf_counter() - started)
                        assert "ratelimit" in answer.headers
        before, after = (statistics.median(times[client][50:]) for client in (first, second))
        counts = SharedCounts(place)
        started = time.perf_counter()
        for _ in range(10_000):
            counts.requests.take("team", time.monotonic())
        each = (time.perf_counter() - started) / 10_000
        print(
            f"{workers} workers: {before * 1000:.2f} ms, counted together {after / before:.3f} x ({each * 1e6:.0f} us)"
        )


def _client(app: ASGIApp, key: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://a", headers={"X-API-KEY": key})


def main() -> None:
    """Measure on a database of its own."""
    from evals_mcp.store.database.meter import Limits
    from evals_mcp.store.teams.control import open_control

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "evals.db")
        with closing(open_control(path)) as control:
            key = control.create_key(None, "ann").secret
            control.limit_workspace("default", Limits(requests=10**9))
        asyncio.run(measure(path, key, Path(folder)))


if __name__ == "__main__":
    main()

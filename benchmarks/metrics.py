"""What figures for `/metrics` add to a request, as ratios to the same request of a server that keeps none.

`python benchmarks/metrics.py [--shared]` asks two servers of one database in process, in turns: one with a metrics
token and one without. With `--shared`, the figures are in files, as those of several workers. Prints for each kind of
request the median of milliseconds without figures and the ratio of the medians, and how long reading the figures takes.
"""

import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
from starlette.types import ASGIApp

TOKEN = "a-token-of-the-scraper"
CALLS = 600
LOG = {"path": "a", "flow": {"attributes": {"a": 1}}, "output": "x"}
REQUESTS = {
    "no-op (/health)": ("GET", "/health", None),
    "small page": ("GET", "/v5/flows?size=1", None),
    "one log written": ("POST", "/v5/flows/log", LOG),
}


async def measure(path: str, key: str, folder: Path | None) -> None:
    """Print what requests take."""
    from evals_mcp.serving import logs
    from evals_mcp.serving.figure_files import FigurePlace
    from evals_mcp.serving.options import ServeOptions
    from evals_mcp.serving.serve import opened

    logs._write = lambda line: None  # what a terminal takes is not measured
    plain, kept = ServeOptions(path), ServeOptions(path, metrics_token=TOKEN)
    with (
        opened(plain) as without,
        opened(kept, figures=None if folder is None else FigurePlace(folder, 0)) as with_figures,
    ):
        async with _client(without, key) as first, _client(with_figures, key) as second:
            for name, request in REQUESTS.items():
                times: dict[httpx.AsyncClient, list[float]] = {first: [], second: []}
                for number in range(CALLS):
                    for client in (first, second) if number % 2 else (second, first):
                        times[client].append(await _seconds(client, *request))
                before, after = (statistics.median(times[client][20:]) for client in (first, second))
                print(f"{name}: {before * 1000:.2f} ms, with figures {after / before:.3f} ×")
            headers = {"Authorization": f"Bearer {TOKEN}"}
            started = time.perf_counter()
            lines = (await second.get("/metrics", headers=headers)).text.splitlines()
            print(f"/metrics: {len(lines)} lines in {(time.perf_counter() - started) * 1000:.1f} ms")


def _client(app: ASGIApp, key: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://a", headers={"X-API-KEY": key})


async def _seconds(client: httpx.AsyncClient, method: str, url: str, body: object) -> float:
    started = time.perf_counter()
    answer = await client.request(method, url, json=body)
    taken = time.perf_counter() - started
    assert answer.status_code == 200, answer.text
    return taken


def main() -> None:
    """Make a database with a key, and measure."""
    from evals_mcp.store.teams.control import open_control

    with tempfile.TemporaryDirectory() as folder:
        shared = None
        if "--shared" in sys.argv:
            shared = Path(folder) / "figures"
            shared.mkdir()
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(shared)  # prometheus_client reads it when it is loaded
        path = str(Path(folder) / "evals.db")
        with contextlib.closing(open_control(path)) as control:
            key = control.create_key(None, "ann").secret
        asyncio.run(measure(path, key, shared))


if __name__ == "__main__":
    main()

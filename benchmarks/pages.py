"""What pages of logs cost far in, and what statistics of runs cost when the logs' texts are long; as ratios.

`python benchmarks/pages.py [FOLDER]` asks the API in process about evaluations of `big_database` with 24,000 logs,
which are made in the folder if they are not there (without it in a temporary one). Pages of ten logs: page 1,000 (and
the last one) to page 1. Statistics: outputs of 20,000 characters to outputs of 10; a run is changed before each call,
so that nothing that was kept is of use. Calls are made in turns; printed are medians in milliseconds.
"""

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.big_database import BigDatabase, make_big_database

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.store import open_store

DATAPOINTS, RUNS = 12_000, 2
SIZE = 10
CHARACTERS = (10, 20_000)
CALLS, WARM_UP = 41, 5
MOST_FOR_PAGES, MOST_FOR_STATS = 2.0, 1.2

Call = Callable[[], Awaitable[float]]


@asynccontextmanager
async def api(made: BigDatabase) -> AsyncIterator[httpx.AsyncClient]:
    """The API over a database, without a network."""
    store = open_store(str(made.path))
    transport = httpx.ASGITransport(create_app(OpenAccess(store), is_embedded=True))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://embedded/v5") as client:
            yield client
    finally:
        store.close()


async def page_times(made: BigDatabase) -> dict[str, list[float]]:
    """Medians in milliseconds of page 1, page 1,000 and the last one, by route."""
    last = DATAPOINTS * RUNS // SIZE
    async with api(made) as client:
        (file_id,) = _rows(made.path, "SELECT file_id FROM evaluations")
        found = {}
        for route, query in {f"/evaluations/{made.evaluation_id}/logs": {}, "/logs": {"file_id": file_id}}.items():
            calls = [_get(client, route, {**query, "page": page, "size": SIZE}) for page in (1, 1_000, last)]
            found[route.replace(made.evaluation_id, "{id}")] = await in_turns(calls)
        return found


async def stats_times(short: BigDatabase, long: BigDatabase) -> list[float]:
    """Medians in milliseconds of the statistics of evaluations with short and with long outputs."""
    async with api(short) as of_short, api(long) as of_long:
        calls = [_stats(client, made) for client, made in ((of_short, short), (of_long, long))]
        return await in_turns(calls)


async def in_turns(calls: list[Call]) -> list[float]:
    """The medians of what calls return, made in turns."""
    rounds = [[await call() for call in calls] for _ in range(WARM_UP + CALLS)]
    return [statistics.median(values) for values in zip(*rounds[WARM_UP:], strict=True)]


def _get(client: httpx.AsyncClient, route: str, query: dict[str, str | int]) -> Call:
    async def call() -> float:
        started = time.perf_counter()
        response = await client.get(route, params=query)
        taken = (time.perf_counter() - started) * 1000
        assert "/stats" in route or len(response.json()["records"]) == SIZE, response.text
        return taken

    return call


def _stats(client: httpx.AsyncClient, made: BigDatabase) -> Call:
    get = _get(client, f"/evaluations/{made.evaluation_id}/stats", {})

    async def call() -> float:
        _rows(made.path, "UPDATE runs SET revision = revision + 1")
        return await get()

    return call


def _rows(path: Path, statement: str, *values: object) -> list[str]:
    connection = sqlite3.connect(path, isolation_level=None)
    found = [row[0] for row in connection.execute(statement, values)]
    connection.close()
    return found


def with_outputs(folder: Path, characters: int) -> BigDatabase:
    """The evaluation with every output so long."""
    path = folder / f"outputs-{characters}.db"
    is_new = not path.exists()
    made = make_big_database(path, DATAPOINTS, RUNS)
    if is_new:
        _rows(path, "UPDATE logs SET output = ? WHERE judged_log_number IS NULL", "x" * characters)
    return made


def main(folder: Path) -> bool:
    """Measure and print; whether all stay under their limits."""
    short, long = (with_outputs(folder, characters) for characters in CHARACTERS)
    held = True
    for route, (first, far, last) in asyncio.run(page_times(short)).items():
        held = held and max(far, last) / first <= MOST_FOR_PAGES
        print(
            f"GET {route}: page 1 {first:.2f} ms, page 1,000 {far:.2f} ms, ratio {far / first:.2f}, last page "
            f"{last:.2f} ms, ratio {last / first:.2f} (at most {MOST_FOR_PAGES:g})"
        )
    brief, lengthy = asyncio.run(stats_times(short, long))
    held = held and lengthy / brief <= MOST_FOR_STATS
    print(
        f"GET /evaluations/{{id}}/stats: outputs of {CHARACTERS[0]} characters {brief:.2f} ms, of {CHARACTERS[1]:,} "
        f"{lengthy:.2f} ms, ratio {lengthy / brief:.2f} (at most {MOST_FOR_STATS:g})"
    )
    return held


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(0 if main(Path(sys.argv[1])) else 1)
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(0 if main(Path(temporary)) else 1)

"""How fast a document is loaded in bulk, to SQLAlchemy's own insert of the same rows and to one request a record.

`python benchmarks/bulk.py [DATAPOINTS] [ADDRESS]` loads two runs over 10,000 datapoints (20,000 logs), each log judged
by two evaluators (40,000 judgments), through the loader into an API in process on a new SQLite file, or into schemas
of the PostgreSQL database at the address. Rates are logs and judgments a second; each is the median of some rounds,
and all are measured in turns. The document is made beforehand. Then prints how far the process's peak of memory grows
when a document has 20 times as many runs and is made as it is loaded.
"""

import asyncio
import gc
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.documented_only import documented_client

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.client.client import EvalsClient
from evals_mcp.importers.loader import load_document, stream
from evals_mcp.models.evaluation_document import (
    AttachedEvaluator,
    DatapointRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    RunEvaluation,
    RunRecord,
    VersionRecord,
)
from evals_mcp.store.database.tables import environments, metadata
from evals_mcp.store.store import Store, open_store

DATAPOINTS, RUNS, ROUNDS = 10_000, 2, 3
SINGLE_DATAPOINTS = 100
MEMORY_DATAPOINTS, MEMORY_RUNS = 1_000, 40
EVALUATORS = {"quality": "number", "correct": "boolean"}
TEXT = "Yes, that is covered in the network at no cost when the provider is chosen from the list. " * 4
LEAST_TO_INSERT, LEAST_TO_SINGLE = 0.5, 30.0


def make_document(datapoints: int, runs: int) -> Iterator[Record]:
    """The records of an evaluation."""
    yield from _files(datapoints, runs)
    for run in range(runs):
        for number in range(datapoints):
            log_id = f"log_{run}-{number}"
            yield LogRecord(
                id=log_id,
                version_id=f"prv_{run}",
                run_ids=[f"run_{run}"],
                source_datapoint_id=f"dp_{number}",
                inputs={"question": f"Question {number}?"},
                output=f"{TEXT} {number}",
                provider_latency=1.25 + number % 7,
                prompt_tokens=512,
                output_tokens=48,
                output_cost=0.0012,
            )
            for evaluator in EVALUATORS:
                yield JudgmentRecord(
                    id=f"{log_id}-{evaluator}",
                    evaluator_version_id=f"evv_{evaluator}",
                    judged_log_id=log_id,
                    judgment=number % 5 if evaluator == "quality" else number % 3 > 0,
                    output="The answer was read against the plan.",
                )


def _files(datapoints: int, runs: int) -> Iterator[Record]:
    yield FileRecord(id="pr_bulk", type="prompt", path="bulk/answers")
    for run in range(runs):
        content = {"model": "bench", "attributes": {"run": run}}
        yield VersionRecord(id=f"prv_{run}", file_id="pr_bulk", name=f"v{run}", content=content)
    yield FileRecord(id="ds_bulk", type="dataset", path="bulk/questions")
    ids = [f"dp_{number}" for number in range(datapoints)]
    for number, id in enumerate(ids):
        yield DatapointRecord(id=id, dataset_id="ds_bulk", inputs={"question": f"Question {number}?"})
    yield VersionRecord(id="dsv_bulk", file_id="ds_bulk", datapoint_ids=ids)
    for evaluator, kind in EVALUATORS.items():
        spec = {"evaluator_type": "external", "arguments_type": "target_free", "return_type": kind}
        yield FileRecord(id=f"ev_{evaluator}", type="evaluator", path=f"bulk/{evaluator}")
        yield VersionRecord(id=f"evv_{evaluator}", file_id=f"ev_{evaluator}", content={"spec": spec})
    attached = [AttachedEvaluator(version_id=f"evv_{evaluator}") for evaluator in EVALUATORS]
    yield EvaluationRecord(id="evr_bulk", name="Bulk", file_id="pr_bulk", evaluators=attached)
    for run in range(runs):
        yield RunRecord(
            id=f"run_{run}",
            evaluations=[RunEvaluation(evaluation_id="evr_bulk", control=run == 0)],
            version_id=f"prv_{run}",
            dataset_version_id="dsv_bulk",
        )


def measure_load(store: Store, document: Iterator[Record] | Sequence[Record], *, singly: bool = False) -> float:
    """How many seconds the loader takes for a document."""
    app = create_app(OpenAccess(store), is_embedded=True)
    client = documented_client(app) if singly else EvalsClient(open_app=lambda: app)
    return asyncio.run(_load(client, document))


async def _load(client: EvalsClient, document: Iterator[Record] | Sequence[Record]) -> float:
    await client.raw_pages.files(1, 1)
    gc.freeze()
    started = time.perf_counter()
    await load_document(client, stream(document))
    return time.perf_counter() - started


def measure_insert(store: Store, target: Store) -> float:
    """How many seconds SQLAlchemy takes to insert what a store holds into the empty tables of another one."""
    tables = [table for table in metadata.sorted_tables if table is not environments]
    with store.database.read() as connection:
        held = {table: [dict(row) for row in connection.execute(select(table)).mappings()] for table in tables}
    gc.freeze()
    started = time.perf_counter()
    with target.database.write() as connection:
        for table, rows in held.items():
            if rows:
                connection.execute(table.insert(), rows)
    return time.perf_counter() - started


def count_rows(datapoints: int, runs: int = RUNS) -> int:
    """Logs and judgments of a document."""
    return datapoints * runs * (1 + len(EVALUATORS))


def measure_memory(folder: Path) -> tuple[int, int]:
    """The process's peak of memory in MB after a document, and after one with 20 times as many runs."""
    peaks = []
    for runs in (MEMORY_RUNS // 20, MEMORY_RUNS):
        store = open_store(str(folder / f"memory-{runs}.db"))
        measure_load(store, make_document(MEMORY_DATAPOINTS, runs))
        store.close()
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return peaks[0], peaks[1]


def main(datapoints: int, address: str | None, folder: Path) -> None:
    """Measure and print."""
    if address is None:
        before, after = measure_memory(folder)
        grown = f"{before} MB, and {after} MB after {MEMORY_RUNS * MEMORY_DATAPOINTS:,} logs"
        print(f"peak of memory after {MEMORY_RUNS // 20 * MEMORY_DATAPOINTS:,} logs: {grown}", flush=True)

    def opened(name: str) -> Store:
        return open_store(str(folder / f"{name}.db")) if address is None else open_store(address, name)

    document = list(make_document(datapoints, RUNS))
    few = list(make_document(SINGLE_DATAPOINTS, RUNS))
    bulk, insert, single = [], [], []
    for turn in range(ROUNDS):
        store, target = opened(f"bulk_{turn}"), opened(f"insert_{turn}")
        bulk.append(count_rows(datapoints) / measure_load(store, document))
        insert.append(count_rows(datapoints) / measure_insert(store, target))
        single.append(count_rows(SINGLE_DATAPOINTS) / measure_load(opened(f"single_{turn}"), few, singly=True))
    rates = [statistics.median(rates) for rates in (bulk, insert, single)]
    print("rows a second: in bulk {:,.0f}, SQLAlchemy's insert {:,.0f}, one by one {:,.0f}".format(*rates))
    print(f"to SQLAlchemy's insert: {rates[0] / rates[1]:.2f} × (at least {LEAST_TO_INSERT})")
    print(f"to one by one: {rates[0] / rates[2]:.0f} × (at least {LEAST_TO_SINGLE:.0f})")


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()]
    addresses = [word for word in sys.argv[1:] if not word.isdigit()]
    with tempfile.TemporaryDirectory() as temporary:
        main(sizes[0] if sizes else DATAPOINTS, addresses[0] if addresses else None, Path(temporary))

"""How fast `evals-mcp import` is, to SQLAlchemy's own insert of the same rows and to one request a record.

`python benchmarks/importing.py [DATAPOINTS]` imports a JSONL of two runs over 50,000 datapoints (100,000 logs), each
with two scores (200,000 judgments), from reading the file to the last row in a new SQLite file. Rates are logs and
judgments a second, all measured in one run.

`python benchmarks/importing.py memory [MEGABYTES]` imports JSONL files, Inspect logs and JSON documents of one tenth
and of the whole of 1,000 MB, each in a process of its own, and prints the peak of memory.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.bulk import SINGLE_DATAPOINTS, count_rows, make_document, measure_insert, measure_load

from evals_mcp.config import Settings
from evals_mcp.importers.importing import import_files
from evals_mcp.store.store import open_store
from evals_mcp.wiring import build_client

DATAPOINTS = 50_000
MEGABYTES = 1_000
MOST_MEMORY = 300
TEXT = "Yes, that is covered in the network at no cost when the provider is chosen from the list. " * 4
LEAST_TO_INSERT, LEAST_TO_SINGLE = 0.5, 30.0
BYTES_A_ROW = 10_000


def rows(datapoints: int) -> Iterator[dict[str, Any]]:
    """The rows of two runs."""
    for run in ("gpt-4o", "claude"):
        for number in range(datapoints):
            yield {
                "question": f"Question {number}?",
                "model": run,
                "answer": f"{TEXT} {number}",
                "latency": 1.25 + number % 7,
                "cost": 0.0012,
                "scores": {"quality": number % 5, "correct": number % 3 > 0},
            }


def write_rows(path: Path, datapoints: int) -> None:
    """Write the rows as JSONL."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows(datapoints):
            file.write(json.dumps(row) + "\n")


def write_jsonl(path: Path, megabytes: int) -> None:
    """Write rows of about 10 kB."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(megabytes * 1_000_000 // BYTES_A_ROW):
            row = {"question": f"Question {number}?", "model": "m", "answer": f"{number} " + "word " * 1_980}
            file.write(json.dumps({**row, "scores": {"quality": number % 5}}) + "\n")


def _sample(number: int, epoch: int, words: int) -> dict[str, Any]:
    answer = {"role": "assistant", "content": f"{number} " + "word " * words}
    question = {"role": "user", "content": f"Question {number}?"}
    return {
        "id": number,
        "epoch": epoch,
        "input": question["content"],
        "target": "yes",
        "messages": [question, answer],
        "output": {"model": "m", "choices": [{"message": answer, "stop_reason": "stop"}]},
        "scores": {"match": {"value": "C" if number % 3 else "I", "explanation": "The answer was read."}},
        "model_usage": {"m": {"input_tokens": 10, "output_tokens": 200}},
    }


def _header(samples: int) -> dict[str, Any]:
    return {
        "version": 2,
        "status": "success",
        "eval": {"task": "big", "model": "m", "run_id": "r", "dataset": {"name": "big"}},
        "results": {"total_samples": samples, "completed_samples": samples, "scores": []},
    }


def write_eval(path: Path, megabytes: int) -> None:
    """Write an Inspect log whose samples have that many megabytes, unpacked; they are not compressed."""
    samples = megabytes * 100
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("header.json", json.dumps(_header(samples)))
        for number in range(samples):
            archive.writestr(f"samples/{number}_epoch_1.json", json.dumps(_sample(number, 1, 1_000)))


WRITERS = {"jsonl": write_jsonl, "eval": write_eval}


async def _import(path: Path, database: Path) -> float:
    async with build_client(Settings(database=str(database))) as client:
        await client.raw_pages.files(1, 1)
        started = time.perf_counter()
        await import_files(client, [path])
        return time.perf_counter() - started


def peak_of_import(path: Path, database: Path) -> int:
    """The peak of memory in MB of a process that imports a file."""
    command = [sys.executable, __file__, "peak", str(path), str(database)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure_memory(folder: Path, megabytes: int) -> None:
    """Print the peaks."""
    for format, write in WRITERS.items():
        for size in (megabytes // 10, megabytes):
            path, database = folder / f"big-{size}.{format}", folder / f"{format}-{size}.db"
            write(path, size)
            started = time.perf_counter()
            peak = peak_of_import(path, database)
            took = time.perf_counter() - started
            print(f"{format} of {size:,} MB: peak {peak} MB (at most {MOST_MEMORY}), {took:.0f} s", flush=True)
            path.unlink()
            for file in folder.glob(f"{database.name}*"):
                file.unlink()


def measure_rate(folder: Path, datapoints: int) -> None:
    """Print the rates."""
    path = folder / "rows.jsonl"
    write_rows(path, datapoints)
    imported = asyncio.run(_import(path, folder / "imported.db"))
    store, target = open_store(str(folder / "imported.db")), open_store(str(folder / "inserted.db"))
    inserted = measure_insert(store, target)
    few = list(make_document(SINGLE_DATAPOINTS, 2))
    single = count_rows(SINGLE_DATAPOINTS) / measure_load(open_store(str(folder / "single.db")), few, singly=True)
    rate, insert = count_rows(datapoints) / imported, count_rows(datapoints) / inserted
    print(f"rows a second: import {rate:,.0f}, SQLAlchemy's insert {insert:,.0f}, one by one {single:,.0f}")
    print(f"to SQLAlchemy's insert: {rate / insert:.2f} × (at least {LEAST_TO_INSERT})")
    print(f"to one by one: {rate / single:.0f} × (at least {LEAST_TO_SINGLE:.0f})")


def main(words: list[str], folder: Path) -> None:
    """Measure and print."""
    match words:
        case ["peak", path, database]:
            asyncio.run(_import(Path(path), Path(database)))
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        case ["memory", *size]:
            measure_memory(folder, int(size[0]) if size else MEGABYTES)
        case _:
            measure_rate(folder, int(words[0]) if words else DATAPOINTS)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(sys.argv[1:], Path(temporary))

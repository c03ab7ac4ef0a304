"""A large evaluation for benchmarks, put straight into the tables of a SQLite file; nothing is measured here.

`python benchmarks/big_database.py FILE [DATAPOINTS] [RUNS]` makes one; other benchmarks call `make_big_database`.
Every run has one log per datapoint, each judged by two evaluators: `bench/quality` (1 to 5) and `bench/correct`
(true or false). Later runs are a little better or worse than the first, which is the control. One log in 200 ended
in an error; of the judgments one in 100 failed, one in 100 is null, and one in 100 is missing. The word `zanzibar` is
in one output of 1,000.
"""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import func, select, update

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.client.client import EvalsClient
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, VersionReference
from evals_mcp.models.runs import CreateRunRequest, UpdateRunRequest
from evals_mcp.store.database.tables import (
    evaluation_evaluators,
    evaluations,
    judged_counts,
    judgments,
    logs,
    run_logs,
    runs,
    versions,
)
from evals_mcp.store.logs.judgments import judgment_columns
from evals_mcp.store.logs.rows import log_facts
from evals_mcp.store.store import Store, open_store

EVALUATION = "Large evaluation"
_PROMPT = "bench/answers"
CATEGORIES = 14
_SPECS: dict[str, dict[str, Any]] = {
    "bench/quality": {"return_type": "number", "number_limits": {"min": 1, "max": 5, "step": 1}},
    "bench/correct": {"return_type": "boolean"},
}
_WORDS = [
    *("the", "plan", "covers", "most", "services", "at", "no", "cost", "when", "a", "provider", "in", "the", "network"),
    *("is", "chosen", "and", "a", "claim", "is", "sent", "in", "time", "employees", "may", "ask", "for", "a", "review"),
    *("of", "any", "decision", "within", "sixty", "days", "after", "told", "about", "it", "in", "a", "note"),
]
_BATCH = 2_000


class BigDatabase(NamedTuple):
    """Where the evaluation is: its file, its id, the ids of its runs (the control first) and of its evaluators."""

    path: Path
    evaluation_id: str
    run_ids: list[str]
    evaluator_ids: list[str]


class _Run(NamedTuple):
    """What the rows of one run refer to."""

    position: int
    id: str
    file_id: str
    version_id: str
    datapoint_ids: list[str]
    evaluators: list[tuple[str, str, dict[str, Any]]]


def make_big_database(path: Path, datapoints: int = 12_000, runs_count: int = 12, seed: int = 0) -> BigDatabase:
    """Create the evaluation in a file, about a minute for the default size; a file that exists is taken as it is."""
    is_new = not path.exists()
    store = open_store(str(path))
    try:
        if is_new:
            fill_store(store, datapoints, runs_count, seed)
            with store.database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA optimize")
        with store.database.read() as connection:
            (evaluation_id,) = connection.execute(select(evaluations.c.id)).scalars()
            return BigDatabase(
                path,
                evaluation_id,
                list(connection.execute(select(runs.c.id).order_by(runs.c.number)).scalars()),
                list(
                    connection.execute(
                        select(evaluation_evaluators.c.evaluator_id).order_by(evaluation_evaluators.c.position)
                    ).scalars()
                ),
            )
    finally:
        store.close()


def fill_store(store: Store, datapoints: int, runs_count: int, seed: int = 0) -> None:
    """Create the evaluation in an empty store, on either database. Numbers of new logs go on after its last one."""
    client = EvalsClient(open_app=lambda: create_app(OpenAccess(store)))
    for run in asyncio.run(_make_files(client, datapoints, runs_count)):
        _fill_run(store, run, random.Random(seed + run.position))
    of_version = select(func.count()).where(logs.c.version_id == versions.c.id).scalar_subquery()
    with store.database.write() as connection:
        connection.execute(update(versions).values(logs_count=of_version))
        if not store.database.is_sqlite:
            last = func.setval(
                f"{store.database.schema}.logs_number_seq", select(func.max(logs.c.number)).scalar_subquery()
            )
            connection.execute(select(last))


async def _make_files(client: EvalsClient, datapoints: int, runs_count: int) -> list[_Run]:
    """The dataset, evaluators, versions, the evaluation and its runs, still without logs."""
    dataset = await client.datasets.upsert(
        DatasetRequest(
            path="bench/questions",
            datapoints=[
                CreateDatapointRequest(
                    inputs={"question": f"Question {n}?"},
                    target={"answer": f"Answer {n}."},
                    metadata={
                        "category": f"c{n % CATEGORIES}",
                        "split": "train" if n % 10 else "test",
                        "length": n % 97,
                    },
                )
                for n in range(datapoints)
            ],
        ),
        include_datapoints=True,
    )
    evaluators = []
    for evaluator_path, spec in _SPECS.items():
        request = {
            "path": evaluator_path,
            "spec": {"evaluator_type": "external", "arguments_type": "target_free", **spec},
        }
        evaluators.append(await client.evaluators.upsert(EvaluatorRequest.model_validate(request)))
    ids = [item.id for item in dataset.datapoints or []]
    judges = [(item.id, item.version_id, item.spec.model_dump()) for item in evaluators]
    evaluation = None
    made = []
    for position in range(runs_count):
        prompt = await client.prompts.upsert(
            PromptRequest.model_validate(
                {"path": _PROMPT, "model": "bench", "attributes": {"run": position}, "version_name": f"v{position}"}
            )
        )
        evaluation = evaluation or await client.evaluations.create(
            CreateEvaluationRequest(
                name=EVALUATION,
                file=FileReference(path=_PROMPT),
                evaluators=[EvaluatorReference(version_id=judge[1], orchestrated=False) for judge in judges],
            )
        )
        run = await client.runs.create(
            evaluation.id,
            CreateRunRequest(
                dataset=VersionReference(version_id=dataset.version_id),
                version=VersionReference(version_id=prompt.version_id),
                orchestrated=False,
            ),
        )
        if position == 0:
            await client.runs.update(evaluation.id, run.id, UpdateRunRequest(control=True))
        made.append(_Run(position, run.id, prompt.id, prompt.version_id, ids, judges))
    return made


def _fill_run(store: Store, run: _Run, chance: random.Random) -> None:
    with store.database.write() as connection:
        judged: Counter[str] = Counter()
        for batch in _batches(run, chance, store.database.now()):
            for table, rows in zip((logs, run_logs, judgments), batch, strict=True):
                connection.execute(table.insert(), rows)
            judged.update(row["evaluator_id"] for row in batch[2])
        amount = len(run.datapoint_ids)
        counts = {"logs_count": amount, "logged_datapoints_count": amount, "revision": runs.c.revision + 1}
        connection.execute(update(runs).where(runs.c.id == run.id).values(**counts))
        connection.execute(
            judged_counts.insert(),
            [
                {"run_id": run.id, "evaluator_id": judge, "logs_count": times, "judgments_count": times}
                for judge, times in judged.items()
            ],
        )


def _batches(run: _Run, chance: random.Random, now: Any) -> Iterator[tuple[list[Any], list[Any], list[Any]]]:
    """Rows of logs, of logs in the run and of judgments, for some datapoints at a time."""
    each = 1 + len(run.evaluators)
    number = 1 + run.position * len(run.datapoint_ids) * each
    for start in range(0, len(run.datapoint_ids), _BATCH):
        log_rows, place_rows, judgment_rows = [], [], []
        for datapoint_number in range(start, min(start + _BATCH, len(run.datapoint_ids))):
            datapoint_id = run.datapoint_ids[datapoint_number]
            log = _log(run, number, datapoint_number, chance, now)
            log_rows.append(log)
            place = {"run_id": run.id, "log_number": number, "datapoint_id": datapoint_id}
            place_rows.append({**place, **log_facts(log)._asdict()})
            for offset, (file_id, version_id, spec) in enumerate(run.evaluators, 1):
                if chance.random() < 0.01:
                    continue
                value, error = _judgment(spec["return_type"], run.position, datapoint_number, chance)
                log_rows.append(_evaluator_log(log, number + offset, file_id, version_id, value, error))
                judgment_rows.append(
                    {
                        **place,
                        "evaluator_id": file_id,
                        "evaluator_version_id": version_id,
                        "author": "",
                        "evaluator_log_number": number + offset,
                        "latest": True,
                        **judgment_columns(value, error, spec)._asdict(),
                    }
                )
            number += each
        yield log_rows, place_rows, judgment_rows


def _log(run: _Run, number: int, datapoint_number: int, chance: random.Random, now: Any) -> dict[str, Any]:
    failed = chance.random() < 0.005
    words = chance.choices(_WORDS, k=40)
    if chance.random() < 0.001:
        words[7] = "zanzibar"
    return {
        **_NO_TEXT,
        "number": number,
        "id": f"log_{number:021}",
        "file_id": run.file_id,
        "version_id": run.version_id,
        "datapoint_id": run.datapoint_ids[datapoint_number],
        "created_at": now,
        "provider_latency": chance.lognormvariate(0.5, 0.4) * (1 + run.position / 50),
        "prompt_tokens": chance.randrange(200, 900),
        "output_tokens": chance.randrange(30, 200),
        "output_cost": chance.randrange(1, 400) / 100_000,
        "error": "The model did not answer in time." if failed else None,
        "inputs": {"question": f"Question {datapoint_number}?"},
        "output": None if failed else " ".join(words),
    }


_NO_TEXT: dict[str, Any] = {
    "judged_log_number": None,
    "log_status": "complete",
    "judgment": None,
    "error": None,
    "extra": {},
    "messages": None,
    "output_message": None,
    "output": None,
}


def _evaluator_log(
    log: dict[str, Any], number: int, file_id: str, version_id: str, value: Any, error: str | None
) -> dict[str, Any]:
    nothing = dict.fromkeys(("provider_latency", "prompt_tokens", "output_tokens", "output_cost", "datapoint_id"))
    return {
        **log,
        **nothing,
        "number": number,
        "id": f"log_{number:021}",
        "file_id": file_id,
        "version_id": version_id,
        "judged_log_number": log["number"],
        "judgment": value,
        "error": error,
        "inputs": {},
        "output": None if error else "The answer was read against the plan.",
    }


def _judgment(kind: str, position: int, datapoint_number: int, chance: random.Random) -> tuple[Any, str | None]:
    """A judgment and an error: about the same for a datapoint in each run, with a shift by run."""
    state = chance.random()
    if state < 0.02:
        return None, ("The judge did not answer." if state < 0.01 else None)
    shift = (position % 5 - 2) * 0.02 if position else 0.0
    ease = ((datapoint_number * 2_654_435_761) % 1_000) / 1_000 + shift + chance.gauss(0, 0.1)
    if kind == "boolean":
        return ease > 0.3, None
    return min(5, max(1, 1 + int(ease * 6))), None


if __name__ == "__main__":
    sizes = [int(argument) for argument in sys.argv[2:4]]
    started = time.perf_counter()
    made = make_big_database(Path(sys.argv[1]), *sizes)
    print(
        f"{made.path}: evaluation {made.evaluation_id}, {len(made.run_ids)} runs, {time.perf_counter() - started:.0f} s"
    )

"""An evaluation whose runs differ in one category only, as a document."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

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

POINTS = 120
EVALUATION = "Sliced"
_NOW = datetime(2026, 1, 2, tzinfo=UTC)
_SPECS: dict[str, dict[str, Any]] = {
    "helpful": {"return_type": "boolean"},
    "stars": {"return_type": "number", "number_limits": {"min": 1, "max": 5}, "number_valence": "positive"},
    "free": {"return_type": "number", "number_valence": "positive"},
    "tone": {"return_type": "select", "options": [{"name": "kind"}, {"name": "rude"}]},
}
FAILED, ABSTAINED, MISSING = object(), None, object()


def category(index: int) -> str:
    """The category of a datapoint: three with 30 datapoints, ten with 3."""
    return ("law", "tax", "chat")[index // 30] if index < 90 else f"rare {index % 10}"


def judgments(run: str, index: int) -> dict[str, Any]:
    """What the evaluators say of a log: `new` fails all of law, and lacks four judgments of tax."""
    helpful: Any = index % 4 > 0
    if run == "new" and category(index) == "law":
        helpful = False
    if run == "new" and 30 <= index < 34:
        helpful = (FAILED, ABSTAINED, MISSING, FAILED)[index - 30]
    stars = 1 + (index * 7 + (run == "new") * index // 3) % 5
    return {"helpful": helpful, "stars": stars, "free": stars / 2, "tone": "rude" if index % 5 == 0 else "kind"}


def sliced_document() -> Iterator[Record]:
    """Three runs: `old`, `new`, and `copy`, which is judged like `old`."""
    yield FileRecord(id="pr", type="prompt", path="sliced/prompt")
    yield FileRecord(id="ds", type="dataset", path="sliced/questions")
    ids = [f"dp_{index:021}" for index in range(POINTS)]
    for index, id in enumerate(ids):
        metadata = {"size": index, "id": f"no. {index}"} | ({"lang": "de"} if index % 3 == 0 else {})
        metadata |= {"only": "one"} if index == 7 else {}
        yield DatapointRecord(
            id=id, dataset_id="ds", inputs={"question": f"q{index}", "category": category(index)}, metadata=metadata
        )
    yield VersionRecord(id="dsv", file_id="ds", datapoint_ids=ids)
    for name, spec in _SPECS.items():
        yield FileRecord(id=f"ev_{name}", type="evaluator", path=f"sliced/{name}")
        given = {"evaluator_type": "external", "arguments_type": "target_free", **spec}
        yield VersionRecord(id=f"evv_{name}", file_id=f"ev_{name}", content={"spec": given})
    attached = [AttachedEvaluator(version_id=f"evv_{name}") for name in _SPECS]
    yield EvaluationRecord(id="evr", name=EVALUATION, file_id="pr", evaluators=attached)
    for run in ("old", "new", "copy"):
        yield from _run(run, ids)


def _run(run: str, ids: list[str]) -> Iterator[Record]:
    yield VersionRecord(id=f"prv_{run}", file_id="pr", content={"model": run}, name=run)
    of = [RunEvaluation(evaluation_id="evr", control=run == "old")]
    yield RunRecord(id=f"run_{run}", evaluations=of, version_id=f"prv_{run}", dataset_version_id="dsv")
    for index, datapoint_id in enumerate(ids):
        log_id = f"log_{run}_{index}"
        yield LogRecord(
            id=log_id,
            version_id=f"prv_{run}",
            run_ids=[f"run_{run}"],
            source_datapoint_id=datapoint_id,
            output="x" * (index + 1),
            provider_latency=1 + index / 10,
            created_at=_NOW,
        )
        for name, value in judgments("old" if run == "copy" else run, index).items():
            if value is MISSING:
                continue
            given = {"error": "no answer"} if value is FAILED else {"judgment": value}
            yield JudgmentRecord(
                id=f"{log_id}_{name}", evaluator_version_id=f"evv_{name}", judged_log_id=log_id, **given
            )

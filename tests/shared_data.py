"""The real evaluations beside the repository as evaluation documents; not part of the project."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True)
class RecordedEvaluation:
    """An evaluation as it lies on disk."""

    folder: Path
    file: str
    dataset: str
    control: str | None = None

    def id(self, name: str) -> str:
        """The id in a document of something with this name on disk; other evaluations have others."""
        return f"{self.folder.name}-{name}"

    def point(self, name: str) -> str:
        """The id of a datapoint, of the form that the server gives."""
        return f"dp_{hashlib.sha256(self.id(name).encode()).hexdigest()[:21]}"

    def read(self, name: str) -> Any:
        """A JSON file of it."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def lines(self, name: str) -> list[dict[str, Any]]:
        """A JSONL file of it."""
        with (self.folder / name).open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]


RAG_CHAT = RecordedEvaluation(DATA / "rag-chat", "northwind/rag-chat", "northwind/questions", "baseline-2023-12")
LONG_OUTPUTS = RecordedEvaluation(DATA / "long-outputs", "misguided/attention", "misguided/prompts")


def require(recorded: RecordedEvaluation) -> RecordedEvaluation:
    """The evaluation, or a skipped test where the data is absent."""
    if not recorded.folder.is_dir():
        pytest.skip(f"the recorded evaluation {recorded.folder.name} is not beside this repository")
    return recorded


async def load(client: EvalsClient, recorded: RecordedEvaluation, runs: Sequence[str] | None = None) -> str:
    """Load the evaluation with its runs (all, or those named), logs and judgments; its id."""
    loaded = await load_document(client, stream(read_document(recorded, runs)))
    id = recorded.id("evaluation")
    return loaded.ids.get("evaluation", {}).get(id, id)


def read_document(recorded: RecordedEvaluation, runs: Sequence[str] | None = None) -> Iterator[Record]:
    """The evaluation as a document."""
    id = recorded.id
    about = recorded.read("runs.json")
    yield FileRecord(id=id("dataset"), type="dataset", path=recorded.dataset)
    yield FileRecord(id=id("prompt"), type="prompt", path=recorded.file)
    points = recorded.lines("dataset.jsonl")
    for item in points:
        inputs = {**item["inputs"], "row": item["id"]}
        yield DatapointRecord(
            id=recorded.point(item["id"]), dataset_id=id("dataset"), inputs=inputs, target=item["target"]
        )
    yield VersionRecord(
        id=id("dataset-1"), file_id=id("dataset"), datapoint_ids=[recorded.point(item["id"]) for item in points]
    )
    attached = []
    for item in about["evaluation"]["evaluators"]:
        yield FileRecord(id=id(item["id"]), type="evaluator", path=f"{recorded.file.split('/')[0]}/{item['id']}")
        yield VersionRecord(id=id(f"{item['id']}-1"), file_id=id(item["id"]), content={"spec": _spec(item)})
        attached.append(AttachedEvaluator(version_id=id(f"{item['id']}-1")))
    yield EvaluationRecord(
        id=id("evaluation"), name=about["evaluation"]["name"], file_id=id("prompt"), evaluators=attached
    )
    for run in about["runs"]:
        if runs is None or run["id"] in runs:
            yield from _read_run(recorded, run)


def _spec(item: dict[str, Any]) -> dict[str, Any]:
    limits = item.get("range")
    return {
        "evaluator_type": "external",
        "arguments_type": item.get("arguments_type", "target_free"),
        "return_type": item["return_type"],
        "number_limits": None if limits is None else {"min": limits[0], "max": limits[1]},
    }


def _read_run(recorded: RecordedEvaluation, run: dict[str, Any]) -> Iterator[Record]:
    id = recorded.id
    version = run.get("version") or {}
    content = {
        "model": version.get("model") or "unknown",
        "template": version.get("prompt_template") or "",
        "attributes": {"run": run["id"]},
    }
    version_id = id(f"version-{run['id']}")
    yield VersionRecord(id=version_id, file_id=id("prompt"), content=content, name=run["id"])
    place = RunEvaluation(evaluation_id=id("evaluation"), control=run["id"] == recorded.control)
    yield RunRecord(id=id(run["id"]), evaluations=[place], version_id=version_id, dataset_version_id=id("dataset-1"))
    for line in recorded.lines(f"logs-{run['id']}.jsonl"):
        yield LogRecord(
            id=line["id"],
            version_id=version_id,
            run_ids=[id(run["id"])],
            source_datapoint_id=recorded.point(line["datapoint_id"]),
            inputs=line.get("inputs"),
            output=line["output"],
            error=line["error"],
            provider_latency=line["latency_s"],
            prompt_tokens=line["input_tokens"],
            output_tokens=line["output_tokens"],
            output_cost=line["cost_usd"],
        )
        for name, given in line["judgments"].items():
            yield JudgmentRecord(
                id=f"{line['id']}-{name}",
                evaluator_version_id=id(f"{name}-1"),
                judged_log_id=line["id"],
                judgment=given.get("judgment"),
                output=given.get("explanation"),
                error=given.get("error"),
            )

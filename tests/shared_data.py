"""The real evaluations beside the repository, loaded through the API as a client would; not part of the project."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest, PromptLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, VersionReference
from evals_mcp.models.runs import CreateRunRequest, UpdateRunRequest

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True)
class RecordedEvaluation:
    """An evaluation as it lies on disk."""

    folder: Path
    file: str
    dataset: str
    control: str | None = None

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


async def load(client: EvalsClient, recorded: RecordedEvaluation, runs: list[str] | None = None) -> str:
    """Create the evaluation with its runs (all, or those named), logs and judgments; its id."""
    about = recorded.read("runs.json")
    points = recorded.lines("dataset.jsonl")
    dataset = await client.datasets.upsert(
        DatasetRequest(
            path=recorded.dataset,
            datapoints=[
                CreateDatapointRequest.model_validate(
                    {"inputs": {**item["inputs"], "row": item["id"]}, "target": item["target"]}
                )
                for item in points
            ],
        ),
        include_datapoints=True,
    )
    ids = {str(item.inputs["row"]): item.id for item in dataset.datapoints or []}
    evaluators = {}
    for item in about["evaluation"]["evaluators"]:
        evaluators[item["id"]] = await client.evaluators.upsert(_evaluator(recorded, item))
    first = about["runs"][0]
    await client.prompts.upsert(_prompt(recorded, first))
    evaluation = await client.evaluations.create(
        CreateEvaluationRequest(
            name=about["evaluation"]["name"],
            file=FileReference(path=recorded.file),
            evaluators=[
                EvaluatorReference(version_id=item.version_id, orchestrated=False) for item in evaluators.values()
            ],
        )
    )
    versions = {name: item.version_id for name, item in evaluators.items()}
    for run in about["runs"]:
        if runs is None or run["id"] in runs:
            await _load_run(client, recorded, evaluation.id, dataset.version_id, run, ids, versions)
    return evaluation.id


def _evaluator(recorded: RecordedEvaluation, item: dict[str, Any]) -> EvaluatorRequest:
    limits = item.get("range")
    return EvaluatorRequest.model_validate(
        {
            "path": f"{recorded.file.split('/')[0]}/{item['id']}",
            "spec": {
                "evaluator_type": "external",
                "arguments_type": item.get("arguments_type", "target_free"),
                "return_type": item["return_type"],
                "number_limits": None if limits is None else {"min": limits[0], "max": limits[1]},
            },
        }
    )


def _prompt(recorded: RecordedEvaluation, run: dict[str, Any]) -> PromptRequest:
    version = run.get("version") or {}
    return PromptRequest.model_validate(
        {
            "path": recorded.file,
            "model": version.get("model") or "unknown",
            "template": version.get("prompt_template") or "",
            "attributes": {"run": run["id"]},
            "version_name": run["id"],
        }
    )


async def _load_run(
    client: EvalsClient,
    recorded: RecordedEvaluation,
    evaluation_id: str,
    dataset_version_id: str,
    run: dict[str, Any],
    ids: dict[str, str],
    evaluators: dict[str, str],
) -> None:
    prompt = await client.prompts.upsert(_prompt(recorded, run))
    created = await client.runs.create(
        evaluation_id,
        CreateRunRequest(
            dataset=VersionReference(version_id=dataset_version_id),
            version=VersionReference(version_id=prompt.version_id),
            orchestrated=False,
        ),
    )
    for line in recorded.lines(f"logs-{run['id']}.jsonl"):
        request = {
            "id": prompt.id,
            "log_id": line["id"],
            "run_id": created.id,
            "source_datapoint_id": ids[line["datapoint_id"]],
            "inputs": line.get("inputs"),
            "output": line["output"],
            "error": line["error"],
            "provider_latency": line["latency_s"],
            "prompt_tokens": line["input_tokens"],
            "output_tokens": line["output_tokens"],
            "output_cost": line["cost_usd"],
        }
        log = await client.prompts.log(PromptLogRequest.model_validate(request), version_id=prompt.version_id)
        for name, said in line["judgments"].items():
            judgment = EvaluatorLogRequest.model_validate(
                {
                    "parent_id": log.id,
                    "judgment": said.get("judgment"),
                    "output": said.get("explanation"),
                    "error": said.get("error"),
                }
            )
            await client.evaluators.log(judgment, version_id=evaluators[name])
    if run["id"] == recorded.control:
        await client.runs.update(evaluation_id, created.id, UpdateRunRequest(control=True))

"""Evaluations of versions without names, made through the API as the SDK makes them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from evals_mcp.client.client import EvalsClient
from evals_mcp.importers.loader import load_document, stream
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.evaluation_document import JudgmentRecord, LogRecord, Record
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.flows import FlowRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, VersionReference
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.store.database.identity import new_id

BRIEF = "You answer questions.\nBe brief.\nBe kind."
CITED = "You answer questions about travel.\nBe brief.\nCite a source.\nBe kind."
PROMPTS: list[dict[str, Any]] = [
    {"model": "gpt-4o", "temperature": 0.7, "template": BRIEF},
    {"model": "gpt-4o-mini", "temperature": 0.7, "template": BRIEF},
    {"model": "gpt-4o", "temperature": 0.2, "template": BRIEF},
    {"model": "gpt-4o", "temperature": 0.7, "template": CITED},
]
FLOWS: list[dict[str, Any]] = [
    {"attributes": {"prompt": "v1", "retriever": {"name": "bm25", "k": 3}, "code": "def answer(q):\n    return q\n"}},
    {"attributes": {"prompt": "v2", "retriever": {"name": "bm25", "k": 3}, "code": "def answer(q):\n    return q\n"}},
    {"attributes": {"prompt": "v2", "retriever": {"name": "bm25", "k": 9}, "code": "def answer(q):\n    return [q]\n"}},
]


async def make_unnamed(
    client: EvalsClient,
    versions: Sequence[Mapping[str, Any]],
    *,
    path: str = "travel/answer",
    called: str = "Travel",
    datapoints: int = 8,
) -> list[str]:
    """An evaluation with a run of each version (prompts have a model, others are flows), judged; ids, runs after it.

    Versions may have a `version_name` or a `path` of their own.
    """
    dataset = await client.datasets.upsert(
        DatasetRequest(
            path="travel/questions",
            datapoints=[CreateDatapointRequest(inputs={"question": f"question {n}"}) for n in range(datapoints)],
        ),
        include_datapoints=True,
    )
    spec = {"evaluator_type": "external", "arguments_type": "target_free", "return_type": "boolean"}
    judge = await client.evaluators.upsert(EvaluatorRequest.model_validate({"path": "travel/right", "spec": spec}))
    made = [await _upsert(client, {"path": path, **version}) for version in versions]
    evaluation = await client.evaluations.create(
        CreateEvaluationRequest(
            name=called,
            file=FileReference(id=made[0].id),
            evaluators=[EvaluatorReference(version_id=judge.version_id, orchestrated=False)],
        )
    )
    ids = [evaluation.id]
    for number, version in enumerate(made):
        run = await client.runs.create(
            evaluation.id,
            CreateRunRequest(
                dataset=VersionReference(version_id=dataset.version_id),
                version=VersionReference(version_id=version.version_id),
                orchestrated=False,
            ),
        )
        ids.append(run.id)
        records: list[Record] = []
        for index, point in enumerate(dataset.datapoints or []):
            log = LogRecord(
                id=new_id("log"),
                created_at=datetime.now(UTC),
                version_id=version.version_id,
                run_ids=[run.id],
                source_datapoint_id=point.id,
                inputs=point.inputs,
                output=f"answer {index} of run {number}",
            )
            right = JudgmentRecord(
                id=new_id("log"),
                created_at=datetime.now(UTC),
                judged_log_id=log.id,
                evaluator_version_id=judge.version_id,
                judgment=(index + number) % 3 > 0,
            )
            records += [log, right]
        await load_document(client, stream(records))
    return ids


async def _upsert(client: EvalsClient, request: Mapping[str, Any]) -> Any:
    if "model" in request:
        return await client.prompts.upsert(PromptRequest.model_validate(request))
    return await client.flows.upsert(FlowRequest.model_validate(request))

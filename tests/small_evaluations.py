"""Small evaluations made through the API, judged as a test says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from evals_mcp.client.client import EvalsClient
from evals_mcp.importers.loader import load_document, stream
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.evaluation_document import JudgmentRecord, LogRecord, Record
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, VersionReference
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.store.database.identity import new_id

FAILS = object()
"""A judgment that failed."""


@dataclass
class SmallEvaluation:
    """An evaluation of `small/prompt` over `small/questions` by the evaluators given."""

    client: EvalsClient
    id: str
    evaluators: dict[str, str] = field(default_factory=dict)
    datapoints: dict[str, str] = field(default_factory=dict)

    async def evaluator(self, path: str, **spec: Any) -> str:
        """Attach a version of an evaluator, in place of the one that was attached; its version id."""
        request = {"path": path, "spec": {"evaluator_type": "external", "arguments_type": "target_free", **spec}}
        version = await self.client.evaluators.upsert(EvaluatorRequest.model_validate(request))
        if path in self.evaluators:
            detached = ("evaluations", self.id, "evaluators", self.evaluators[path])
            await self.client.connection.send_only("DELETE", detached)
        await self.client.evaluations.add_evaluators(
            self.id, [EvaluatorReference(version_id=version.version_id, orchestrated=False)]
        )
        self.evaluators[path] = version.version_id
        return version.version_id

    async def run(
        self,
        name: str,
        logs: Sequence[tuple[str, Mapping[str, object]]],
        *,
        questions: Sequence[str] | None = None,
        outputs: Mapping[str, str] | None = None,
        targets: Mapping[str, str] | None = None,
        errors: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> str:
        """Add a run of a version with this name, over a dataset of `questions` (else those of the logs); its id.

        Logs are questions with judgments by the evaluator's path: a value, None, `FAILS`, or fields.
        """
        asked = questions or list(dict.fromkeys(question for question, _ in logs))
        dataset = await self.client.datasets.upsert(
            DatasetRequest(
                path="small/questions",
                datapoints=[
                    CreateDatapointRequest(
                        inputs={"question": question},
                        target={"answer": targets[question]} if targets else None,
                    )
                    for question in asked
                ],
            ),
            include_datapoints=True,
        )
        self.datapoints |= {str(item.inputs["question"]): item.id for item in dataset.datapoints or []}
        prompt = await self.client.prompts.upsert(_prompt(name))
        run = await self.client.runs.create(
            self.id,
            CreateRunRequest(
                dataset=VersionReference(version_id=dataset.version_id),
                version=VersionReference(version_id=prompt.version_id),
                orchestrated=False,
            ),
        )
        records: list[Record] = []
        for question, judgments in logs:
            log = LogRecord(
                id=new_id("log"),
                created_at=datetime.now(UTC),
                version_id=prompt.version_id,
                run_ids=[run.id],
                source_datapoint_id=self.datapoints[question],
                inputs={"question": question},
                **{
                    "output": (outputs or {}).get(question, f"{name} answers {question}"),
                    "error": (errors or {}).get(question),
                    **fields,
                },
            )
            records += [log, *(self._judgment(log.id, path, value) for path, value in judgments.items())]
        await load_document(self.client, stream(records))
        return run.id

    async def judge(self, log_id: str, path: str, value: object, **fields: Any) -> None:
        """Judge a log by an evaluator's attached version."""
        request = EvaluatorLogRequest.model_validate({"parent_id": log_id, "output": None, **_given(value), **fields})
        await self.client.evaluators.log(request, version_id=self.evaluators[path])

    def _judgment(self, log_id: str, path: str, value: object) -> JudgmentRecord:
        ids = {"id": new_id("log"), "judged_log_id": log_id, "evaluator_version_id": self.evaluators[path]}
        return JudgmentRecord.model_validate({**ids, "created_at": datetime.now(UTC), **_given(value)})


def _given(value: object) -> dict[str, object]:
    if isinstance(value, Mapping):
        return dict(value)
    return {"error": "The judge did not answer."} if value is FAILS else {"judgment": value}


async def make_evaluation(
    client: EvalsClient, called: str = "Small", **evaluators: Mapping[str, Any]
) -> SmallEvaluation:
    """An evaluation with an evaluator `small/NAME` for each specification."""
    await client.prompts.upsert(_prompt("first"))
    created = await client.evaluations.create(
        CreateEvaluationRequest(name=called, file=FileReference(path="small/prompt"), evaluators=[])
    )
    small = SmallEvaluation(client, created.id)
    for name, spec in evaluators.items():
        await small.evaluator(f"small/{name}", **spec)
    return small


def _prompt(name: str) -> PromptRequest:
    return PromptRequest.model_validate(
        {"path": "small/prompt", "model": "none", "attributes": {"name": name}, "version_name": name}
    )

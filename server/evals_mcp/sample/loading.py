"""Load the sample evaluation through the API, as any client would."""

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.datapoints import CreateDatapointRequest, DatapointResponse
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest, PromptLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, VersionReference
from evals_mcp.models.runs import CreateRunRequest, UpdateRunRequest
from evals_mcp.sample.support_bot import Sample, SampleEvaluator, SampleJudgment, SampleLog, SampleRun


async def load_sample(client: EvalsClient, sample: Sample) -> str:
    """Create the sample's files, evaluation, runs, logs and judgments; the evaluation's id. Raises EvalsError."""
    prompts = {}
    for version in sample.versions:
        template = [{"role": message.role, "content": message.content} for message in version.template]
        prompts[version.name] = await client.prompts.upsert(
            PromptRequest.model_validate(
                {
                    "path": sample.file,
                    "model": version.model,
                    "temperature": version.temperature,
                    "template": template,
                    "version_name": version.name,
                    "version_description": version.description,
                }
            )
        )
    datapoints = [CreateDatapointRequest(inputs=item.inputs, target=item.target) for item in sample.dataset.datapoints]
    dataset = await client.datasets.upsert(
        DatasetRequest(path=sample.dataset.path, datapoints=datapoints), include_datapoints=True
    )
    for evaluator in sample.evaluators:
        await client.evaluators.upsert(_evaluator_request(evaluator))
    evaluation = await client.evaluations.create(
        CreateEvaluationRequest(
            name=sample.evaluation,
            file=FileReference(path=sample.file),
            evaluators=[EvaluatorReference(path=item.path, orchestrated=False) for item in sample.evaluators],
        )
    )
    for run in sample.runs:
        version_id = prompts[run.version].version_id
        created = await client.runs.create(
            evaluation.id,
            CreateRunRequest(
                dataset=VersionReference(version_id=dataset.version_id),
                version=VersionReference(version_id=version_id),
                orchestrated=False,
            ),
        )
        await _load_logs(client, run, created.id, version_id, sample.file, dataset.datapoints or [])
        if run.control:
            await client.runs.update(evaluation.id, created.id, UpdateRunRequest(control=True))
    return evaluation.id


def _evaluator_request(evaluator: SampleEvaluator) -> EvaluatorRequest:
    limits = evaluator.number_limits
    return EvaluatorRequest.model_validate(
        {
            "path": evaluator.path,
            "description": evaluator.description,
            "spec": {
                "evaluator_type": evaluator.evaluator_type,
                "arguments_type": evaluator.arguments_type,
                "return_type": evaluator.return_type,
                "options": [vars(option) for option in evaluator.options] or None,
                "number_limits": None if limits is None else vars(limits),
                "number_valence": evaluator.number_valence,
            },
        }
    )


async def _load_logs(
    client: EvalsClient, run: SampleRun, run_id: str, version_id: str, path: str, datapoints: list[DatapointResponse]
) -> None:
    for log in run.logs:
        created = await client.prompts.log(
            _log_request(log, run_id, path, datapoints[log.datapoint]), version_id=version_id
        )
        for evaluator, judgment in log.judgments.items():
            await client.evaluators.log(_judgment_request(created.id, evaluator, judgment))


def _log_request(log: SampleLog, run_id: str, path: str, datapoint: DatapointResponse) -> PromptLogRequest:
    return PromptLogRequest(
        path=path,
        run_id=run_id,
        source_datapoint_id=datapoint.id,
        inputs=datapoint.inputs,
        output=log.output,
        error=log.error,
        provider_latency=log.latency,
        prompt_tokens=log.prompt_tokens,
        output_tokens=log.output_tokens,
        prompt_cost=log.prompt_cost,
        output_cost=log.output_cost,
    )


def _judgment_request(log_id: str, evaluator: str, judgment: SampleJudgment) -> EvaluatorLogRequest:
    return EvaluatorLogRequest(
        path=evaluator,
        parent_id=log_id,
        judgment=judgment.judgment,
        output=judgment.explanation,
        error=judgment.error,
    )

"""Set up a run through the documented routes, for servers without ours: look up everything, then create in order."""

from collections.abc import Sequence
from typing import Any

from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Conflict, EvalsError, Invalid, NotFound
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.flows import FlowRequest
from evals_mcp.models.model import JsonObject
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, VersionReference
from evals_mcp.models.rows import EvaluationRow
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.models.set_ups import SetUpPart, SetUpRequest, SetUpResponse

_LISTED = 20


async def set_up_in_order(
    client: EvalsClient, request: SetUpRequest, evaluations: Sequence[EvaluationRow]
) -> SetUpResponse:
    """Find or create a run and its parts. `evaluations` are those with the id or name of the request.

    What exists is looked up before anything is created. An error after that says what was created. Raises EvalsError.
    """
    if len(evaluations) > 1:
        raise Invalid(f"evaluation: {listed([name(row.id) for row in evaluations], 8)} have this name. Give an id.")
    set_up = _SetUp(client, request, evaluations[0] if evaluations else None)
    await set_up.look_up()
    try:
        return await set_up.create()
    except EvalsError as error:
        if not set_up.created:
            raise
        words = listed(set_up.created, _LISTED)
        reason = quote(str(error), 300)
        raise type(error)(f"{reason} This server cannot undo: it keeps what was created, {words}.") from error


class _SetUp:
    """One request. `created` names what it has created."""

    def __init__(self, client: EvalsClient, request: SetUpRequest, evaluation: EvaluationRow | None) -> None:
        self._client = client
        self._request = request
        self._evaluation = evaluation
        self._found: dict[str, JsonObject] = {}
        self._folder = request.evaluation.replace("/", "-").strip()
        self.created: list[Quoted] = []
        self.older_run_id: str | None = None

    async def look_up(self) -> None:
        """Find the parts that exist. Raises NotFound for one that the request does not describe."""
        request = self._request
        described = request.prompt is not None or request.flow is not None
        if self._evaluation is None and request.version is None and not described:
            raise Invalid("version: this server finds evaluations by their file. Give a version (or model) as well.")
        if request.dataset is not None:
            await self._find("dataset", request.dataset, needed=not request.datapoints)
        if request.version is not None:
            await self._find("version", request.version, needed=not described)
        for item in request.evaluators:
            await self._find("evaluators", item.name, needed=item.spec is None)
            if item.spec is not None and item.name in self._found:
                _require_type(self._found[item.name], item.spec.return_type)

    async def _find(self, argument: Quoted, word: str, *, needed: bool) -> None:
        try:
            self._found[word] = await self._client.raw_pages.file_at(word)
        except (NotFound, Invalid):
            if needed:
                raise NotFound(f"{argument}: no file has the path {quote(word, 80)}.") from None

    async def create(self) -> SetUpResponse:
        """Create what is missing, in an order in which each part has what it needs."""
        dataset, count = await self._dataset()
        version = await self._version()
        evaluators = [await self._evaluator(item.name, item.spec) for item in self._request.evaluators]
        evaluation = await self._made_evaluation(version, evaluators)
        answer = SetUpResponse(evaluation=evaluation, dataset=dataset, version=version, evaluators=evaluators)
        answer.datapoints_count = count
        answer.added_datapoints_count = self._added_count(count)
        if dataset is not None and version is not None:
            answer.run = await self._run(evaluation, dataset, version)
            answer.older_run_id = self.older_run_id if answer.run.is_new else None
        return answer

    async def _dataset(self) -> tuple[SetUpPart | None, int]:
        request = self._request
        found = self._found.get(request.dataset or "")
        if not request.datapoints:
            return (None, 0) if found is None else (_part(found), int(found.get("datapoints_count") or 0))
        path = request.dataset or f"{self._folder}/datapoints"
        if request.dry_run:
            return SetUpPart(id="", name=path, is_new=True), len(request.datapoints)
        body = DatasetRequest.model_validate({"path": path, "datapoints": request.datapoints, "action": "add"})
        made = await self._client.datasets.upsert(body)
        is_new = found is None or found.get("version_id") != made.version_id
        return self._note("dataset", made, is_new=is_new), made.datapoints_count

    def _added_count(self, count: int) -> int:
        """How many datapoints a dataset of this size got; of a dry run, how many were given."""
        given, found = len(self._request.datapoints), self._found.get(self._request.dataset or "")
        if self._request.dry_run or not given:
            return given
        return max(0, count - int((found or {}).get("datapoints_count") or 0))

    async def _version(self) -> SetUpPart | None:
        request = self._request
        found = self._found.get(request.version or "")
        content = request.prompt or request.flow
        if content is None:
            return None if found is None else _part(found)
        noun: Quoted = "flow" if request.prompt is None else "prompt"
        path = request.version or f"{self._folder}/{noun}"
        if request.dry_run:
            return SetUpPart(id="", name=path, is_new=True)
        given = {"path": path, **content.model_dump(exclude_none=True)}
        made: Any
        if request.prompt is None:
            made = await self._client.flows.upsert(FlowRequest.model_validate(given))
        else:
            made = await self._client.prompts.upsert(PromptRequest.model_validate(given))
        return self._note(noun, made, is_new=found is None or found.get("version_id") != made.version_id)

    async def _evaluator(self, word: str, spec: Any) -> SetUpPart:
        found = self._found.get(word)
        if found is not None:
            return _part(found)
        path = word if "/" in word else f"{self._folder}/{word}"
        if self._request.dry_run:
            return SetUpPart(id="", name=path, is_new=True)
        made = await self._client.evaluators.upsert(EvaluatorRequest(path=path, spec=spec))
        return self._note("evaluator", made, is_new=True)

    async def _made_evaluation(self, version: SetUpPart | None, evaluators: Sequence[SetUpPart]) -> SetUpPart:
        references = [EvaluatorReference(version_id=item.version_id, orchestrated=False) for item in evaluators]
        if self._evaluation is not None:
            if references and not self._request.dry_run:
                await self._client.evaluations.add_evaluators(self._evaluation.id, references)
            return SetUpPart(id=self._evaluation.id, name=self._evaluation.name or self._evaluation.id, is_new=False)
        title = self._request.evaluation
        if self._request.dry_run:
            return SetUpPart(id="", name=title, is_new=True)
        assert version is not None
        body = CreateEvaluationRequest(name=title, file=FileReference(id=version.id), evaluators=references)
        made = await self._client.evaluations.create(body)
        self.created.append(f"evaluation {name(made.id)}")
        return SetUpPart(id=made.id, name=title, is_new=True)

    async def _run(self, evaluation: SetUpPart, dataset: SetUpPart, version: SetUpPart) -> SetUpPart:
        wanted = (dataset.version_id, version.version_id)
        if not evaluation.is_new and None not in wanted:
            for run in (await self._client.runs.list(evaluation.id)).runs:
                has = (run.dataset and run.dataset.version_id, run.version and run.version.version_id)
                if has == wanted and run.status != "cancelled":
                    return SetUpPart(id=run.id, name=run.id, is_new=False)
                if run.dataset and run.dataset.id == dataset.id and has[0] != wanted[0] and has[1] == wanted[1]:
                    self.older_run_id = self.older_run_id or run.id
        if self._request.dry_run:
            return SetUpPart(id="", name="", is_new=True)
        over, of = (VersionReference(version_id=id) for id in wanted)
        made = await self._client.runs.create(
            evaluation.id, CreateRunRequest(dataset=over, version=of, orchestrated=False)
        )
        return SetUpPart(id=made.id, name=made.id, is_new=True)

    def _note(self, noun: Quoted, made: Any, *, is_new: bool) -> SetUpPart:
        if is_new:
            self.created.append(f"{noun} {name(made.path)}")
        return SetUpPart(id=made.id, name=made.path, version_id=made.version_id, is_new=is_new)


def _require_type(found: JsonObject, wanted: str) -> None:
    """Raise Conflict for an evaluator whose judgments have another type than the described one's."""
    theirs = found.get("spec")
    type = theirs.get("return_type") if isinstance(theirs, dict) else None
    if type not in (None, wanted):
        raise Conflict(
            f"Evaluator {name(str(found['path']))} exists with another definition ({name(str(type))}). Give its path "
            "alone to use it, or another name to create one."
        )


def _part(found: JsonObject) -> SetUpPart:
    return SetUpPart(id=str(found["id"]), name=str(found["path"]), version_id=str(found["version_id"]), is_new=False)

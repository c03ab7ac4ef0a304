"""Write an evaluation document through the documented endpoints, record by record, for servers without the bulk route.

Such a server chooses all ids except those of logs. Existing things are found by path, content, name and order: the n-th
run of a version over a dataset version in an evaluation is the n-th one in the document.
"""

import json
from collections import Counter, defaultdict
from contextlib import suppress
from functools import partial
from typing import Any

from pydantic import ValidationError

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.paging import pages
from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.agents import AgentRequest
from evals_mcp.models.datapoints import DATAPOINT_CONTENT, CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.enums import EvaluationStatus, FileType
from evals_mcp.models.evaluation_document import (
    DatapointRecord,
    DeploymentRecord,
    DirectoryRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    ReviewItemRecord,
    RunRecord,
    VersionRecord,
)
from evals_mcp.models.evaluations import CreateEvaluationRequest, EvaluationResponse
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.flows import FlowRequest
from evals_mcp.models.log_requests import (
    AgentLogRequest,
    EvaluatorLogRequest,
    FlowLogRequest,
    PromptLogRequest,
    ToolLogRequest,
)
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import EvaluatorReference, FileReference, VersionReference
from evals_mcp.models.referring import Kind
from evals_mcp.models.runs import CreateRunRequest, EvaluationRunResponse, UpdateRunRequest
from evals_mcp.models.tools import ToolRequest

Json = dict[str, Any]
COUNTED: frozenset[str] = frozenset(("evaluation", "run", "log", "judgment"))
"""The kinds of records of which new ones are counted."""

_PAGE = 50
_REQUESTS: dict[FileType, Any] = {
    "prompt": PromptRequest,
    "flow": FlowRequest,
    "tool": ToolRequest,
    "agent": AgentRequest,
    "evaluator": EvaluatorRequest,
    "dataset": DatasetRequest,
}
_LOG_REQUESTS: dict[FileType, Any] = {
    "prompt": PromptLogRequest,
    "flow": FlowLogRequest,
    "tool": ToolLogRequest,
    "agent": AgentLogRequest,
    "evaluator": EvaluatorLogRequest,
}


class SingleWrites:
    """Writes records in order. `added` counts new ones; `ids` gets the ids that the server chose.

    Evaluators are attached and runs created as not orchestrated. We cannot tell whether a version is new, or whether an
    existing log has the same content.
    """

    def __init__(self, client: EvalsClient, added: Counter[str], ids: dict[Kind, dict[str, str]]) -> None:
        self._client = client
        self._added = added
        self._ids = ids
        self._nouns: dict[FileType, Any] = {
            "prompt": client.prompts,
            "flow": client.flows,
            "tool": client.tools,
            "agent": client.agents,
            "evaluator": client.evaluators,
            "dataset": client.datasets,
        }
        self._files: dict[str, FileRecord] = {}
        self._datapoints: dict[str, dict[str, CreateDatapointRequest]] = defaultdict(dict)
        self._versions: dict[str, tuple[FileType, str]] = {}
        self._unclaimed: dict[str, list[EvaluationRunResponse]] = {}
        self._evaluations: dict[str, str] = {}
        self._created: set[str] = set()
        self._statuses: dict[str, EvaluationStatus] = {}

    async def write(self, record: Record) -> None:
        """Write a record. Raises Invalid for records that the documented endpoints do not accept, and EvalsError."""
        try:
            await self._write(record)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise Invalid(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None

    async def finish(self) -> None:
        """Set the statuses of runs. Done last, because new logs change them."""
        for run_id, status in self._statuses.items():
            with suppress(Conflict):  # it has already ended
                await self._client.runs.update(self._evaluations[run_id], run_id, UpdateRunRequest(status=status))

    async def _write(self, given: Record) -> None:
        match given:
            case FileRecord():
                self._files[given.id] = given
            case DatapointRecord():
                content = given.model_dump(include=DATAPOINT_CONTENT, exclude_none=True)
                self._datapoints[given.dataset_id][given.id] = CreateDatapointRequest.model_validate(content)
            case VersionRecord():
                await self._write_version(given)
            case EvaluationRecord():
                await self._write_evaluation(given.with_ids(self._ids))
            case RunRecord():
                await self._write_run(given.with_ids(self._ids))
            case LogRecord():
                await self._write_log(given.with_ids(self._ids))
            case JudgmentRecord():
                await self._write_judgment(given.with_ids(self._ids))
            case DeploymentRecord() | DirectoryRecord() | ReviewItemRecord():
                pass  # left to the server's people, who may have deployed another version
            case _:
                raise Invalid("Only a load with overwrite can clear a run.")

    async def _write_version(self, version: VersionRecord) -> None:
        if version.file_id not in self._files:
            raise NotFound(f"File `{version.file_id}` does not appear earlier in the document.")
        file = self._files[version.file_id]
        described = {"version_name": version.name, "version_description": version.description}
        about = {"path": file.path, "description": file.description, "readme": file.readme, "tags": file.tags or None}
        request: Json = {**version.content, **described, **about}
        noun = self._nouns[file.type]
        if file.type == "dataset":
            points = self._datapoints[file.id]
            if missing := [id for id in version.datapoint_ids if id not in points]:
                raise NotFound(f"Datapoint `{missing[0]}` does not appear earlier in the document.")
            request["datapoints"] = [points[id] for id in version.datapoint_ids]
            written = await noun.upsert(DatasetRequest.model_validate(request), include_datapoints=True)
            ids = {_key(point.model_dump(exclude={"id"})): point.id for point in written.datapoints or []}
            for id in version.datapoint_ids:
                self._note("datapoint", id, ids.get(_key(points[id].model_dump()), id))
        else:
            linked = version.content.get("linked_tools")
            if linked is not None:
                request["linked_tools"] = [self._ids.get("version", {}).get(id, id) for id in linked]
            try:
                written = await noun.upsert(_REQUESTS[file.type].model_validate(request))
            except Conflict:  # another version has the name
                request["version_name"] = None
                written = await noun.upsert(_REQUESTS[file.type].model_validate(request))
        self._note("file", file.id, written.id)
        self._note("version", version.id, written.version_id)
        self._versions[written.version_id] = (file.type, written.id)

    async def _write_evaluation(self, evaluation: EvaluationRecord) -> None:
        references = [
            EvaluatorReference(version_id=item.version_id, orchestrated=False) for item in evaluation.evaluators
        ]
        found = await self._find_evaluation(evaluation)
        if found is None:
            file_id = next(iter(self._files_of(evaluation)), None)
            file = None if file_id is None else FileReference(id=file_id)
            request = CreateEvaluationRequest(name=evaluation.name, file=file, evaluators=references)
            found = await self._client.evaluations.create(request)
            self._added["evaluation"] += 1
        else:
            attached = {item.version.version_id for item in found.evaluators}
            missing = [reference for reference in references if reference.version_id not in attached]
            if missing:
                await self._client.evaluations.add_evaluators(found.id, missing)
        self._note("evaluation", evaluation.id, found.id)

    async def _find_evaluation(self, wanted: EvaluationRecord) -> EvaluationResponse | None:
        for file_id in self._files_of(wanted) if wanted.name is not None else ():
            async for page in pages(partial(self._list_evaluations, file_id)):
                for evaluation in page.records:
                    if evaluation.name == wanted.name:
                        return evaluation
        return None

    async def _list_evaluations(self, file_id: str, page: int) -> PaginatedData[EvaluationResponse]:
        return await self._client.evaluations.list(file_id, page=page, size=_PAGE)

    def _files_of(self, evaluation: EvaluationRecord) -> list[str]:
        """The file of an evaluation; if it names none, those of the versions before it.

        The documented endpoints list evaluations by file: without one, nobody would find it again.
        """
        if evaluation.file_id is not None:
            return [evaluation.file_id]
        written = (file_id for type, file_id in self._versions.values() if type not in ("dataset", "evaluator"))
        return list(dict.fromkeys(written))

    async def _write_run(self, run: RunRecord) -> None:
        runs = self._client.runs
        written: EvaluationRunResponse | None = None
        for item in run.evaluations:
            there = await self._read_unclaimed(item.evaluation_id)
            if written is None:
                written = next((other for other in there if _is_alike(other, run)), None)
                if written is None:
                    written = await runs.create(item.evaluation_id, _run_request(run))
                    self._created.add(written.id)
                    self._added["run"] += 1
                self._evaluations[written.id] = item.evaluation_id
            elif written.id not in {other.id for other in there}:
                await runs.add_existing(item.evaluation_id, written.id)
            there[:] = [other for other in there if other.id != written.id]
            if item.control and not written.control:
                await runs.update(item.evaluation_id, written.id, UpdateRunRequest(control=True))
        if written is None:
            raise Invalid("A run must belong to an evaluation here.")
        self._note("run", run.id, written.id)
        if run.status in ("completed", "cancelled"):
            self._statuses[written.id] = run.status

    async def _read_unclaimed(self, evaluation_id: str) -> list[EvaluationRunResponse]:
        """The runs of an evaluation that match no run of the document yet, oldest first."""
        if evaluation_id not in self._unclaimed:
            self._unclaimed[evaluation_id] = (await self._client.runs.list(evaluation_id)).runs[::-1]
        return self._unclaimed[evaluation_id]

    async def _write_log(self, log: LogRecord) -> None:
        file_type, file_id = self._version(log.version_id)
        # Requests for tool logs name no run.
        in_request = [] if file_type == "tool" else log.run_ids[:1]
        own = {"id": file_id, "log_id": log.id, "run_id": next(iter(in_request), None)}
        # A server would keep a flow log without a status open. The logs of a document have ended unless they say so.
        values = {"log_status": "complete", **log.given(), **own}
        surely_new = any(run_id in self._created for run_id in in_request)
        is_new = await self._send_log(file_type, log.id, log.version_id, values, surely_new=surely_new)
        for run_id in log.run_ids:
            if not (is_new and run_id in in_request):
                log_id = self._ids.get("log", {}).get(log.id, log.id)
                await self._client.runs.add_logs(self._evaluations.get(run_id, ""), run_id, [log_id])

    async def _write_judgment(self, judgment: JudgmentRecord) -> None:
        file_type, file_id = self._version(judgment.evaluator_version_id)
        own = {"id": file_id, "log_id": judgment.id, "parent_id": judgment.judged_log_id}
        values = {**judgment.given(), "judgment": judgment.judgment, **own}
        surely_new = judgment.judged_log_id in self._created
        await self._send_log(file_type, judgment.id, judgment.evaluator_version_id, values, surely_new=surely_new)

    async def _send_log(
        self, file_type: FileType, log_id: str, version_id: str, values: Json, *, surely_new: bool
    ) -> bool:
        """Send a log that the server does not have. Returns whether it was new.

        A server may answer an equal log with the one that it has, so ask first, except about the logs of a new run and
        the judgments of a new log.
        """
        if not surely_new and await self._has_log(log_id):
            return False
        request = _LOG_REQUESTS[file_type].model_validate(values)
        try:
            created = await self._nouns[file_type].log(request, version_id=version_id)
        except Conflict:
            return False
        self._note("log", log_id, created.id)
        self._created.add(created.id)
        self._added["judgment" if file_type == "evaluator" else "log"] += 1
        return True

    async def _has_log(self, log_id: str) -> bool:
        try:
            await self._client.logs.get(log_id)
        except (NotFound, Invalid):
            return False
        return True

    def _version(self, version_id: str) -> tuple[FileType, str]:
        if version_id not in self._versions:
            raise NotFound(f"Version `{version_id}` does not appear earlier in the document.")
        return self._versions[version_id]

    def _note(self, kind: Kind, id: str, own_id: str) -> None:
        if id != own_id:
            self._ids.setdefault(kind, {})[id] = own_id


def _run_request(run: RunRecord) -> CreateRunRequest:
    return CreateRunRequest(
        dataset=None if run.dataset_version_id is None else VersionReference(version_id=run.dataset_version_id),
        version=None if run.version_id is None else VersionReference(version_id=run.version_id),
        orchestrated=False,
        reported_figures=run.reported_figures,
    )


def _is_alike(run: EvaluationRunResponse, record: RunRecord) -> bool:
    version_id = None if run.version is None else run.version.version_id
    dataset_version_id = None if run.dataset is None else run.dataset.version_id
    return dataset_version_id == record.dataset_version_id and record.version_id in (None, version_id)


def _key(content: Json) -> str:
    """The key of a datapoint in a dataset."""
    present = {name: value for name, value in content.items() if value is not None}
    return json.dumps({"inputs": {}, **present}, sort_keys=True)

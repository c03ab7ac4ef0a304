"""Store labels: in one request, or one by one on a server without our route."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import quote
from evals_mcp.errors import EvalsError, Invalid, NotFound
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.rejected_rows import rows_named
from evals_mcp.models.label_specs import (
    label_path,
    label_spec,
    model_paths,
    named_path,
    new_path,
    option_names,
    refuse_misspelling,
    shared_spec,
)
from evals_mcp.models.labels import LabelsRequest, LabelsResponse, StoredLabel
from evals_mcp.models.model import JsonObject
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.set_ups import SetUpPart


def label_type(evaluation: ResolvedEvaluation, word: str) -> str | None:
    """The return type of the evaluation's evaluator with this name, in any kind; None if there is none."""
    for row in reversed(evaluation.evaluators):
        if named_path(word, [(row.id, row.version_id, row.path)]) is not None:
            return row.return_type
    return None


async def store_labels(lookup: Lookup, evaluation: ResolvedEvaluation, request: LabelsRequest) -> LabelsResponse:
    """Store labels: all or none, except on a server without our routes. Raises NotFound, Invalid and Conflict.

    Without an author, it is the API key's, if the server is ours and has keys, else the host; for a person's labels the
    name in the settings, if there is one.
    """
    extended = lookup.client.extended
    if request.author is None and not (extended and lookup.client.connection.has_key):
        person = lookup.setup.actor if request.kind == "human" else None
        request = request.model_copy(update={"author": person or lookup.host})
    if extended:
        with rows_named():
            return await lookup.client.labels.create(evaluation.id, request)
    return await _label_in_order(lookup, evaluation, request)


async def _label_in_order(lookup: Lookup, evaluation: ResolvedEvaluation, request: LabelsRequest) -> LabelsResponse:
    """Store labels by the documented routes. Their errors tell what was stored."""
    attached = _Attached((await lookup.client.raw_pages.evaluation(evaluation.id)).get("evaluators") or [], lookup)
    folder = (evaluation.overview.evaluation.name or "").replace("/", "-").strip() or evaluation.id
    word = request.evaluator.name.strip()
    known = attached.path_of(word)
    base = known or new_path(word, folder)
    path = label_path(base, request.kind, (await attached.at(base) or {}).get("spec"))
    found = await attached.at(path)
    models = [item for other in model_paths(base) if (item := await attached.at(other)) is not None]
    if not (known or models or request.evaluator.spec):
        refuse_misspelling(word, attached.paths())
    old = found["spec"] if found else shared_spec(models[0]["spec"]) if models else {}
    judgments = [label.judgment for label in request.labels]
    spec = label_spec(path, request.kind, request.evaluator, old, judgments, is_new=found is None)
    made = LabelsResponse(
        evaluator=SetUpPart(id="", name=path, is_new=found is None),
        return_type=spec["return_type"],
        options=option_names(spec),
        new_options=[option for option in option_names(spec) if found and option not in option_names(old)],
        author=request.author,
        labels=[StoredLabel(id="", log_id=label.log_id) for label in request.labels],
    )
    if request.dry_run:
        return made
    version_id = await attached.ensure(evaluation.id, path, spec, found)
    made.evaluator.version_id = version_id
    for run in evaluation.runs:
        lookup.note_write(evaluation.id, run.id)
    ids = await _store_each(lookup, request, version_id)
    made.labels = [StoredLabel(id=id, log_id=label.log_id) for id, label in zip(ids, request.labels, strict=True)]
    return made


async def _store_each(lookup: Lookup, request: LabelsRequest, version_id: str) -> list[str]:
    from evals_mcp.models.log_requests import EvaluatorLogRequest

    ids: list[str] = []
    for position, label in enumerate(request.labels, 1):
        fields = {"parent_id": label.log_id, "judgment": label.judgment, "output": label.note, "user": request.author}
        log = EvaluatorLogRequest.model_validate({key: value for key, value in fields.items() if value is not None})
        try:
            ids.append((await lookup.client.evaluators.log(log, version_id=version_id)).id)
        except EvalsError as error:
            stored = f"Stored before it: {count(len(ids), 'label')}" if ids else "No label was stored"
            raise type(error)(f"Row {count(position)}: {quote(str(error), 300)} {stored}.") from error
    return ids


class _Attached:
    """The evaluators that are attached to an evaluation, as a server returns them, and others by their path."""

    def __init__(self, evaluators: Sequence[Mapping[str, Any]], lookup: Lookup) -> None:
        self._versions = [_described(item["version"]) for item in evaluators]
        self._client = lookup.client

    def path_of(self, word: str) -> str | None:
        """The path of the attached evaluator with this name, without the ending of a kind."""
        known = [(str(item["version_id"]), str(item["id"]), str(item["path"])) for item in self._versions]
        return named_path(word, known)

    def paths(self) -> list[str]:
        """The paths of the attached evaluators."""
        return [str(item["path"]) for item in self._versions]

    async def at(self, path: str) -> JsonObject | None:
        """The attached evaluator at a path, else the default version there; None if there is no evaluator."""
        for item in reversed(self._versions):
            if item["path"] == path:
                return dict(item)
        with suppress(NotFound, Invalid):
            found = await self._client.raw_pages.file_at(path)
            return _described(found) if found.get("type") == "evaluator" else None
        return None

    async def ensure(self, evaluation_id: str, path: str, spec: JsonObject, found: JsonObject | None) -> str:
        """The id of the version with this specification, which is attached in the place of the found one."""
        from evals_mcp.models.evaluators import EvaluatorRequest
        from evals_mcp.models.references import EvaluatorReference

        known = [item["version_id"] for item in self._versions]
        version_id = None if found is None else str(found["version_id"])
        if found is None or spec != found["spec"]:
            request = EvaluatorRequest.model_validate({"path": path, "spec": spec})
            version_id = (await self._client.evaluators.upsert(request)).version_id
        assert version_id is not None
        if version_id not in known:
            reference = EvaluatorReference(version_id=version_id, orchestrated=False)
            await self._client.evaluations.add_evaluators(evaluation_id, [reference])
            if found is not None and found["version_id"] in known:
                await self._client.evaluations.remove_evaluator(evaluation_id, str(found["version_id"]))
        return version_id


def _described(version: Mapping[str, Any]) -> JsonObject:
    """A version whose specification has no nulls, as one in a request."""
    return {**version, "spec": _without_nulls(version["spec"])}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value

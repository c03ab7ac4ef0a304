"""Set up a run in one transaction: find or create its evaluation, dataset, version and evaluators."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, select

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.models.set_ups import SetUpEvaluator, SetUpPart, SetUpRequest, SetUpResponse
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import evaluation_runs, evaluations, files, runs, versions
from evals_mcp.store.evaluations.evaluations import (
    EVALUATED_TYPES,
    attach_evaluators,
    create_evaluation,
    find_target,
)
from evals_mcp.store.evaluations.run_status import read_attachments, read_runs
from evals_mcp.store.evaluations.runs import create_run
from evals_mcp.store.evaluations.set_up_entries import newest_number, record_set_up
from evals_mcp.store.files.datasets import add_datapoints
from evals_mcp.store.files.files import ensure_file
from evals_mcp.store.files.versions import Version, add_version, find_file, newest_version, versions_by_id
from evals_mcp.store.journal.entries import Act, repeated

_NEAREST = 3
_CANDIDATES = 8


class SetUps(Repository):
    """Runs with all that they need."""

    def set_up(self, request: SetUpRequest, act: Act | None = None) -> SetUpResponse:
        """Find or create a run and its parts. With `dry_run`, nothing is stored.

        A run that has this version and dataset version, and is not cancelled, is found. Raises NotFound for a part that
        exists nowhere and that the request does not describe, Invalid, and Conflict for a path that has something else.
        """
        with self._database.write(dry_run=request.dry_run) as connection:
            if not request.dry_run and (first := repeated(connection, act)) is not None:
                return _current(connection, SetUpResponse.model_validate(first["made"]))
            now, newest = self._database.now(), newest_number(connection)
            set_up = _SetUp(connection, request, now)
            made = set_up.parts()
            if not request.dry_run:
                record_set_up(connection, act, made, set_up.attached, newest, now)
            return made


class _SetUp:
    """One request inside a transaction."""

    def __init__(self, connection: Connection, request: SetUpRequest, now: datetime) -> None:
        self._connection = connection
        self._request = request
        self._now = now
        self.attached: dict[str, Any] | None = None

    def parts(self) -> SetUpResponse:
        """All parts, in an order in which each has what it needs."""
        evaluation = self._evaluation()
        folder = own_folder(evaluation.id, evaluation.name)
        dataset, added = self._dataset(folder, evaluation.id)
        version = self._version(folder)
        evaluators = [self._evaluator(folder, item) for item in self._request.evaluators]
        attached = {item.evaluator_version_id for item in read_attachments(self._connection, evaluation.id)}
        missing = [item.version_id for item in evaluators if item.version_id not in attached]
        if missing:
            references = [EvaluatorReference(version_id=id, orchestrated=False) for id in missing]
            self.attached = attach_evaluators(self._connection, evaluation.id, references, self._now)
        answer = SetUpResponse(
            evaluation=evaluation,
            dataset=dataset,
            version=version,
            evaluators=evaluators,
            added_datapoints_count=added,
        )
        if dataset is not None and dataset.version_id is not None:
            size = versions_by_id(self._connection, [dataset.version_id])[dataset.version_id].datapoints_count
            answer.datapoints_count = size
        if dataset is not None and version is not None:
            answer.run = self._run(evaluation.id, dataset, version)
            if answer.run.is_new:
                answer.older_run_id = self._older_run(evaluation.id, dataset, version)
            answer = _current(self._connection, answer)
        return answer

    def _evaluation(self) -> SetUpPart:
        word = self._request.evaluation.strip()
        named = select(evaluations.c.id, evaluations.c.name).order_by(evaluations.c.number.desc())
        found = self._connection.execute(named.where(evaluations.c.id == word)).all()
        found = found or self._connection.execute(named.where(evaluations.c.name == word)).all()
        if len(found) > 1:
            ids = ", ".join(f"`{row.id}`" for row in found[:_CANDIDATES])
            raise Invalid(f"{len(found)} evaluations have this name: {ids}. Give an id.", ("body", "evaluation"))
        if found:
            return SetUpPart(id=found[0].id, name=found[0].name or found[0].id, is_new=False)
        if not word or word.startswith("evr_"):
            raise NotFound(f"Evaluation `{word}` does not exist. Give a name to create one.")
        return SetUpPart(id=create_evaluation(self._connection, word, None, [], self._now), name=word, is_new=True)

    def _dataset(self, folder: str, evaluation_id: str) -> tuple[SetUpPart | None, int]:
        """The dataset's version and the number of datapoints that it did not have before."""
        word, given = self._request.dataset, self._request.datapoints
        used = None if word else self._used_dataset(evaluation_id)
        base = used or self._find(word or f"{folder}/datapoints", ["dataset"])
        if base is None and word and (not given or word.startswith(("ds_", "dsv_"))):
            raise self._unknown(word, ["dataset"], "dataset", "Give datapoints to create it.")
        if not given:
            return (None if base is None else _part(base, is_new=False)), 0
        path = None if base else (word or f"{folder}/datapoints")
        file = ensure_file(self._connection, "dataset", base.file_id if base else None, path, self._now)
        base = base or newest_version(self._connection, file.id)
        before = 0 if base is None else base.datapoints_count
        id, is_new = add_datapoints(self._connection, file, base, given, self._now)
        version = versions_by_id(self._connection, [id])[id]
        return _part(version, is_new=is_new), version.datapoints_count - before

    def _used_dataset(self, evaluation_id: str) -> Version | None:
        """The dataset version of the evaluation's newest run that has one."""
        ids = [row.dataset_version_id for row in read_runs(self._connection, evaluation_id) if row.dataset_version_id]
        return versions_by_id(self._connection, ids[:1]).get(ids[0]) if ids else None

    def _version(self, folder: str) -> SetUpPart | None:
        word, prompt, flow = self._request.version, self._request.prompt, self._request.flow
        if prompt is not None and flow is not None:
            raise Invalid("Give only one of `prompt` and `flow`.", ("body", "flow"))
        content = prompt if prompt is not None else flow
        type = "flow" if prompt is None else "prompt"
        found = self._find(word, EVALUATED_TYPES) if word else None
        if content is None:
            if word and found is None:
                advice = "Give a model (and a template) or attributes to create it."
                raise self._unknown(word, EVALUATED_TYPES, "version", advice)
            return None if found is None else _part(found, is_new=False)
        file_id = found.file_id if found is not None else None
        path = None if found is not None else (word or f"{folder}/{type}")
        file = ensure_file(self._connection, type, file_id, path, self._now)
        id, is_new = add_version(self._connection, file, content.kernel(), self._now)
        return SetUpPart(id=file.id, name=file.path, version_id=id, is_new=is_new)

    def _evaluator(self, folder: str, given: SetUpEvaluator) -> SetUpPart:
        own_path = given.name if "/" in given.name else f"{folder}/{given.name}"
        found = self._find(given.name, ["evaluator"]) or self._find(own_path, ["evaluator"])
        if given.spec is None:
            if found is None:
                advice = (
                    "To create it, say its type: name:boolean, name:number:1..5:higher, name:select:a|b, name:text."
                )
                raise self._unknown(given.name, ["evaluator"], "evaluators", advice)
            return _part(found, is_new=False)
        file_id = found.file_id if found is not None else None
        file = ensure_file(self._connection, "evaluator", file_id, None if found else own_path, self._now)
        id, is_new = add_version(self._connection, file, {"spec": given.spec.kernel()}, self._now)
        if found is not None and is_new:
            type = found.content.get("spec", {}).get("return_type")
            raise Conflict(
                f"Evaluator `{file.path}` exists with another definition ({type}). Give its path alone to use it, "
                "or another name to create one."
            )
        return SetUpPart(id=file.id, name=file.path, version_id=id, is_new=is_new)

    def _run(self, evaluation_id: str, dataset: SetUpPart, version: SetUpPart) -> SetUpPart:
        of_evaluation = evaluation_runs.c.evaluation_id == evaluation_id
        same = (runs.c.version_id == version.version_id, runs.c.dataset_version_id == dataset.version_id)
        open_to_logs = runs.c.set_status.is_(None) | (runs.c.set_status != "cancelled")
        found = self._connection.execute(
            select(runs.c.id)
            .join(evaluation_runs, evaluation_runs.c.run_id == runs.c.id)
            .where(of_evaluation, *same, open_to_logs)
            .order_by(runs.c.created_at.desc(), runs.c.id)
            .limit(1)
        ).scalar()
        if found is not None:
            return SetUpPart(id=found, name=found, is_new=False)
        assert dataset.version_id is not None
        assert version.version_id is not None
        id = create_run(
            self._connection,
            evaluation_id,
            Target("version_id", dataset.version_id),
            Target("version_id", version.version_id),
            self._now,
            orchestrated=False,
            use_existing_logs=False,
        )
        return SetUpPart(id=id, name=id, is_new=True)

    def _older_run(self, evaluation_id: str, dataset: SetUpPart, version: SetUpPart) -> str | None:
        """The newest run of the version with logs over another version of the dataset."""
        return self._connection.execute(
            select(runs.c.id)
            .join(evaluation_runs, evaluation_runs.c.run_id == runs.c.id)
            .join(versions, versions.c.id == runs.c.dataset_version_id)
            .where(evaluation_runs.c.evaluation_id == evaluation_id, runs.c.version_id == version.version_id)
            .where(versions.c.file_id == dataset.id, versions.c.id != dataset.version_id, runs.c.logs_count > 0)
            .order_by(runs.c.number.desc())
            .limit(1)
        ).scalar()

    def _find(self, word: str, types: Sequence[str]) -> Version | None:
        return find_named(self._connection, word, types)

    def _unknown(self, word: str, types: Sequence[str], argument: str, advice: str) -> NotFound:
        live = select(files.c.path).where(files.c.type.in_(types), files.c.deleted_at.is_(None)).limit(1_000)
        near = get_close_matches(word, list(self._connection.execute(live).scalars()), _NEAREST, 0.5)
        nearest = f" Nearest: {', '.join(f'`{path}`' for path in near)}." if near else ""
        return NotFound(f"{argument}: nothing has the id or path `{word}`.{nearest} {advice}")


def _current(connection: Connection, made: SetUpResponse) -> SetUpResponse:
    """The response with the present number of logged datapoints of its run."""
    if made.run is not None:
        for row in read_runs(connection, made.evaluation.id, [made.run.id]):
            made.logged_datapoints_count = row.logged_datapoints_count
    return made


def find_named(connection: Connection, word: str, types: Sequence[str]) -> Version | None:
    """The version with this id, else of the file with this id or path: a dataset's newest, else the default one."""
    with suppress(NotFound):
        return _version(find_target(connection, Target("version_id", word), types))
    for file_id, path in ((word, None), (None, word)):
        with suppress(NotFound, Invalid):
            file = find_file(connection, file_id, path, types)
            newest = newest_version(connection, file.id) if types == ["dataset"] else None
            return newest or _version(find_target(connection, Target("id", file.id), types))
    return None


def own_folder(evaluation_id: str, name: str | None) -> str:
    """The folder of files that are made for an evaluation and named without one."""
    return (name or "").replace("/", "-").strip() or evaluation_id


def _part(version: Any, *, is_new: bool) -> SetUpPart:
    return SetUpPart(id=version.file_id, name=version.path, version_id=version.id, is_new=is_new)


def _version(found: Any) -> Version:
    assert isinstance(found, Version)
    return found

"""Evaluations in the store, and their attached evaluators. `runs` has the runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, delete, false, func, select, true, update
from sqlalchemy.exc import IntegrityError

from evals_mcp.errors import Conflict, NotFound
from evals_mcp.models.creators import creator
from evals_mcp.models.evaluations import EvaluationEvaluatorResponse, EvaluationResponse
from evals_mcp.models.evaluators import EvaluatorResponse
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.store.database.acts import note
from evals_mcp.store.database.identity import new_id
from evals_mcp.store.database.pages import window
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import evaluation_evaluators, evaluation_runs, evaluations, logs, runs
from evals_mcp.store.evaluations.run_status import read_attachments
from evals_mcp.store.files.versions import find_file, find_version, read_versions
from evals_mcp.store.journal.entries import Act, has_request, record, repeated

EVALUATED_TYPES = ("prompt", "flow", "tool", "agent", "evaluator")
"""The file types that can be evaluated."""


class Attached(NamedTuple):
    """An evaluator's version to attach, perhaps with the time when that was done, or for review alone."""

    evaluator_id: str
    version_id: str
    orchestrated: bool
    added_at: datetime | None = None
    for_review: bool = False


class Evaluations(Repository):
    """Evaluations, by id or by file."""

    def create(
        self,
        name: str | None,
        file: Target | None,
        evaluators: Sequence[EvaluatorReference],
        act: Act | None = None,
    ) -> EvaluationResponse:
        """Create an evaluation. Raises NotFound for an unknown file or evaluator, and Conflict if the name is taken."""
        with self._database.write() as connection:
            if (first := repeated(connection, act)) is not None:
                evaluation_id = first["id"]
            else:
                now = self._database.now()
                evaluation_id = create_evaluation(connection, name, file, evaluators, now)
                before = {
                    "evaluators": [item.evaluator_version_id for item in read_attachments(connection, evaluation_id)]
                }
                record(connection, act, "create_evaluation", evaluation_id, {"id": evaluation_id}, before, now)
            return read_evaluations(connection, [find_evaluation(connection, evaluation_id)])[0]

    def page(self, file_id: str, page: int, size: int) -> PaginatedData[EvaluationResponse]:
        """A page of a file's evaluations, newest first. Raises NotFound for an unknown file."""
        with self._database.read() as connection:
            find_file(connection, file_id)
            of_file = evaluations.c.file_id == file_id
            total = connection.execute(select(func.count()).select_from(evaluations).where(of_file)).scalar_one()
            limit, offset = window(page, size)
            rows = connection.execute(
                select(evaluations).where(of_file).order_by(evaluations.c.number.desc()).limit(limit).offset(offset)
            ).all()
            return PaginatedData[EvaluationResponse](
                records=read_evaluations(connection, rows), page=page, size=limit, total=total
            )

    def get(self, evaluation_id: str) -> EvaluationResponse:
        """One evaluation. Raises NotFound."""
        with self._database.read() as connection:
            return read_evaluations(connection, [find_evaluation(connection, evaluation_id)])[0]

    def delete(self, evaluation_id: str) -> None:
        """Delete an evaluation. Its runs, their logs and the evaluators stay. Raises NotFound."""
        with self._database.write() as connection:
            delete_evaluation(connection, evaluation_id)

    def add_evaluators(
        self, evaluation_id: str, evaluators: Sequence[EvaluatorReference], act: Act | None = None
    ) -> EvaluationResponse:
        """Attach evaluators. Evaluators that are already attached stay unchanged. Raises NotFound.

        A new evaluator reopens completed runs until it has judged their logs.
        """
        with self._database.write() as connection:
            if repeated(connection, act) is None:
                now = self._database.now()
                before = attach_evaluators(connection, evaluation_id, evaluators, now)
                if before is not None or has_request(act):
                    result = {"id": evaluation_id, "evaluators": before["evaluators"] if before else []}
                    record(connection, act, "add_evaluators", evaluation_id, result, before, now)
            return read_evaluations(connection, [find_evaluation(connection, evaluation_id)])[0]

    def remove_evaluator(self, evaluation_id: str, evaluator_version_id: str) -> EvaluationResponse:
        """Detach an evaluator version. Its judgments stay. Raises NotFound if it is not attached."""
        with self._database.write() as connection:
            find_evaluation(connection, evaluation_id)
            removed = connection.execute(
                delete(evaluation_evaluators).where(
                    evaluation_evaluators.c.evaluation_id == evaluation_id,
                    evaluation_evaluators.c.evaluator_version_id == evaluator_version_id,
                )
            ).rowcount
            if not removed:
                raise NotFound(f"Evaluation `{evaluation_id}` has no evaluator version `{evaluator_version_id}`.")
            touch_evaluation(connection, evaluation_id, self._database.now())
            return read_evaluations(connection, [find_evaluation(connection, evaluation_id)])[0]


def create_evaluation(
    connection: Connection,
    name: str | None,
    file: Target | None,
    evaluators: Sequence[EvaluatorReference],
    now: datetime,
) -> str:
    """Create an evaluation inside a transaction and return its id; see `Evaluations.create`."""
    file_id = None if file is None else _file_id(connection, file)
    attached = [_resolve(connection, reference) for reference in evaluators]
    evaluation_id = new_id("evr")
    try:
        connection.execute(
            evaluations.insert().values(id=evaluation_id, file_id=file_id, name=name, created_at=now, updated_at=now)
        )
    except IntegrityError:
        raise Conflict(f"The file already has an evaluation named `{name}`.") from None
    attach(connection, evaluation_id, attached, now)
    note("created", evaluation_id)
    return evaluation_id


def attached_versions(connection: Connection, evaluation_id: str) -> list[str]:
    """The ids of the evaluator versions of an evaluation, in the order they were added."""
    return [item.evaluator_version_id for item in read_attachments(connection, evaluation_id)]


def delete_evaluation(connection: Connection, evaluation_id: str) -> None:
    """Delete an evaluation inside a transaction; see `Evaluations.delete`."""
    find_evaluation(connection, evaluation_id)
    for table in (evaluation_runs, evaluation_evaluators):
        connection.execute(delete(table).where(table.c.evaluation_id == evaluation_id))
    connection.execute(delete(evaluations).where(evaluations.c.id == evaluation_id))


def attach_evaluators(
    connection: Connection, evaluation_id: str, evaluators: Sequence[EvaluatorReference], now: datetime
) -> dict[str, Any] | None:
    """Attach evaluators inside a transaction; see `Evaluations.add_evaluators`.

    Returns what an undo needs, as `attach_and_open` does.
    """
    find_evaluation(connection, evaluation_id)
    attached = [_resolve(connection, reference) for reference in evaluators]
    return attach_and_open(connection, evaluation_id, attached, now)


def attach_and_open(
    connection: Connection, evaluation_id: str, attached: Sequence[Attached], now: datetime
) -> dict[str, Any] | None:
    """Attach evaluators, and open the completed runs until the new ones that are not for review alone have judged.

    Returns what an undo needs: the new versions, the logs counts of the runs that it opened, and the number of the
    newest log. None if all were attached.
    """
    present = attached_versions(connection, evaluation_id)
    touch_evaluation(connection, evaluation_id, now)
    if not attach(connection, evaluation_id, attached, now):
        return None
    required = [item for item in attached if not (item.for_review or item.version_id in present)]
    of_evaluation = select(evaluation_runs.c.run_id).where(evaluation_runs.c.evaluation_id == evaluation_id)
    completed = (runs.c.id.in_(of_evaluation), runs.c.set_status == "completed", true() if required else false())
    opened = {
        row.id: row.logs_count for row in connection.execute(select(runs.c.id, runs.c.logs_count).where(*completed))
    }
    connection.execute(
        update(runs).where(*completed).values(set_status=None, revision=runs.c.revision + 1, updated_at=now)
    )
    return {
        "evaluators": [id for id in attached_versions(connection, evaluation_id) if id not in present],
        "opened": opened,
        "newest": connection.execute(select(func.max(logs.c.number))).scalar_one() or 0,
    }


_EVALUATION = select(evaluations).where(evaluations.c.id == bindparam("id"))


def find_evaluation(connection: Connection, evaluation_id: str) -> Row[Any]:
    """The row of an evaluation. Raises NotFound."""
    row = connection.execute(_EVALUATION, {"id": evaluation_id}).first()
    if row is None:
        raise NotFound(f"Evaluation `{evaluation_id}` does not exist.")
    return row


def read_evaluations(connection: Connection, rows: Sequence[Row[Any]]) -> list[EvaluationResponse]:
    """Evaluations in API form, with the complete versions of their evaluators."""
    attachments = {row.id: read_attachments(connection, row.id) for row in rows}
    shown = read_versions(connection, {item.evaluator_version_id for items in attachments.values() for item in items})
    counts = _run_counts(connection, [row.id for row in rows])
    return [
        EvaluationResponse(
            id=row.id,
            name=row.name,
            file_id=row.file_id,
            runs_count=counts.get(row.id, 0),
            evaluators=[
                EvaluationEvaluatorResponse(
                    version=_evaluator(shown[item.evaluator_version_id]),
                    orchestrated=item.orchestrated,
                    for_review=item.for_review or None,
                    added_at=item.added_at,
                )
                for item in attachments[row.id]
            ],
            created_at=row.created_at,
            updated_at=row.updated_at,
            created_by=creator(row.created_by),
            url=f"evals://evaluations/{row.id}",
        )
        for row in rows
    ]


def _evaluator(version: Any) -> EvaluatorResponse:
    assert isinstance(version, EvaluatorResponse)
    return version


def _run_counts(connection: Connection, evaluation_ids: Sequence[str]) -> dict[str, int]:
    statement = (
        select(evaluation_runs.c.evaluation_id, func.count())
        .where(evaluation_runs.c.evaluation_id.in_(evaluation_ids))
        .group_by(evaluation_runs.c.evaluation_id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _file_id(connection: Connection, file: Target) -> str:
    by_id = file.by == "id"
    return str(find_file(connection, file.value if by_id else None, None if by_id else file.value, EVALUATED_TYPES).id)


def _resolve(connection: Connection, reference: EvaluatorReference) -> Attached:
    version = find_target(connection, reference.target(), ["evaluator"])
    return Attached(version.file_id, version.id, reference.orchestrated)


def find_target(connection: Connection, target: Target, types: Sequence[str]) -> Any:
    """Find the version of a reference. Raises NotFound."""
    return find_version(
        connection,
        version_id=target.value if target.by == "version_id" else None,
        file_id=target.value if target.by == "id" else None,
        path=target.value if target.by == "path" else None,
        environment=target.environment,
        types=types,
    )


def attach(connection: Connection, evaluation_id: str, attached: Sequence[Attached], now: datetime) -> bool:
    """Attach the evaluators that are not attached yet. Returns whether there were any."""
    is_new = False
    present = {item.evaluator_version_id for item in read_attachments(connection, evaluation_id)}
    for item in attached:
        if item.version_id in present:
            continue
        connection.execute(
            evaluation_evaluators.insert().values(
                evaluation_id=evaluation_id,
                evaluator_version_id=item.version_id,
                evaluator_id=item.evaluator_id,
                position=_next_position(connection, evaluation_id),
                orchestrated=item.orchestrated,
                for_review=item.for_review,
                added_at=item.added_at or now,
            )
        )
        present.add(item.version_id)
        is_new = True
    return is_new


def _next_position(connection: Connection, evaluation_id: str) -> int:
    last = connection.execute(
        select(func.max(evaluation_evaluators.c.position)).where(evaluation_evaluators.c.evaluation_id == evaluation_id)
    ).scalar()
    return 0 if last is None else last + 1


def touch_evaluation(connection: Connection, evaluation_id: str, now: datetime) -> None:
    """Set the change time of an evaluation."""
    connection.execute(update(evaluations).where(evaluations.c.id == evaluation_id).values(updated_at=now))

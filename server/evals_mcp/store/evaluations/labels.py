"""Label logs of an evaluation in one transaction: all or none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.labels import LabelsRequest, LabelsResponse, ReplacedLabel, StoredLabel
from evals_mcp.models.set_ups import SetUpPart
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import evaluation_runs, logs, run_logs
from evals_mcp.store.evaluations.evaluations import find_evaluation
from evals_mcp.store.evaluations.label_evaluators import LabelEvaluator, ensure_label_evaluator
from evals_mcp.store.files.versions import version_by_id
from evals_mcp.store.journal.entries import Act, record, repeated
from evals_mcp.store.logs.judgments import author_key
from evals_mcp.store.logs.logs import LogTarget, create_judgment

_NONE = "No label was stored."


class Labels(Repository):
    """Labels: judgments of logs by people and by assistants."""

    def label(
        self, evaluation_id: str, request: LabelsRequest, person: str | None = None, act: Act | None = None
    ) -> LabelsResponse:
        """Store labels of logs in runs of the evaluation. `person` is their author if the request names none.

        A label takes the place of the author's earlier one of the log by this evaluator, which stays stored. Raises
        NotFound, Invalid with the row, and Conflict. With `dry_run`, nothing is stored.
        """
        with self._database.write(dry_run=request.dry_run) as connection:
            if not request.dry_run and (first := repeated(connection, act)) is not None:
                return _response(connection, first)
            now = self._database.now()
            evaluation = find_evaluation(connection, evaluation_id)
            author = request.author or person
            numbers = _log_numbers(connection, evaluation_id, [label.log_id for label in request.labels])
            judgments = [label.judgment for label in request.labels]
            by = ensure_label_evaluator(connection, evaluation, request.evaluator, request.kind, judgments, now)
            earlier = _earlier(connection, by.file_id, author, numbers.values())
            stored = [
                {
                    "id": _store(connection, position, label.log_id, _fields(label, author), by.version_id, now),
                    "log_id": label.log_id,
                    "replaced": earlier.get(numbers[label.log_id]),
                }
                for position, label in enumerate(request.labels)
            ]
            result = _result(evaluation_id, by, author, stored)
            if not request.dry_run:
                record(connection, act, "label_logs", evaluation_id, result, _before(by), now)
            return _response(connection, result)


def _log_numbers(connection: Connection, evaluation_id: str, ids: Sequence[str]) -> dict[str, int]:
    """The numbers of logs by their ids. Raises NotFound or Invalid unless each is in a run of the evaluation, once."""
    in_run = (
        exists()
        .where(
            run_logs.c.log_number == logs.c.number,
            run_logs.c.run_id == evaluation_runs.c.run_id,
            evaluation_runs.c.evaluation_id == evaluation_id,
        )
        .correlate(logs)
    )
    found = {
        row.id: row
        for batch in batches(ids)
        for row in connection.execute(
            select(logs.c.id, logs.c.number, in_run.label("in_run")).where(logs.c.id.in_(batch))
        )
    }
    for position, id in enumerate(ids):
        with _in_row(position, "log_id"):
            if id not in found:
                raise NotFound(f"Log `{id}` does not exist.")
            if not found[id].in_run:
                raise Invalid(f"Log `{id}` is not in a run of evaluation `{evaluation_id}`.")
            if (first := ids.index(id)) < position:
                raise Invalid(f"Log `{id}` is labelled in row {first + 1}, too. Label a log once.")
    return {id: row.number for id, row in found.items()}


def _earlier(connection: Connection, evaluator_id: str, author: str | None, numbers: Iterable[int]) -> dict[int, str]:
    """The id of the author's newest judgment by an evaluator, by the judged log's number."""
    rows = connection.execute(
        select(logs.c.id, logs.c.judged_log_number, logs.c.extra)
        .where(logs.c.judged_log_number.in_(list(numbers)), logs.c.file_id == evaluator_id)
        .order_by(logs.c.number)
    )
    key = author_key(author)
    return {row.judged_log_number: row.id for row in rows if author_key(row.extra.get("user")) == key}


def _fields(label: Any, author: str | None) -> dict[str, Any]:
    given = {"judgment": label.judgment, "output": label.note, "user": author}
    return {name: value for name, value in given.items() if value is not None}


def _store(
    connection: Connection, position: int, log_id: str, fields: Mapping[str, Any], version_id: str, now: datetime
) -> str:
    with _in_row(position, "judgment"):
        return create_judgment(connection, LogTarget(version_id=version_id), log_id, fields, now).id


@contextmanager
def _in_row(position: int, field: str) -> Iterator[None]:
    """Name the row in errors."""
    try:
        yield
    except (NotFound, Invalid, Conflict) as error:
        where = ("body", "labels", position, field)
        raise Invalid(f"Row {position + 1}: {error} {_NONE}", where) from None


def _result(
    evaluation_id: str, by: LabelEvaluator, author: str | None, stored: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What the journal keeps of the answer: ids, the author, and the evaluator's path, which may be deleted later."""
    return {
        "evaluation_id": evaluation_id,
        "evaluator_id": by.file_id,
        "evaluator": by.path,
        "version_id": by.version_id,
        "is_new": by.is_new,
        "new_options_count": len(by.new_options),
        "author": author,
        "labels": list(stored),
    }


def _before(by: LabelEvaluator) -> dict[str, Any]:
    return {
        "is_new_version": by.is_new_version,
        "is_newly_attached": by.is_newly_attached,
        "replaced": by.replaced,
    }


def _response(connection: Connection, result: Mapping[str, Any]) -> LabelsResponse:
    version = version_by_id(connection, result["version_id"])
    spec = version.content["spec"]
    options = [option["name"] for option in spec.get("options") or []]
    replaced = [item["replaced"] for item in result["labels"] if item["replaced"] is not None]
    judged = {
        row.id: row.judgment
        for batch in batches(replaced)
        for row in connection.execute(select(logs.c.id, logs.c.judgment).where(logs.c.id.in_(batch)))
    }
    labels = [
        StoredLabel(
            id=item["id"],
            log_id=item["log_id"],
            replaced=item["replaced"] and ReplacedLabel(id=item["replaced"], judgment=judged.get(item["replaced"])),
        )
        for item in result["labels"]
    ]
    return LabelsResponse(
        evaluator=SetUpPart(id=version.file_id, name=version.path, version_id=version.id, is_new=result["is_new"]),
        return_type=spec["return_type"],
        options=options,
        new_options=options[len(options) - result["new_options_count"] :],
        author=result["author"],
        labels=labels,
    )

"""The start of each question: the evaluation's runs and evaluators, read again when they change."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Row, bindparam, select

from evals_mcp.errors import NotFound
from evals_mcp.models.evaluators import EXAMPLES
from evals_mcp.models.rows import EvaluatorRow, evaluator_row
from evals_mcp.store.database.tables import evaluation_evaluators, evaluation_runs, evaluations, files, runs, versions
from evals_mcp.store.evaluations.evaluations import find_evaluation
from evals_mcp.store.evaluations.run_status import Attachment, read_attachments, read_runs
from evals_mcp.store.revision_cache import RevisionCache


@dataclass(frozen=True)
class AttachedEvaluator:
    """An evaluator version attached to an evaluation: the judgments that count for it, and its row."""

    attachment: Attachment
    row: EvaluatorRow

    @property
    def version_id(self) -> str:
        """The id of the version."""
        return self.row.version_id

    @cached_property
    def key(self) -> str:
        """All of it as JSON, as a cache key."""
        return to_json(self).decode()


@dataclass(frozen=True)
class EvaluationState:
    """An evaluation's runs (rows as from `read_runs`, newest first) and evaluators (in attachment order).

    `token` stays the same, in all processes, until any of this or the runs' statistics change.
    """

    id: str
    token: str
    runs: list[Row[Any]]
    evaluators: list[AttachedEvaluator]

    @property
    def attachments(self) -> list[Attachment]:
        """The attachments of the evaluators."""
        return [item.attachment for item in self.evaluators]

    def find_runs(self, run_ids: Sequence[str] | None) -> list[Row[Any]]:
        """The runs with these ids (None: all), newest first. Raises NotFound."""
        if run_ids is None:
            return self.runs
        found = [run for run in self.runs if run.id in run_ids]
        if missing := set(run_ids) - {run.id for run in found}:
            raise NotFound(f"Evaluation `{self.id}` has no run `{min(missing)}`.")
        return found

    def find_evaluators(self, version_ids: Iterable[str]) -> list[AttachedEvaluator]:
        """The evaluators with these versions, each once, in the given order. Raises NotFound."""
        attached = {item.version_id: item for item in self.evaluators}
        wanted = list(dict.fromkeys(version_ids))
        for version_id in wanted:
            if version_id not in attached:
                raise NotFound(f"The evaluation has no evaluator version `{version_id}`.")
        return [attached[version_id] for version_id in wanted]

    def revisions(self, runs: Iterable[Row[Any]]) -> Hashable:
        """The data that an answer about these runs depends on: their rows, and all evaluators."""
        return (*(item.key for item in self.evaluators), *runs)


class EvaluationStates:
    """Reads evaluations. Reads only new and changed ones."""

    def __init__(self, cache: RevisionCache) -> None:
        self._cache = cache

    def read(self, connection: Connection, evaluation_id: str) -> EvaluationState:
        """An evaluation in this transaction. Raises NotFound."""
        token = _read_token(connection, evaluation_id)
        return self._cache.get(
            "evaluation state", evaluation_id, token, lambda: _read_state(connection, evaluation_id, token)
        )


def _read_state(connection: Connection, evaluation_id: str, token: str) -> EvaluationState:
    attachments = read_attachments(connection, evaluation_id)
    rows = _read_evaluators(connection, attachments)
    evaluators = [AttachedEvaluator(item, row) for item, row in zip(attachments, rows, strict=True)]
    return EvaluationState(evaluation_id, token, read_runs(connection, evaluation_id), evaluators)


_evaluator_files = files.alias("evaluator_files")
_dataset_versions = versions.alias("dataset_versions")
_dataset_files = files.alias("dataset_files")
_EVALUATION_STATE = (
    select(
        evaluations.c.name,
        evaluations.c.updated_at,
        files.c.path,
        evaluation_evaluators.c.evaluator_version_id,
        _evaluator_files.c.path,
        versions.c.updated_at,
    )
    .outerjoin(files, files.c.id == evaluations.c.file_id)
    .outerjoin(evaluation_evaluators, evaluation_evaluators.c.evaluation_id == evaluations.c.id)
    .outerjoin(_evaluator_files, _evaluator_files.c.id == evaluation_evaluators.c.evaluator_id)
    .outerjoin(versions, versions.c.id == evaluation_evaluators.c.evaluator_version_id)
    .where(evaluations.c.id == bindparam("evaluation_id"))
    .order_by(evaluation_evaluators.c.position)
)
# A run's revision grows with each change of its counters, change time or statistics.
_RUN_STATES = (
    select(
        runs.c.id,
        runs.c.revision,
        runs.c.set_status,
        evaluation_runs.c.control,
        versions.c.name,
        files.c.path,
        _dataset_files.c.path,
    )
    .join(evaluation_runs, evaluation_runs.c.run_id == runs.c.id)
    .outerjoin(versions, versions.c.id == runs.c.version_id)
    .outerjoin(files, files.c.id == versions.c.file_id)
    .outerjoin(_dataset_versions, _dataset_versions.c.id == runs.c.dataset_version_id)
    .outerjoin(_dataset_files, _dataset_files.c.id == _dataset_versions.c.file_id)
    .where(evaluation_runs.c.evaluation_id == bindparam("evaluation_id"))
    .order_by(runs.c.number)
)
_EVALUATORS = (
    select(versions.c.id, versions.c.file_id, files.c.path, versions.c.content)
    .join(files, files.c.id == versions.c.file_id)
    .where(versions.c.id.in_(bindparam("ids", expanding=True)))
)


def _read_token(connection: Connection, evaluation_id: str) -> str:
    of_evaluation = {"evaluation_id": evaluation_id}
    evaluation = connection.execute(_EVALUATION_STATE, of_evaluation).all()
    if not evaluation:
        find_evaluation(connection, evaluation_id)
    state = [tuple(row) for row in (*evaluation, *connection.execute(_RUN_STATES, of_evaluation).all())]
    return blake2b(repr(state).encode(errors="replace"), digest_size=12).hexdigest()


def _read_evaluators(connection: Connection, attachments: Sequence[Attachment]) -> list[EvaluatorRow]:
    ids = [item.evaluator_version_id for item in attachments]
    rows = {row.id: row for row in connection.execute(_EVALUATORS, {"ids": ids})}
    found = [
        evaluator_row(rows[id].file_id, id, rows[id].path, rows[id].content["spec"], rows[id].content.get(EXAMPLES, ()))
        for id in ids
    ]
    return [
        row.model_copy(update={"for_review": item.for_review}) for row, item in zip(found, attachments, strict=True)
    ]

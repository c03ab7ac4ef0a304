"""What every review of an evaluation begins with: its runs and evaluators, kept until short queries see a change."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from evals_mcp.errors import NotFound, Outdated
from evals_mcp.models.review import EvaluatorRow
from evals_mcp.store.database.tables import evaluation_evaluators, evaluation_runs, evaluations, files, runs, versions
from evals_mcp.store.evaluations.evaluations import find_evaluation
from evals_mcp.store.evaluations.run_status import Attachment, read_attachments, read_runs

_KEPT = 64


class ReviewedEvaluation(NamedTuple):
    """An evaluation's runs (rows as from `read_runs`, the newest first) and evaluators, as the attachments are ordered.

    `token` is the same, in whichever process, as long as all this and the statistics of the runs are.
    """

    id: str
    token: str
    runs: list[Row[Any]]
    attachments: list[Attachment]
    evaluators: list[EvaluatorRow]

    def find_runs(self, run_ids: Sequence[str]) -> list[Row[Any]]:
        """The runs with these ids, the newest first. Raises NotFound."""
        found = [run for run in self.runs if run.id in run_ids]
        if missing := set(run_ids) - {run.id for run in found}:
            raise NotFound(f"Evaluation `{self.id}` has no run `{min(missing)}`.")
        return found


class ReviewedEvaluations:
    """Reads evaluations, those that changed since they were last read."""

    def __init__(self) -> None:
        self._kept: dict[str, ReviewedEvaluation] = {}

    def read(self, connection: Connection, evaluation_id: str, known: str | None = None) -> ReviewedEvaluation:
        """An evaluation as it is in this transaction. Raises NotFound, and Outdated if its token is not `known`."""
        token = _read_token(connection, evaluation_id)
        if known not in (None, token):
            raise Outdated("The evaluation has changed since its overview was read.")
        kept = self._kept.get(evaluation_id)
        if kept is None or kept.token != token:
            attachments = read_attachments(connection, evaluation_id)
            evaluators = _read_evaluators(connection, attachments)
            run_rows = read_runs(connection, evaluation_id)
            kept = ReviewedEvaluation(evaluation_id, token, run_rows, attachments, evaluators)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[evaluation_id] = kept
        return kept


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
    )
    .outerjoin(files, files.c.id == evaluations.c.file_id)
    .outerjoin(evaluation_evaluators, evaluation_evaluators.c.evaluation_id == evaluations.c.id)
    .outerjoin(_evaluator_files, _evaluator_files.c.id == evaluation_evaluators.c.evaluator_id)
    .where(evaluations.c.id == bindparam("evaluation_id"))
    .order_by(evaluation_evaluators.c.position)
)
# A run's revision grows with whatever changes its counters, its time of change or the statistics of its judgments.
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
    return [_evaluator_row(rows[id]) for id in ids]


def _evaluator_row(row: Any) -> EvaluatorRow:
    spec = row.content["spec"]
    options = spec.get("options") or []
    limits = spec.get("number_limits") or {}
    return EvaluatorRow(
        id=row.file_id,
        version_id=row.id,
        path=row.path,
        return_type=spec["return_type"],
        evaluator_type=spec.get("evaluator_type"),
        options=[option["name"] for option in options],
        valences={option["name"]: option["valence"] for option in options if option.get("valence")},
        low=limits.get("min"),
        high=limits.get("max"),
        lower_is_better=spec.get("number_valence") == "negative",
        neutral=spec.get("number_valence") == "neutral",
        has_valence=spec.get("number_valence") is not None,
    )

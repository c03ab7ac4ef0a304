"""Runs of evaluations in the store: create, list, update, add logs, read logs. No HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, select, update

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.creators import creator
from evals_mcp.models.evaluations import EvaluationLogResponse
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.references import Target
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.models.runs import EvaluationRunResponse
from evals_mcp.store.database.acts import note
from evals_mcp.store.database.identity import new_id
from evals_mcp.store.database.pages import window
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import dataset_datapoints, evaluation_runs, logs, runs
from evals_mcp.store.evaluations.evaluations import EVALUATED_TYPES, find_evaluation, find_target, touch_evaluation
from evals_mcp.store.evaluations.matching_logs import require_matching
from evals_mcp.store.evaluations.reported_figures import figures_json, read_reported_figures, set_reported_figures
from evals_mcp.store.evaluations.run_entries import record_added_logs, record_changed_run, record_new_run, run_settings
from evals_mcp.store.evaluations.run_log_pages import evaluation_logs, page_keys
from evals_mcp.store.evaluations.run_status import read_attachments, read_progress, read_runs
from evals_mcp.store.files.versions import read_versions
from evals_mcp.store.journal.entries import Act, repeated
from evals_mcp.store.logs.lookups import find_any_run, log_numbers
from evals_mcp.store.logs.run_logs import link_existing_logs

NO_LOGS = dict.fromkeys(("logs_count", "incomplete_logs_count", "logged_datapoints_count", "revision"), 0)
"""The counters of a new run."""


class Runs(Repository):
    """Runs, always in the context of an evaluation."""

    def create(
        self,
        evaluation_id: str,
        dataset: Target | None,
        version: Target | None,
        *,
        orchestrated: bool,
        use_existing_logs: bool,
        reported_figures: Sequence[ReportedFigure] | None = None,
        act: Act | None = None,
    ) -> EvaluationRunResponse:
        """Create a run. The caller fills an orchestrated run that lacks dataset or version.

        Raises NotFound, and Invalid for `use_existing_logs` without dataset and version.
        """
        with self._database.write() as connection:
            if (first := repeated(connection, act)) is not None:
                return _shown(connection, evaluation_id, first["id"])
            now = self._database.now()
            run_id = create_run(
                connection,
                evaluation_id,
                dataset,
                version,
                now,
                orchestrated=orchestrated,
                use_existing_logs=use_existing_logs,
                reported_figures=reported_figures,
            )
            record_new_run(connection, act, evaluation_id, run_id, now)
            return _shown(connection, evaluation_id, run_id)

    def all(self, evaluation_id: str) -> list[EvaluationRunResponse]:
        """All runs of an evaluation, newest first. Raises NotFound."""
        with self._database.read() as connection:
            find_evaluation(connection, evaluation_id)
            return read_run_responses(connection, evaluation_id, read_runs(connection, evaluation_id))

    def ids(self, evaluation_id: str) -> list[str]:
        """The ids of an evaluation's runs, newest first. Raises NotFound."""
        with self._database.read() as connection:
            find_evaluation(connection, evaluation_id)
            return [row.id for row in read_runs(connection, evaluation_id)]

    def add_existing(self, evaluation_id: str, run_id: str) -> None:
        """Add a run of another evaluation to an evaluation. Raises NotFound."""
        with self._database.write() as connection:
            now = self._database.now()
            find_evaluation(connection, evaluation_id)
            find_any_run(connection, run_id)
            of_run = (evaluation_runs.c.evaluation_id == evaluation_id, evaluation_runs.c.run_id == run_id)
            if connection.execute(select(evaluation_runs.c.run_id).where(*of_run)).first() is None:
                connection.execute(
                    evaluation_runs.insert().values(
                        evaluation_id=evaluation_id, run_id=run_id, control=False, added_at=now
                    )
                )
                touch_evaluation(connection, evaluation_id, now)

    def remove(self, evaluation_id: str, run_id: str) -> None:
        """Remove a run from an evaluation. Its logs stay, and so does the run in other evaluations. Raises NotFound."""
        with self._database.write() as connection:
            find_run(connection, evaluation_id, run_id)
            connection.execute(
                delete(evaluation_runs).where(
                    evaluation_runs.c.evaluation_id == evaluation_id, evaluation_runs.c.run_id == run_id
                )
            )
            touch_evaluation(connection, evaluation_id, self._database.now())

    def update(
        self,
        evaluation_id: str,
        run_id: str,
        *,
        control: bool | None,
        status: str | None,
        reported_figures: Sequence[ReportedFigure] | None = None,
        act: Act | None = None,
    ) -> EvaluationRunResponse:
        """Make a run the control (or not), complete or cancel it, and replace its reported figures.

        Raises NotFound, Invalid for another status, and Conflict for a completed or cancelled run.
        """
        with self._database.write() as connection:
            if repeated(connection, act) is not None:
                return _shown(connection, evaluation_id, run_id)
            now = self._database.now()
            row = find_run(connection, evaluation_id, run_id)
            before = run_settings(connection, evaluation_id, run_id)
            if status is not None:
                self._close(connection, evaluation_id, row, status, now)
            if reported_figures is not None:
                set_reported_figures(connection, run_id, reported_figures, now)
            if control is not None:
                of_evaluation = evaluation_runs.c.evaluation_id == evaluation_id
                if control:
                    connection.execute(update(evaluation_runs).where(of_evaluation).values(control=False))
                connection.execute(
                    update(evaluation_runs)
                    .where(of_evaluation, evaluation_runs.c.run_id == run_id)
                    .values(control=control)
                )
            record_changed_run(connection, act, evaluation_id, run_id, before, now)
            return _shown(connection, evaluation_id, run_id)

    def add_logs(
        self,
        evaluation_id: str,
        run_id: str,
        log_ids: Sequence[str],
        *,
        only_matching: bool = False,
        dry_run: bool = False,
        act: Act | None = None,
    ) -> EvaluationRunResponse:
        """Add existing logs to a run: all of them or none. With `dry_run`, nothing is stored.

        Raises NotFound for an unknown evaluation, run or log, Invalid for an evaluator log (with `only_matching` also
        for one of another version, or of no datapoint of the run's dataset), and Conflict for a cancelled run.
        """
        with self._database.write(dry_run=dry_run) as connection:
            if not dry_run and (first := repeated(connection, act)) is not None:
                return _with_added(_shown(connection, evaluation_id, run_id), first["log_ids"])
            run = find_run(connection, evaluation_id, run_id)
            if run.set_status == "cancelled":
                raise Conflict(f"Run `{run_id}` is cancelled, so no logs can be added.")
            numbers = log_numbers(connection, log_ids)
            if only_matching:
                require_matching(connection, run, numbers)
            now = self._database.now()
            linked = link_existing_logs(connection, run, numbers, now)
            if not dry_run:
                record_added_logs(connection, act, evaluation_id, run, linked, now)
            return _with_added(_shown(connection, evaluation_id, run_id), linked)

    def logs(
        self, evaluation_id: str, run_ids: Sequence[str], page: int, size: int, *, traces: bool = False
    ) -> PaginatedData[EvaluationLogResponse]:
        """A page of the logs in an evaluation's runs (default: all runs), newest run first, then newest log.

        With `traces`, each log has the logs below it. Raises NotFound for an unknown evaluation or run.
        """
        with self._database.read() as connection:
            find_evaluation(connection, evaluation_id)
            rows = read_runs(connection, evaluation_id)
            wanted = [row for row in rows if not run_ids or row.id in run_ids]
            unknown = set(run_ids) - {row.id for row in rows}
            if unknown:
                raise NotFound(f"Evaluation `{evaluation_id}` has no run `{sorted(unknown)[0]}`.")
            limit, offset = window(page, size)
            keys = page_keys(connection, wanted, limit, offset)
            attachments = read_attachments(connection, evaluation_id)
            return PaginatedData[EvaluationLogResponse](
                records=evaluation_logs(connection, keys, attachments, traces=traces),
                page=page,
                size=limit,
                total=sum(row.logs_count for row in wanted),
            )

    def _close(self, connection: Connection, evaluation_id: str, row: Row[Any], status: str, now: Any) -> None:
        if status not in ("completed", "cancelled"):
            raise Invalid("The status of a run can only be set to `completed` or `cancelled`.")
        progress = read_progress(connection, [row], read_attachments(connection, evaluation_id))
        current = progress[row.id].status
        if current == status:
            return
        if current not in ("pending", "running"):
            raise Conflict(f"Run `{row.id}` is {current}. Only a pending or running run can be {status}.")
        set_run_status(connection, row.id, status, now)


def create_run(
    connection: Connection,
    evaluation_id: str,
    dataset: Target | None,
    version: Target | None,
    now: datetime,
    *,
    orchestrated: bool,
    use_existing_logs: bool,
    status: str | None = None,
    reported_figures: Sequence[ReportedFigure] | None = None,
) -> str:
    """Create a run inside a transaction and return its id; see `Runs.create`. `status` is set by the caller."""
    if use_existing_logs and (dataset is None or version is None):
        raise Invalid("`use_existing_logs` requires both `dataset` and `version`.")
    find_evaluation(connection, evaluation_id)
    dataset_version = None if dataset is None else find_target(connection, dataset, ["dataset"])
    run_version = None if version is None else find_target(connection, version, EVALUATED_TYPES)
    run_id = new_id("run")
    connection.execute(
        runs.insert().values(
            id=run_id,
            dataset_version_id=None if dataset_version is None else dataset_version.id,
            version_id=None if run_version is None else run_version.id,
            orchestrated=orchestrated and dataset is not None and version is not None,
            use_existing_logs=use_existing_logs,
            set_status=status,
            reported_figures=figures_json(reported_figures),
            **NO_LOGS,
            created_at=now,
            updated_at=now,
        )
    )
    connection.execute(
        evaluation_runs.insert().values(evaluation_id=evaluation_id, run_id=run_id, control=False, added_at=now)
    )
    note("created", run_id)
    if use_existing_logs:
        run = find_run(connection, evaluation_id, run_id)
        link_existing_logs(connection, run, _existing_logs(connection, run), now)
    return run_id


def set_run_status(connection: Connection, run_id: str, status: str | None, now: datetime) -> None:
    """Set a run's status inside a transaction. With None, it follows from logs and judgments."""
    connection.execute(
        update(runs).where(runs.c.id == run_id).values(set_status=status, revision=runs.c.revision + 1, updated_at=now)
    )


def find_run(connection: Connection, evaluation_id: str, run_id: str) -> Row[Any]:
    """The row of a run of an evaluation, as from `read_runs`. Raises NotFound."""
    find_evaluation(connection, evaluation_id)
    rows = read_runs(connection, evaluation_id, [run_id])
    if not rows:
        raise NotFound(f"Evaluation `{evaluation_id}` has no run `{run_id}`.")
    return rows[0]


def read_run_responses(
    connection: Connection, evaluation_id: str, rows: Sequence[Row[Any]]
) -> list[EvaluationRunResponse]:
    """Runs in API form, with complete dataset and version."""
    shown = read_versions(
        connection,
        {item for row in rows for item in (row.dataset_version_id, row.version_id) if item is not None},
    )
    progress = read_progress(connection, rows, read_attachments(connection, evaluation_id))
    reported = read_reported_figures(connection, [row.id for row in rows])
    return [
        EvaluationRunResponse.model_validate(
            {
                "id": row.id,
                "orchestrated": row.orchestrated,
                "added_at": row.added_at,
                "created_at": row.created_at,
                "status": progress[row.id].status,
                "control": row.control,
                "dataset": shown.get(row.dataset_version_id),
                "version": shown.get(row.version_id),
                "created_by": creator(row.created_by),
                "reported_figures": reported.get(row.id),
            }
        )
        for row in rows
    ]


def _shown(connection: Connection, evaluation_id: str, run_id: str) -> EvaluationRunResponse:
    return read_run_responses(connection, evaluation_id, [find_run(connection, evaluation_id, run_id)])[0]


def _with_added(run: EvaluationRunResponse, added: Sequence[object]) -> EvaluationRunResponse:
    return run.model_copy(update={"added_logs_count": len(added)})


def _existing_logs(connection: Connection, run: Row[Any]) -> list[int]:
    """Logs of the run's version for datapoints of its dataset, oldest first."""
    statement = (
        select(logs.c.number)
        .where(
            logs.c.version_id == run.version_id,
            exists().where(
                dataset_datapoints.c.version_id == run.dataset_version_id,
                dataset_datapoints.c.datapoint_id == logs.c.datapoint_id,
            ),
        )
        .order_by(logs.c.number)
    )
    return list(connection.execute(statement).scalars())

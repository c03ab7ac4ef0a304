"""The columns of runs, for the datapoints or the logs that meet a filter."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from evals_mcp.errors import Invalid
from evals_mcp.models.conditions import Side
from evals_mcp.models.questions import Missing
from evals_mcp.statistics.missing_judgments import count_missing
from evals_mcp.store.database.tables import datapoints, run_logs, versions
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.run_columns import RunColumnsReader, RunsAsColumns
from evals_mcp.store.revision_cache import RevisionCache

_CANDIDATE: Side = "candidate"


class FilteredColumns:
    """Reads runs as columns. The datapoints of a filter are cached."""

    def __init__(self, cache: RevisionCache) -> None:
        self._cache = cache
        self._columns = RunColumnsReader(cache)

    def read(
        self,
        connection: Connection,
        conditions: FilterConditions,
        runs: Mapping[str, Row[Any]],
        evaluators: Sequence[AttachedEvaluator],
        evaluation: EvaluationState,
        missing: Missing = "exclude",
    ) -> RunsAsColumns:
        """The columns of runs (the baseline first), for the datapoints that meet the filter."""
        found = self._columns.read(connection, runs.values(), evaluators)
        if conditions.names:
            found = found.only(self._filtered(connection, conditions, runs, evaluation))
        if missing == "exclude":
            return found
        rows = [item.row for item in evaluators]
        return found._replace(columns={run_id: count_missing(rows, run) for run_id, run in found.columns.items()})

    def whole(
        self, connection: Connection, runs: Collection[Row[Any]], evaluators: Sequence[AttachedEvaluator]
    ) -> RunsAsColumns:
        """The columns of runs, for all their logs, without measures."""
        return self._columns.read(connection, runs, evaluators, measures=False)

    def of_logs(
        self,
        connection: Connection,
        conditions: FilterConditions,
        runs: Sequence[Row[Any]],
        evaluators: Sequence[AttachedEvaluator],
    ) -> RunsAsColumns:
        """The columns of runs, for the logs that meet the filter."""
        found = self._columns.read(connection, runs, evaluators)
        return found.only_logs(matching_logs(connection, conditions, runs)) if conditions.names else found

    def _filtered(
        self,
        connection: Connection,
        conditions: FilterConditions,
        runs: Mapping[str, Row[Any]],
        evaluation: EvaluationState,
    ) -> Sequence[str]:
        """The ids of the datapoints that meet a filter, in the datasets of the evaluation. The baseline comes first."""
        baseline, *candidates = runs
        sides: list[tuple[Side, str]] = [("baseline", baseline), *((_CANDIDATE, run_id) for run_id in candidates)]
        tests = [test for side, run_id in sides for test in conditions.on_side(side, run_id)]
        statement = select(datapoints.c.id).where(*conditions.on_datapoints(), *tests)
        versions_of = {run.dataset_version_id for run in evaluation.runs}
        if None in versions_of or not versions_of:
            logged = select(run_logs.c.datapoint_id).where(run_logs.c.run_id.in_([run.id for run in evaluation.runs]))
            statement = statement.where(datapoints.c.id.in_(logged))
        else:
            datasets = select(versions.c.file_id).where(versions.c.id.in_(list(versions_of)))
            statement = statement.where(datapoints.c.dataset_id.in_(datasets))
        return self._cache.get(
            "filtered datapoints of runs",
            (conditions.filter, evaluation.id, list(runs) if tests else None),
            filter_revisions(conditions, evaluation),
            lambda: connection.execute(statement).scalars().all(),
        )


def matching_logs(
    connection: Connection, conditions: FilterConditions, runs: Sequence[Row[Any]]
) -> dict[str, list[int]]:
    """The numbers of the logs that meet the filter, by run."""
    numbers: dict[str, list[int]] = {run.id: [] for run in runs}
    statement = select(run_logs.c.run_id, run_logs.c.log_number)
    statement = statement.where(run_logs.c.run_id.in_(list(numbers)), *conditions.on_logs())
    for run_id, number in connection.execute(statement):
        numbers[run_id].append(number)
    return numbers


def check_filter(conditions: FilterConditions, candidates: int) -> None:
    """Raise Invalid if a condition of a comparison does not tell the log that it tests."""
    if conditions.filter.run_ids is not None or conditions.reads_logs:
        raise Invalid("A condition on logs must name the side that it tests.", ("body", "filter"))
    if candidates > 1 and any(item.side == _CANDIDATE for item in conditions.filter.conditions):
        raise Invalid("A condition on the candidate needs one candidate.", ("body", "filter"))


def filter_revisions(conditions: FilterConditions, evaluation: EvaluationState) -> Hashable:
    """What the datapoints that meet a filter depend on beside the datasets, which never change."""
    dataset_versions = tuple(sorted({run.dataset_version_id or "" for run in evaluation.runs}))
    if conditions.depends_on_runs or "" in dataset_versions:
        return conditions.revisions(evaluation.runs)
    return dataset_versions

"""The runs of a review as columns: which of their logs the request means, have a label, or are free."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, bindparam, select

from evals_mcp.models.review_queue import ReviewRequest
from evals_mcp.statistics.agreement import JudgmentReading
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.statistics.review_order import Judge, is_labelled
from evals_mcp.store.database.tables import NAMED, judgments
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import FilteredColumns, matching_logs
from evals_mcp.store.questions.run_columns import RunsAsColumns
from evals_mcp.store.questions.samples import ranked_logs
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ReviewedRun:
    """The logs of a run, oldest first. Masks: those that the request means, those with a label, those to hand out.

    `ranks` decide an even order: 63 bits, so that a database can hold them.
    """

    row: Row[Any]
    columns: RunColumns
    numbers: NDArray[Any]
    ranks: NDArray[Any]
    meant: NDArray[Any]
    labelled: NDArray[Any]
    free: NDArray[Any]


class ReviewedRuns:
    """The runs of one request in a transaction. The reference run is the control, else the oldest of the evaluation."""

    def __init__(
        self,
        connection: Connection,
        evaluation: EvaluationState,
        request: ReviewRequest,
        conditions: FilterConditions,
        cache: RevisionCache,
        columns: FilteredColumns,
    ) -> None:
        self.connection = connection
        self.evaluation = evaluation
        self.request = request
        self.conditions = conditions
        self.cache = cache
        self._columns = columns
        self.rows = [row.row for row in evaluation.evaluators]
        self.people = [row for row in self.rows if row.evaluator_type == "human"]

    @cached_property
    def asked(self) -> list[Row[Any]]:
        """The runs that the request names, oldest first."""
        return self.evaluation.find_runs(self.request.filter.run_ids)[::-1]

    @cached_property
    def reference(self) -> Row[Any] | None:
        """The run that others are compared with."""
        oldest_first = self.evaluation.runs[::-1]
        return next((run for run in oldest_first if run.control), oldest_first[0] if oldest_first else None)

    @cached_property
    def found(self) -> RunsAsColumns:
        """The columns of these runs and of the reference run, with all evaluators."""
        every = {run.id: run for run in [*self.asked, *([self.reference] if self.reference else [])]}
        return self._columns.whole(self.connection, every.values(), self.evaluation.evaluators)

    @cached_property
    def judges(self) -> list[Judge]:
        """The evaluators that are no people, and can disagree."""
        scales = {scale.evaluator_version_id: scale for scale in self.request.scales}
        rows = [row for row in self.rows if row.evaluator_type != "human" and row.version_id in scales]
        return [Judge(row, JudgmentReading(scales[row.version_id], row)) for row in rows]

    def read(self, without: Collection[int]) -> list[ReviewedRun]:
        """The runs. The logs with these numbers are not free."""
        import numpy as np

        taken = np.array(sorted(without), dtype=np.int64)
        return (
            [replace(run, free=run.free & ~np.isin(run.numbers, taken)) for run in self._runs]
            if without
            else self._runs
        )

    @cached_property
    def _runs(self) -> list[ReviewedRun]:
        """The runs. Free are logs without a label that the reviewer did not judge as the author of any evaluator."""
        import numpy as np

        judged = np.array(self._judged_by_reviewer(), dtype=np.int64)
        found = []
        for run in self.asked:
            numbers, columns = self.found.numbers[run.id], self.found.columns[run.id]
            labelled = is_labelled(self.people, columns)
            meant = self._meant(run, numbers)
            free = meant & ~labelled & ~np.isin(numbers, judged)
            ranks = ranked_logs(self.connection, self.cache, run).ranks >> np.uint64(1)
            found.append(ReviewedRun(run, columns, numbers, ranks, meant, labelled, free))
        return found

    def _meant(self, run: Row[Any], numbers: NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        if not self.conditions.names:
            return np.ones(len(numbers), dtype=bool)
        chosen = self.cache.get(
            "matching logs of a run",
            self.request.filter.model_copy(update={"run_ids": [run.id]}),
            self.conditions.revisions([run]),
            partial(_matching, self.connection, self.conditions, run),
        )
        return np.isin(numbers, chosen)

    def _judged_by_reviewer(self) -> Sequence[int]:
        names = {"run_ids": [run.id for run in self.asked], "reviewer": self.request.reviewer}
        return self.connection.execute(_JUDGED_BY, names).scalars().all()


_JUDGED_BY = select(judgments.c.log_number).where(
    judgments.c.run_id.in_(bindparam("run_ids", expanding=True)), judgments.c.author == bindparam("reviewer"), NAMED
)


def _matching(connection: Connection, conditions: FilterConditions, run: Row[Any]) -> NDArray[Any]:
    import numpy as np

    found: Mapping[str, list[int]] = matching_logs(connection, conditions, [run])
    return np.array(found[run.id], dtype=np.int64)

"""The runs of a review as columns: which of their logs the request means, have a label, or are free.

What a stage of the order needs is read when the stage is reached: labels always, other judgments and ranks later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, bindparam, select

from evals_mcp.models.labels import ASSISTANT
from evals_mcp.models.review_queue import ReviewRequest
from evals_mcp.statistics.agreement import JudgmentReading
from evals_mcp.statistics.review_order import Judge, is_labelled
from evals_mcp.store.database.tables import NAMED, judgments, run_logs
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import FilteredColumns, matching_logs
from evals_mcp.store.questions.keys import RunLogKey
from evals_mcp.store.questions.run_columns import RunsAsColumns
from evals_mcp.store.questions.samples import ranked_logs
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ReviewedRun:
    """The logs of a run, oldest first. Masks: those that the request means, those with a label, those to hand out."""

    row: Row[Any]
    numbers: NDArray[Any]
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
    def judged(self) -> RunsAsColumns:
        """The columns of these runs and of the reference run, with all evaluators. All have the same keys."""
        every = {run.id: run for run in [*self.asked, *([self.reference] if self.reference else [])]}
        return self._columns.whole(self.connection, every.values(), self.evaluation.evaluators)

    def judged_of(self, runs: Sequence[ReviewedRun]) -> RunsAsColumns:
        """The columns of some of these runs, with all evaluators."""
        return self._columns.whole(self.connection, [run.row for run in runs], self.evaluation.evaluators)

    @cached_property
    def judges(self) -> list[Judge]:
        """The evaluators that are no people, and can disagree."""
        scales = {scale.evaluator_version_id: scale for scale in self.request.scales}
        rows = [row for row in self.rows if row.evaluator_type != "human" and row.version_id in scales]
        return [Judge(row, JudgmentReading(scales[row.version_id], row)) for row in rows]

    def ranks(self, run: ReviewedRun) -> NDArray[Any]:
        """What decides the even order of a run's logs, lowest first: 63 bits, so that a database can hold them."""
        import numpy as np

        return ranked_logs(self.connection, self.cache, run.row).ranks >> np.uint64(1)

    def has(self, key: RunLogKey) -> bool:
        """Whether a log is still in its run, and the run in the evaluation."""
        in_run = self.connection.execute(_IN_RUN, {"of_run": key.run_id, "of_log": key.log_number}).first()
        return in_run is not None and any(run.id == key.run_id for run in self.evaluation.runs)

    def read(self, without: Collection[int]) -> list[ReviewedRun]:
        """The runs. The logs with these numbers are not free."""
        if not without:
            return self._runs
        return [replace(run, free=run.free & ~_among(run.numbers, without)) for run in self._runs]

    @cached_property
    def _runs(self) -> list[ReviewedRun]:
        """The runs. Free are logs without a label that the reviewer, an assistant, did not label either."""
        judged = self._judged_by_reviewer()
        people = [item for item in self.evaluation.evaluators if item.row.evaluator_type == "human"]
        labels = self._columns.whole(self.connection, self.asked, people)
        found = []
        for run in self.asked:
            numbers = labels.numbers[run.id]
            labelled = is_labelled(self.people, labels.columns[run.id])
            meant = self._meant(run, numbers)
            free = meant & ~labelled & ~_among(numbers, judged)
            found.append(ReviewedRun(run, numbers, meant, labelled, free))
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
        labels = [row.id for row in self.rows if row.path.endswith(ASSISTANT)]
        runs = [run.id for run in self.asked]
        names = {"run_ids": runs, "evaluator_ids": labels, "reviewer": self.request.reviewer}
        return self.connection.execute(_JUDGED_BY, names).scalars().all()


_JUDGED_BY = select(judgments.c.log_number).where(
    judgments.c.run_id.in_(bindparam("run_ids", expanding=True)),
    judgments.c.evaluator_id.in_(bindparam("evaluator_ids", expanding=True)),
    judgments.c.author == bindparam("reviewer"),
    NAMED,
)

_IN_RUN = select(run_logs.c.log_number).where(
    run_logs.c.run_id == bindparam("of_run"), run_logs.c.log_number == bindparam("of_log")
)


def index_of(numbers: NDArray[Any], number: int) -> int | None:
    """The index of a log in a run; None if it is not there."""
    at = int(numbers.searchsorted(number))
    return at if at < len(numbers) and numbers[at] == number else None


def _among(numbers: NDArray[Any], few: Collection[int]) -> NDArray[Any]:
    """Which logs of a run have one of a few numbers."""
    import numpy as np

    mask = np.zeros(len(numbers) + 1, dtype=bool)
    wanted = np.fromiter(few, dtype=np.int64, count=len(few))
    at = numbers.searchsorted(wanted)
    mask[at[np.append(numbers, -1)[at] == wanted]] = True
    return mask[:-1]


def _matching(connection: Connection, conditions: FilterConditions, run: Row[Any]) -> NDArray[Any]:
    import numpy as np

    found: Mapping[str, list[int]] = matching_logs(connection, conditions, [run])
    return np.array(found[run.id], dtype=np.int64)

"""Select the logs of a question, in its order, from narrow tables. Reads texts only for a search."""

from bisect import bisect
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cache, cached_property
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select, union_all

from evals_mcp.errors import Invalid
from evals_mcp.models.questions import LogQuestion
from evals_mcp.store.database.tables import run_logs
from evals_mcp.store.evaluations.run_status import read_progress
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.log_statements import LogStatements
from evals_mcp.store.revision_cache import RevisionCache

COUNTED_TO = 1_000
"""The limit for counting the matches of a filter."""

_TOGETHER = 16  # runs in one statement
_ANY_NUMBER = 2**63 - 1
_OLD_PLACE = 2  # values of a place that was told before runs counted in it


class SortedLog(NamedTuple):
    """A log in a run with its sort keys: the value, the log's number, and the run's, because runs share logs.

    A page continues from `sort_key`. The log's number is negative where higher ones come first.
    """

    sort_key: tuple[float, int, int]
    run_id: str
    log_number: int


class SortedLogs(NamedTuple):
    """A page of logs, plus one if there are more. `total` counts all matches, up to `counted_to`."""

    page: list[SortedLog]
    total: int
    counted_to: int | None = None


class LogSelection:
    """Finds the logs of one question. `version` is that of the texts that it searches, from `searched_version`.

    The results of a search are kept for its next pages.
    """

    def __init__(
        self,
        connection: Connection,
        question: LogQuestion,
        evaluation: EvaluationState,
        version: Hashable,
        cache: RevisionCache,
    ) -> None:
        self._connection = connection
        self._question = question
        self._evaluation_id = evaluation.id
        self._attachments = evaluation.attachments
        self._cache = cache
        self.evaluator: AttachedEvaluator | None = None
        """The evaluator that the question sorts or samples by."""
        following = [0.0, 0.0] if question.following is None else question.following
        numbers = following if question.sample else following[1:]
        if not (numbers and all(abs(number) < _ANY_NUMBER for number in numbers)):
            raise Invalid("`following` must be one of the lists in `after`.", ("body", "following"))
        if question.evaluator_version_id is not None:
            self.evaluator = evaluation.find_evaluators([question.evaluator_version_id])[0]
        if question.sort == "worst" and self.evaluator is None:
            raise Invalid("Sorting by worst judgment requires an evaluator.")
        if question.sample and (self.evaluator is None or question.sort != "newest"):
            raise Invalid("A sample requires an evaluator and cannot be sorted.")
        self.conditions = FilterConditions(connection, question.filter, evaluation, version)

    def find(self, rows: Sequence[Row[Any]]) -> SortedLogs:
        """The question's page of logs in these runs."""
        if not self.conditions.names and self._question.sort in ("newest", "length"):
            total = sum(row.logs_count for row in rows)
            return SortedLogs(self._newest(rows) if self._question.sort == "newest" else self._walk(rows), total)
        runs = self._matching(rows)
        few = None if self._surely_many(runs) else self._known_or_few(runs)
        if few is None:
            return SortedLogs(self._walk(runs), COUNTED_TO, COUNTED_TO)
        following = tuple(self._question.following or ())
        start = bisect(few, following, key=lambda item: item[: len(following)]) if following else 0
        shown = few[start : start + self._question.limit + 1]
        ids = {run.number: run.id for run in runs}
        return SortedLogs([SortedLog(key, ids[key[2]], abs(key[1])) for key in shown], len(few))

    @cached_property
    def _statements(self) -> LogStatements:
        worst_by = self.evaluator if self._question.sort == "worst" else None
        return LogStatements(self._question, self.conditions, worst_by)

    def matching(self) -> Select[Any] | None:
        """A statement for the logs of a run (`run_id`) to sample from; None for all."""
        return None if not self.conditions.names else self._statements.of_run()

    def _known_or_few(self, runs: Sequence[Row[Any]]) -> list[tuple[float, int, int]] | None:
        """`_few`, kept for further pages."""
        worst_by = self.evaluator and self.evaluator.version_id
        asked = (self._evaluation_id, self._question.filter, self._question.sort, worst_by, [run.id for run in runs])
        return self._cache.get("few logs", asked, self.conditions.revisions(runs), lambda: self._few(runs))

    def _few(self, runs: Sequence[Row[Any]]) -> list[tuple[float, int, int]] | None:
        """The sort keys of all matching logs in order; None if there are too many to count.

        Plain tuples, because a page of ten may need to sort a thousand.
        """
        order = {run.id: run.number for run in runs}
        found: dict[tuple[str, int], float] = {}
        for source in self._statements.of_runs():
            if self._question.filter.reads_texts and self._connection.dialect.name == "sqlite":
                source = source.order_by(*list(source.selected_columns)[:2])  # as the texts lie in the file
            rows = self._connection.execute(source.limit(COUNTED_TO + 1), {"run_ids": list(order)}).all()
            found |= {(run_id, number): value for run_id, number, value in rows}
            if len(found) > COUNTED_TO:
                return None
        match self._question.sort:
            case "newest":
                return sorted((0, -number, order[run_id]) for run_id, number in found)
            case "worst":
                return sorted((value, number, order[run_id]) for (run_id, number), value in found.items())
        return sorted((-value, -number, order[run_id]) for (run_id, number), value in found.items())

    def _walk(self, runs: Sequence[Row[Any]]) -> list[SortedLog]:
        """The first logs: walk each run in the order of the question until a page is full."""
        most = self._question.limit + 1
        statements = self._statements.in_order()
        found: list[SortedLog] = []
        for run in runs:
            # Only logs as new as the found ones matter. An index tells at once if an older run has none.
            above = found[-1].log_number - 1 if self._question.sort == "newest" and len(found) == most else 0
            parts = [self._first(run, statement, above) for statement in statements]
            found = list(islice(_each_once(merge(found, *parts, key=lambda log: log.sort_key)), most))
        return found

    def _newest(self, runs: Sequence[Row[Any]]) -> list[SortedLog]:
        most = self._question.limit + 1
        found: list[SortedLog] = []
        for start in range(0, len(runs), _TOGETHER):
            together = runs[start : start + _TOGETHER]
            asked: dict[str, Any] = {"most": most}
            for index, run in enumerate(together):
                asked |= {f"run_{index}": run.id, f"before_{index}": self._last(run)}
            numbers = {run.id: run.number for run in together}
            rows = self._connection.execute(_newest_of(len(together)), asked).all()
            found += [SortedLog((0, -number, numbers[run_id]), run_id, number) for number, run_id in rows]
        return sorted(found)[:most]

    def _last(self, run: Row[Any]) -> int:
        """The number of the log that the page follows. In a run that comes later, the log itself is still to come."""
        following = self._question.following
        if following is None:
            return _ANY_NUMBER
        comes_later = len(following) > _OLD_PLACE and run.number > following[2]
        step = -1 if self._question.sort == "worst" else 1
        return abs(int(following[1])) + (step if comes_later else 0)

    def _first(self, run: Row[Any], statement: Select[Any], above: int) -> list[SortedLog]:
        """The first logs of one run from one source, in order."""
        asked = {"run_id": run.id, "above": above, "last": self._last(run)}
        rows = self._connection.execute(statement, asked).all()
        return [SortedLog((*self._key(number, value), run.number), run.id, number) for _, number, value in rows]

    def _key(self, number: int, value: float) -> tuple[float, int]:
        match self._question.sort:
            case "newest":
                return (0, -number)
            case "worst":
                return (value, number)
        return (-value, -number)

    def _matching(self, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        """The runs that can have matches: for missing judgments, only runs that lack some."""
        if not self.conditions.wants_missing:
            return list(rows)
        lacking = self._lacking(rows)
        return [row for row in rows if lacking[row.id]]

    def _surely_many(self, runs: Sequence[Row[Any]]) -> bool:
        """Whether more logs lack judgments than we count. The runs' counters tell this without a search."""
        if not self._statements.only_lacks_judgments:
            return False
        return self._question.sort in ("newest", "length") and sum(self._lacking(runs).values()) > COUNTED_TO

    def _lacking(self, runs: Sequence[Row[Any]]) -> dict[str, int]:
        """The minimum number of logs without a judgment, by run id. Zero only if there are none."""
        progress = read_progress(self._connection, runs, self._attachments)
        return {
            run.id: max(
                (run.logs_count - progress[run.id].judged[item.version_id] for item in self.conditions.evaluators),
                default=0,
            )
            for run in runs
        }


@cache
def _newest_of(amount: int) -> Select[Any]:
    """The newest logs of several runs in one statement. For each run, an index returns them in order."""
    of_runs = [
        select(run_logs.c.log_number, run_logs.c.run_id)
        .where(run_logs.c.run_id == bindparam(f"run_{index}"), run_logs.c.log_number < bindparam(f"before_{index}"))
        .order_by(run_logs.c.log_number.desc())
        .limit(bindparam("most"))
        .subquery()
        for index in range(amount)
    ]
    return select(union_all(*(select(of_run) for of_run in of_runs)).subquery())


def _each_once(found: Iterable[SortedLog]) -> Iterator[SortedLog]:
    """The logs without duplicates. A log judged by two evaluators can come from two sources."""
    before: SortedLog | None = None
    for log in found:
        if log != before:
            yield log
        before = log

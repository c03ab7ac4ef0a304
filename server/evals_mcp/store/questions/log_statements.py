"""SQL statements for the logs of a question, unordered or in its order. Executes nothing.

Each statement covers one run (`run_id`) or several (`run_ids`), and returns run, number and sort key of each log. Only
a text search reads texts.
"""

import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, bindparam, func, select, tuple_

from evals_mcp.models.conditions import JudgmentCondition
from evals_mcp.models.questions import LogQuestion
from evals_mcp.store.database.tables import judgments, run_logs
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.judgment_sql import judgment_conditions

_SORT_COLUMNS = {"latency": run_logs.c.latency, "cost": run_logs.c.cost, "length": run_logs.c.length}
_LAST = sys.float_info.max  # a sort key that JSON can hold
_failed = run_logs.alias("failed_logs")
_Within = Callable[[FromClause], ColumnElement[bool]]  # selects the rows of a table in the runs


class LogStatements:
    """The statements for one question. `worst_by` is the evaluator for the sort `worst`."""

    def __init__(
        self, question: LogQuestion, conditions: FilterConditions, worst_by: AttachedEvaluator | None = None
    ) -> None:
        self._question = question
        self._conditions = conditions
        self._worst_by = worst_by

    @property
    def only_lacks_judgments(self) -> bool:
        """Whether a log matches exactly if one of its judgments is missing."""
        return self._conditions.wants_missing and self._conditions.names == ["judgment"]

    def of_runs(self) -> list[Select[Any]]:
        """Statements over `run_ids` that together return the matching logs, unordered and with duplicates."""
        return self._sources(_in_runs)

    def of_run(self) -> Select[Any]:
        """A statement over `run_id` for the numbers of matching logs."""
        sources = self._sources(_in_run)
        source = sources[0] if len(sources) == 1 else self._logs(_in_run)
        _, number, _ = source.selected_columns
        return source.with_only_columns(number)

    def in_order(self) -> list[Select[Any]]:
        """Statements over `run_id` that an index returns in the order of the question, as far as a page needs.

        They return the newest logs down to the number `above`, and what comes after the log with the number `last`.
        """
        by_column = self._question.sort in _SORT_COLUMNS
        sources = [self._logs(_in_run)] if by_column else self._sources(_in_run)
        return [self._ordered(source) for source in sources]

    def _ordered(self, source: Select[Any]) -> Select[Any]:
        """A source in the order of the question, from the page's start, as far as a page needs."""
        following, last = self._question.following, bindparam("last", type_=BigInteger)
        _, number, value = source.selected_columns
        match self._question.sort:
            case "newest":
                statement = source.where(number > bindparam("above")).order_by(number.desc())
                after = None if following is None else number < last
            case "worst":
                statement = source.order_by(value, number)
                after = None if following is None else tuple_(value, number) > tuple_(following[0], last)
            case _:
                statement = source.order_by(value.desc(), number.desc())
                after = None if following is None else tuple_(value, number) < tuple_(-following[0], last)
        if after is not None:
            statement = statement.where(after)
        return statement.limit(self._question.limit + 1)

    def _sources(self, within: _Within) -> list[Select[Any]]:
        """Statements that together return the matching logs: run, number and sort key.

        An index finds logs by their judgments. Other conditions are checked in the rows of these logs.
        """
        condition, conditions, worst_by = self._conditions.filter.judgment, self._conditions, self._worst_by
        is_by_judgment = condition is not None and not conditions.wants_missing
        if worst_by is not None and (
            not self._conditions.names or (is_by_judgment and conditions.evaluators == [worst_by])
        ):
            return [self._judged_logs(worst_by, condition, within, judgments.c.score)]
        if is_by_judgment:
            sources = [self._judged_logs(item, condition, within) for item in conditions.evaluators]
        else:
            sources = [self._logs(within)]
        return sources if worst_by is None else [_with_score(source, worst_by) for source in sources]

    def _logs(self, within: _Within) -> Select[Any]:
        value = _SORT_COLUMNS.get(self._question.sort, run_logs.c.log_number)
        statement = select(run_logs.c.run_id, run_logs.c.log_number, value)
        if within is _in_runs and self._conditions.filter.errors_only:
            # Few logs match, and an index finds them. Then look up the sort key of each.
            same_log = (_failed.c.run_id == run_logs.c.run_id) & (_failed.c.log_number == run_logs.c.log_number)
            statement = statement.join(_failed, same_log).where(within(_failed), _failed.c.failed.is_(True))
        return statement.where(within(run_logs), value.is_not(None), *self._conditions.on_logs())

    def _judged_logs(
        self,
        evaluator: AttachedEvaluator,
        condition: JudgmentCondition | None,
        within: _Within,
        score: ColumnElement[Any] | None = None,
    ) -> Select[Any]:
        """Logs by their judgments that meet the filter's condition, else all. `score` replaces the sort key.

        A log that several authors judged so comes once, by its worst judgment.
        """
        sort = self._question.sort
        value = _SORT_COLUMNS.get(sort, judgments.c.log_number) if score is None else score
        statement = select(judgments.c.run_id, judgments.c.log_number, value).where(
            within(judgments), *judgment_conditions(condition or JudgmentCondition(), evaluator), value.is_not(None)
        )
        others = self._conditions.on_logs(() if condition is None else ("judgment",))
        if others or sort in _SORT_COLUMNS:
            same_log = (run_logs.c.run_id == judgments.c.run_id) & (run_logs.c.log_number == judgments.c.log_number)
            statement = statement.join(run_logs, same_log).where(*others)
        if not evaluator.attachment.is_shared:
            return statement
        run_id, number, worst = judgments.c.run_id, judgments.c.log_number, func.min(value).label("value")
        once = statement.with_only_columns(run_id, number, worst).group_by(run_id, number).subquery()
        return select(once.c.run_id, once.c.log_number, once.c.value)


def _with_score(source: Select[Any], evaluator: AttachedEvaluator) -> Select[Any]:
    """The logs of a source with their score by an evaluator as sort key. Logs without one come last."""
    found = source.subquery()
    run_id, number, _ = found.c
    score = select(func.min(judgments.c.score) if evaluator.attachment.is_shared else judgments.c.score).where(
        judgments.c.run_id == run_id,
        judgments.c.log_number == number,
        *judgment_conditions(JudgmentCondition(), evaluator),
    )
    return select(run_id, number, func.coalesce(score.scalar_subquery(), _LAST).label("score"))


def _in_run(table: FromClause) -> ColumnElement[bool]:
    return table.c.run_id == bindparam("run_id")


def _in_runs(table: FromClause) -> ColumnElement[bool]:
    return table.c.run_id.in_(bindparam("run_ids", expanding=True))

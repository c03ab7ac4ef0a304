"""Statements that give the logs which a reviewer's question means, in no order or in its own; none is executed here.

Each is over one run (`run_id`) or several (`run_ids`), and gives of each log its run, its number and what it is sorted
by. No texts are read but for a search.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, bindparam, exists, or_, select, tuple_

from evals_mcp.models.review import EvaluatorRow, JudgmentMatch, LogQuestion
from evals_mcp.store.database.tables import judgments, logs, run_logs
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.evaluations.run_status import Attachment, judgment_exists, judgments_of
from evals_mcp.store.logs.judgments import ABSTAINED, FAILED, JUDGED

_STATES = {"judged": JUDGED, "abstained": ABSTAINED, "failed": FAILED}
_SORT_COLUMNS = {"latency": run_logs.c.latency, "cost": run_logs.c.cost, "length": run_logs.c.length}
_PLAIN_TEXTS = (logs.c.output, logs.c.error)
_JSON_TEXTS = (logs.c.inputs, logs.c.messages, logs.c.output_message)
_failed = run_logs.alias("failed_logs")
_same = judgments.alias("same_judgment")
_Within = Callable[[FromClause], ColumnElement[bool]]  # which rows of a table are in the runs


class LogStatements:
    """The statements for one question; `chosen` are the evaluators by whose judgments logs are chosen."""

    def __init__(
        self,
        connection: Connection,
        question: LogQuestion,
        chosen: Sequence[Attachment],
        evaluators: Sequence[EvaluatorRow],
    ) -> None:
        self._question = question
        self._chosen = chosen
        self._evaluators = {row.version_id: row for row in evaluators}
        self._conditions = self._filters(connection)

    @property
    def is_plain(self) -> bool:
        """Whether every log of the runs matches."""
        return not self._conditions and self._question.match is None

    @property
    def only_lacks_judgments(self) -> bool:
        """Whether a log matches just if a judgment of it is missing."""
        match = self._question.match
        return match is not None and match.state == "missing" and len(self._conditions) == 1

    def of_runs(self) -> list[Select[Any]]:
        """Statements over `run_ids` that together give the matching logs, in no order; some may be given twice."""
        return self._sources(_in_runs)

    def of_run(self) -> Select[Any]:
        """A statement over `run_id` for the numbers of the logs that match by one evaluator."""
        (source,) = self._sources(_in_run)
        _, number, _ = source.selected_columns
        return source.with_only_columns(number)

    def in_order(self) -> list[Select[Any]]:
        """Statements over `run_id` that an index gives in the order of the question, as far as a page needs it.

        The newest logs are given down to the number `above`.
        """
        return [self._ordered(source) for source in self._walked_sources()]

    def _ordered(self, source: Select[Any]) -> Select[Any]:
        """A source in the order of the question, from where it goes on, as far as a page needs it."""
        following = self._question.following
        _, number, value = source.selected_columns
        match self._question.sort:
            case "newest":
                statement = source.where(number > bindparam("above")).order_by(number.desc())
                after = None if following is None else number < -following[1]
            case "worst":
                statement = source.order_by(value, number)
                after = None if following is None else tuple_(value, number) > tuple_(*following)
            case _:
                statement = source.order_by(value.desc(), number.desc())
                after = None if following is None else tuple_(value, number) < tuple_(-following[0], -following[1])
        if after is not None:
            statement = statement.where(after)
        return statement.limit(self._question.limit + 1)

    def _walked_sources(self) -> list[Select[Any]]:
        """Sources of one run which an index gives in the order of the question."""
        match = self._judged_match
        if match is None or self._question.sort not in _SORT_COLUMNS:
            return self._sources(_in_run)
        judged = or_(*(self._is_judged(item, match) for item in self._chosen))
        return [self._logs(_in_run).where(judged)]

    def _sources(self, within: _Within) -> list[Select[Any]]:
        """Statements that together give the matching logs: run, number, and what they are sorted by."""
        match = self._judged_match
        if match is None:
            return [self._logs(within)]
        return [self._judged_logs(item, match, within) for item in self._chosen]

    @property
    def _judged_match(self) -> JudgmentMatch | None:
        """What judgments must be like for their logs to match; None if logs need none."""
        match = self._question.match
        if match is None or match.state == "missing":
            return JudgmentMatch() if self._question.sort == "worst" else None
        return match

    def _logs(self, within: _Within) -> Select[Any]:
        value = _SORT_COLUMNS.get(self._question.sort, run_logs.c.log_number)
        statement = select(run_logs.c.run_id, run_logs.c.log_number, value)
        if within is _in_runs and self._question.errors_only:
            # Few logs are, and an index finds them; then each is looked up for what it is sorted by.
            same_log = (_failed.c.run_id == run_logs.c.run_id) & (_failed.c.log_number == run_logs.c.log_number)
            statement = statement.join(_failed, same_log).where(within(_failed), _failed.c.failed.is_(True))
        return statement.where(within(run_logs), value.is_not(None), *self._conditions)

    def _judged_logs(self, attachment: Attachment, match: JudgmentMatch, within: _Within) -> Select[Any]:
        """Logs by their judgments; what runs keep of the logs is read only if it is asked for."""
        sort = self._question.sort
        value = judgments.c.score if sort == "worst" else _SORT_COLUMNS.get(sort, judgments.c.log_number)
        statement = select(judgments.c.run_id, judgments.c.log_number, value).where(
            within(judgments), *self._matching_of(attachment, match), value.is_not(None)
        )
        if not self._conditions and sort not in _SORT_COLUMNS:
            return statement
        same_log = (run_logs.c.run_id == judgments.c.run_id) & (run_logs.c.log_number == judgments.c.log_number)
        return statement.join(run_logs, same_log).where(*self._conditions)

    def _is_judged(self, attachment: Attachment, match: JudgmentMatch) -> ColumnElement[bool]:
        """Whether a log of `run_logs` has such a judgment."""
        of_log = (judgments.c.run_id == run_logs.c.run_id, judgments.c.log_number == run_logs.c.log_number)
        return exists().where(*of_log, *self._matching_of(attachment, match)).correlate(run_logs)

    def _matching_of(self, attachment: Attachment, match: JudgmentMatch) -> list[ColumnElement[bool]]:
        lower_is_better = self._evaluators[attachment.evaluator_version_id].lower_is_better
        return [*judgments_of(attachment), *_matching(match, lower_is_better)]

    def _filters(self, connection: Connection) -> list[ColumnElement[bool]]:
        question = self._question
        conditions: list[ColumnElement[bool]] = []
        if question.datapoint_id is not None:
            conditions.append(run_logs.c.datapoint_id == question.datapoint_id)
        if question.errors_only:
            conditions.append(run_logs.c.failed.is_(True))
        if question.match is not None and question.match.state == "missing":
            conditions.append(or_(*(~judgment_exists(item) for item in self._chosen)))
        if question.text:
            conditions.append(
                exists().where(
                    logs.c.number == run_logs.c.log_number,
                    contains_text(connection, question.text, _PLAIN_TEXTS, _JSON_TEXTS),
                )
            )
        return conditions


def _in_run(table: FromClause) -> ColumnElement[bool]:
    return table.c.run_id == bindparam("run_id")


def _in_runs(table: FromClause) -> ColumnElement[bool]:
    return table.c.run_id.in_(bindparam("run_ids", expanding=True))


def _matching(match: JudgmentMatch, lower_is_better: bool) -> list[ColumnElement[bool]]:
    """The conditions on a judgment; bounds are put on the score, which is indexed, and not on the number."""
    conditions: list[ColumnElement[bool]] = [judgments.c.state == _STATES[match.state]]
    if match.state != "judged":
        # It follows from the state; with it the index gives the logs in their order.
        conditions.append(judgments.c.score.is_(None))
    if match.label is not None:
        listed = json.dumps(match.label, ensure_ascii=False)
        conditions.append(or_(judgments.c.label == match.label, judgments.c.label.contains(listed, autoescape=True)))
    if match.low is None and match.high is None:
        return conditions
    low, high = match.low, match.high
    if lower_is_better:
        low, high = None if high is None else -high, None if low is None else -low
    if low == high:
        return [*conditions, judgments.c.score == low, _has_number()]
    conditions.append(judgments.c.number.is_not(None))
    if low is not None:
        conditions.append(judgments.c.score >= low)
    if high is not None:
        conditions.append(judgments.c.score <= high)
    return conditions


def _has_number() -> ColumnElement[bool]:
    """Whether a judgment is a number; asked so that the index of scores alone says which logs have this one."""
    keys = ("run_id", "evaluator_id", "log_number", "evaluator_version_id")
    return exists().where(*(_same.c[key] == judgments.c[key] for key in keys), _same.c.number.is_not(None))

"""Logs for reviews: chosen and ordered by what runs keep of them, page by page; texts are read for those shown only."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
    union,
    union_all,
)

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.models.review import JudgmentMatch, LogQuestion, LogRows
from evals_mcp.store.database import Database
from evals_mcp.store.judgments import ABSTAINED, FAILED, JUDGED
from evals_mcp.store.review_log_rows import read_log_rows
from evals_mcp.store.reviewed_evaluations import ReviewedEvaluation, ReviewedEvaluations
from evals_mcp.store.run_status import Attachment, judgments_of, read_progress
from evals_mcp.store.sampled_logs import Sample, sample_logs
from evals_mcp.store.tables import judgments, logs, run_logs
from evals_mcp.store.text_search import contains_text

COUNTED_TO = 1_000
"""Matches of a filter are counted no further than this."""

_STATES = {"judged": JUDGED, "abstained": ABSTAINED, "failed": FAILED}
_TOGETHER = 16  # runs in one statement
_ANY_NUMBER = 2**63 - 1
_SORT_COLUMNS = {"latency": run_logs.c.latency, "cost": run_logs.c.cost, "length": run_logs.c.length}


_PLAIN_TEXTS = (logs.c.output, logs.c.error)
_JSON_TEXTS = (logs.c.inputs, logs.c.messages, logs.c.output_message)


class _Place(NamedTuple):
    """A log in a run, and what orders it."""

    key: tuple[float, int]
    run_id: str
    log_number: int


class ReviewLogs:
    """Logs as a reviewer reads them."""

    def __init__(self, database: Database, reviewed: ReviewedEvaluations) -> None:
        self._database = database
        self._reviewed = reviewed

    def get(self, evaluation_id: str, question: LogQuestion, known: str | None = None) -> LogRows:
        """The logs of an evaluation that a question asks for.

        Raises NotFound, Invalid, and Outdated unless `known`, if given, is the token of the evaluation's overview.
        """
        with self._database.read() as connection:
            reviewed = self._reviewed.read(connection, evaluation_id, known)
            rows, attachments = reviewed.find_runs(question.run_ids), reviewed.attachments
            selection = _Selection(connection, question, reviewed)
            if question.sample:
                return self._sample(connection, selection, rows, question, attachments)
            places = selection.page(rows)
            shown = places[: question.limit]
            total, counted_to = selection.count(rows)
            return LogRows(
                rows=read_log_rows(connection, shown, attachments, question.characters, question.text),
                total=total,
                counted_to=counted_to,
                after=[list(place.key) for place in shown],
                more=len(places) > len(shown),
            )

    def _sample(
        self,
        connection: Connection,
        selection: "_Selection",
        rows: Sequence[Row[Any]],
        question: LogQuestion,
        attachments: Sequence[Attachment],
    ) -> LogRows:
        offset = int(question.following[0]) if question.following else 0
        found = selection.sample(rows, offset + question.limit)
        shown = found.logs[offset:]
        return LogRows(
            rows=read_log_rows(connection, shown, attachments, question.characters, question.text),
            total=found.total,
            after=[[offset + place] for place in range(1, len(shown) + 1)],
            more=offset + len(shown) < found.total,
        )


class _Selection:
    """The statements that choose and order the logs of one question."""

    def __init__(self, connection: Connection, question: LogQuestion, reviewed: ReviewedEvaluation) -> None:
        attachments = reviewed.attachments
        self._connection = connection
        self._question = question
        self._attachments = attachments
        self._evaluators = {row.version_id: row for row in reviewed.evaluators}
        self._evaluator = next(
            (item for item in attachments if item.evaluator_version_id == question.evaluator_version_id), None
        )
        if question.following is not None and len(question.following) != (1 if question.sample else 2):
            raise Invalid("`following` must be one of the lists in `after`.", ("body", "following"))
        if question.evaluator_version_id is not None and self._evaluator is None:
            raise NotFound(f"The evaluation has no evaluator version `{question.evaluator_version_id}`.")
        if question.sort == "worst" and self._evaluator is None:
            raise Invalid("Sorting by the worst judgment needs an evaluator.")
        if question.sample and (self._evaluator is None or question.sort != "newest"):
            raise Invalid("A sample needs an evaluator, and is not sorted.")
        self._chosen = attachments if self._evaluator is None else [self._evaluator]
        self._value = (
            judgments.c.score if question.sort == "worst" else _SORT_COLUMNS.get(question.sort, run_logs.c.log_number)
        )
        self._conditions = self._filters()

    def page(self, rows: Sequence[Row[Any]]) -> list[_Place]:
        """The places of a page, and one more if there are more."""
        if self._is_plain and self._question.sort == "newest":
            return self._newest([row.id for row in rows])
        statements = [self._ordered(source) for source in self._sources]
        found = [self._first(row.id, statement) for row in self._matching(rows) for statement in statements]
        ordered = merge(*found, key=lambda place: place.key)
        return list(islice(_each_once(ordered), self._question.limit + 1))

    def count(self, rows: Sequence[Row[Any]]) -> tuple[int, int | None]:
        """How many logs match, and how far they were counted if that is not to the end."""
        if self._is_plain and self._question.sort in ("newest", "length"):
            return sum(row.logs_count for row in rows), None
        sources = [source.with_only_columns(run_logs.c.log_number) for source in self._sources]
        numbers = sources[0] if len(sources) == 1 else union(*sources)
        matching = numbers.limit(bindparam("most")).subquery()
        statement = select(func.count()).select_from(matching)
        total = 0
        for row in self._matching(rows):
            most = COUNTED_TO + 1 - total
            total += self._connection.execute(statement, {"run_id": row.id, "most": most}).scalar_one()
            if total > COUNTED_TO:
                return COUNTED_TO, COUNTED_TO
        return total, None

    def sample(self, rows: Sequence[Row[Any]], size: int) -> Sample:
        """The first logs of an even sample of those that match."""
        assert self._evaluator is not None
        columns = (run_logs.c.log_number, run_logs.c.datapoint_id)
        return_type = self._evaluators[self._evaluator.evaluator_version_id].return_type
        matching = self._sources[0].with_only_columns(*columns)
        return sample_logs(self._connection, self._matching(rows), matching, self._evaluator, return_type, size)

    @property
    def _is_plain(self) -> bool:
        """Whether every log of the runs matches."""
        return not self._conditions and self._question.match is None

    def _newest(self, run_ids: Sequence[str]) -> list[_Place]:
        following, most = self._question.following, self._question.limit + 1
        asked = {"before": _ANY_NUMBER if following is None else -int(following[1]), "most": most}
        found: list[_Place] = []
        for start in range(0, len(run_ids), _TOGETHER):
            together = run_ids[start : start + _TOGETHER]
            names = {f"run_{place}": run_id for place, run_id in enumerate(together)}
            rows = self._connection.execute(_newest_of(len(together)), {**asked, **names}).all()
            found += [_Place((0, -number), run_id, number) for number, run_id in rows]
        order = {run_id: place for place, run_id in enumerate(run_ids)}
        return sorted(found, key=lambda place: (place.key, order[place.run_id]))[:most]

    def _first(self, run_id: str, statement: Select[Any]) -> list[_Place]:
        """The first places of one run out of one source, in order."""
        rows = self._connection.execute(statement, {"run_id": run_id}).all()
        return [_Place(self._key(number, value), run_id, number) for number, value in rows]

    def _key(self, number: int, value: float) -> tuple[float, int]:
        match self._question.sort:
            case "newest":
                return (0, -number)
            case "worst":
                return (value, number)
        return (-value, -number)

    def _ordered(self, source: Select[Any]) -> Select[Any]:
        """A source in the order of the question, from where it goes on, as far as a page needs it."""
        following = self._question.following
        number = run_logs.c.log_number
        match self._question.sort:
            case "newest":
                statement = source.order_by(number.desc())
                after = None if following is None else number < -following[1]
            case "worst":
                key = (judgments.c.score, judgments.c.log_number)
                statement = source.order_by(*key)
                after = None if following is None else tuple_(*key) > tuple_(*following)
            case sort:
                column = _SORT_COLUMNS[sort]
                statement = source.order_by(column.desc(), number.desc())
                after = None if following is None else tuple_(column, number) < tuple_(-following[0], -following[1])
        if after is not None:
            statement = statement.where(after)
        return statement.limit(self._question.limit + 1)

    @cached_property
    def _sources(self) -> list[Select[Any]]:
        """Statements over one run (`run_id`) that together give its matching logs and what they are sorted by."""
        match = self._question.match
        if match is None or match.state == "missing":
            if self._question.sort != "worst":
                return [self._logs()]
            match = JudgmentMatch()
        return [self._judged_logs(item, match) for item in self._chosen]

    def _matching(self, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        """The runs that can have matching logs: where judgments are wanted that are missing, those that lack some."""
        match = self._question.match
        if match is None or match.state != "missing":
            return list(rows)
        return [row for row in rows if self._may_lack_judgments(row)]

    def _logs(self) -> Select[Any]:
        column = self._value
        return select(run_logs.c.log_number, column.label("value")).where(
            run_logs.c.run_id == bindparam("run_id"), column.is_not(None), *self._conditions
        )

    def _judged_logs(self, attachment: Attachment, match: JudgmentMatch) -> Select[Any]:
        """Logs by their judgments: few judgments match, and an index finds them."""
        in_run = (run_logs.c.run_id == judgments.c.run_id) & (run_logs.c.log_number == judgments.c.log_number)
        return (
            select(run_logs.c.log_number, self._value.label("value"))
            .select_from(judgments)
            .join(run_logs, in_run)
            .where(
                judgments.c.run_id == bindparam("run_id"),
                *judgments_of(attachment),
                *_matching(match, self._evaluators[attachment.evaluator_version_id].lower_is_better),
                self._value.is_not(None),
                *self._conditions,
            )
        )

    def _may_lack_judgments(self, run: Row[Any]) -> bool:
        progress = read_progress(self._connection, [run], self._attachments)[run.id]
        return any(progress.judged[item.evaluator_version_id] < run.logs_count for item in self._chosen)

    def _filters(self) -> list[ColumnElement[bool]]:
        question = self._question
        conditions: list[ColumnElement[bool]] = []
        if question.datapoint_id is not None:
            conditions.append(run_logs.c.datapoint_id == question.datapoint_id)
        if question.errors_only:
            conditions.append(run_logs.c.failed.is_(True))
        if question.match is not None and question.match.state == "missing":
            conditions.append(or_(*(~_judgment_exists(item) for item in self._chosen)))
        if question.text:
            conditions.append(
                exists().where(
                    logs.c.number == run_logs.c.log_number,
                    contains_text(self._connection, question.text, _PLAIN_TEXTS, _JSON_TEXTS),
                )
            )
        return conditions


@cache
def _newest_of(amount: int) -> Select[Any]:
    """The newest logs of so many runs in one statement; asked of each run by itself, an index gives them in order."""
    of_runs = [
        select(run_logs.c.log_number, run_logs.c.run_id)
        .where(run_logs.c.run_id == bindparam(f"run_{place}"), run_logs.c.log_number < bindparam("before"))
        .order_by(run_logs.c.log_number.desc())
        .limit(bindparam("most"))
        .subquery()
        for place in range(amount)
    ]
    return select(union_all(*(select(of_run) for of_run in of_runs)).subquery())


def _each_once(places: Iterable[_Place]) -> Iterator[_Place]:
    """The places without repeats: a log that two evaluators judged alike comes out of two sources."""
    before: _Place | None = None
    for place in places:
        if place != before:
            yield place
        before = place


def _judgment_exists(attachment: Attachment) -> ColumnElement[bool]:
    """Whether a log of `run_logs` has anything from an attached evaluator."""
    of_log = (judgments.c.run_id == run_logs.c.run_id, judgments.c.log_number == run_logs.c.log_number)
    return exists().where(*of_log, *judgments_of(attachment)).correlate(run_logs)


def _matching(match: JudgmentMatch, lower_is_better: bool) -> list[ColumnElement[bool]]:
    """The conditions on a judgment; bounds are put on the score, which is indexed, and not on the number."""
    conditions: list[ColumnElement[bool]] = [judgments.c.state == _STATES[match.state]]
    if match.label is not None:
        listed = json.dumps(match.label, ensure_ascii=False)
        conditions.append(or_(judgments.c.label == match.label, judgments.c.label.contains(listed, autoescape=True)))
    if match.low is None and match.high is None:
        return conditions
    conditions.append(judgments.c.number.is_not(None))
    low, high = match.low, match.high
    if lower_is_better:
        low, high = None if high is None else -high, None if low is None else -low
    if low is not None:
        conditions.append(judgments.c.score >= low)
    if high is not None:
        conditions.append(judgments.c.score <= high)
    return conditions

"""Which logs of runs a reviewer's question means, in its order: by what runs keep of them; no texts are read."""

import json
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    bindparam,
    exists,
    or_,
    select,
    tuple_,
    union_all,
)

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.models.review import JudgmentMatch, LogQuestion
from evals_mcp.store.judgments import ABSTAINED, FAILED, JUDGED
from evals_mcp.store.reviewed_evaluations import ReviewedEvaluation
from evals_mcp.store.run_status import Attachment, judgment_exists, judgments_of, read_progress
from evals_mcp.store.sampled_logs import Matching
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
_failed = run_logs.alias("failed_logs")
_same = judgments.alias("same_judgment")
_Within = Callable[[FromClause], ColumnElement[bool]]  # which rows of a table are in the runs


class Place(NamedTuple):
    """A log in a run, and what orders it."""

    key: tuple[float, int]
    run_id: str
    log_number: int


class Places(NamedTuple):
    """A page of places and one more if there are more; `total` counts all, not further than `counted_to`."""

    page: list[Place]
    total: int
    counted_to: int | None = None


class LogSelection:
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
        self._conditions = self._filters()

    def find(self, rows: Sequence[Row[Any]]) -> Places:
        """The places of the question's page in these runs."""
        if self._is_plain and self._question.sort in ("newest", "length"):
            total = sum(row.logs_count for row in rows)
            return Places(self._newest(rows) if self._question.sort == "newest" else self._walk(rows), total)
        runs = self._matching(rows)
        few = None if self._surely_many(runs) else self._few(runs)
        if few is None:
            return Places(self._walk(runs), COUNTED_TO, COUNTED_TO)
        following = self._question.following
        start = 0 if following is None else bisect(few, tuple(following), key=lambda item: item[:2])
        shown = few[start : start + self._question.limit + 1]
        return Places([Place((key, at), runs[run].id, abs(at)) for key, at, run in shown], len(few))

    def matching(self) -> Matching | None:
        """Which logs of a run a sample is taken from; None if from all of them."""
        if self._is_plain:
            return None
        question = self._question
        asked = (question.datapoint_id, question.errors_only, question.text, repr(question.match))
        (source,) = self._sources(_in_run)
        _, number, _ = source.selected_columns
        return Matching(source.with_only_columns(number), (*asked, tuple(self._chosen)))

    def _few(self, runs: Sequence[Row[Any]]) -> list[tuple[float, int, int]] | None:
        """All matching logs in order, as their keys and the places of their runs; None if they are too many to count.

        Plain tuples, because up to a thousand are put in order for a page of ten.
        """
        order = {run.id: place for place, run in enumerate(runs)}
        found: dict[tuple[str, int], float] = {}
        for source in self._sources(_in_runs):
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

    def _walk(self, runs: Sequence[Row[Any]]) -> list[Place]:
        """The first places, going through each run in the order of the question until a page is full."""
        most = self._question.limit + 1
        statements = [self._ordered(source) for source in self._walked_sources()]
        found: list[Place] = []
        for run in runs:
            # Newer logs than those found are wanted; of an older run that an index tells to be none.
            above = -found[-1].key[1] if self._question.sort == "newest" and len(found) == most else 0
            parts = [self._first(run.id, statement, above) for statement in statements]
            found = list(islice(_each_once(merge(found, *parts, key=lambda place: place.key)), most))
        return found

    @property
    def _is_plain(self) -> bool:
        """Whether every log of the runs matches."""
        return not self._conditions and self._question.match is None

    def _newest(self, runs: Sequence[Row[Any]]) -> list[Place]:
        following, most = self._question.following, self._question.limit + 1
        asked = {"before": _ANY_NUMBER if following is None else -int(following[1]), "most": most}
        found: list[Place] = []
        for start in range(0, len(runs), _TOGETHER):
            together = runs[start : start + _TOGETHER]
            names = {f"run_{place}": run.id for place, run in enumerate(together)}
            rows = self._connection.execute(_newest_of(len(together)), {**asked, **names}).all()
            found += [Place((0, -number), run_id, number) for number, run_id in rows]
        order = {run.id: place for place, run in enumerate(runs)}
        return sorted(found, key=lambda place: (place.key, order[place.run_id]))[:most]

    def _first(self, run_id: str, statement: Select[Any], above: int) -> list[Place]:
        """The first places of one run out of one source, in order."""
        rows = self._connection.execute(statement, {"run_id": run_id, "above": above}).all()
        return [Place(self._key(number, value), run_id, number) for _, number, value in rows]

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

    def _matching(self, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        """The runs that can have matching logs: where judgments are wanted that are missing, those that lack some."""
        if self._question.match is None or self._question.match.state != "missing":
            return list(rows)
        lacking = self._lacking(rows)
        return [row for row in rows if lacking[row.id]]

    def _surely_many(self, runs: Sequence[Row[Any]]) -> bool:
        """Whether more logs lack judgments than are counted, which what runs count tells without looking for them."""
        match = self._question.match
        if match is None or match.state != "missing" or len(self._conditions) > 1:
            return False
        return self._question.sort in ("newest", "length") and sum(self._lacking(runs).values()) > COUNTED_TO

    def _lacking(self, runs: Sequence[Row[Any]]) -> dict[str, int]:
        """How many logs lack a judgment at the least, by run id: none only if none does."""
        progress = read_progress(self._connection, runs, self._attachments)
        return {
            run.id: max(
                (run.logs_count - progress[run.id].judged[item.evaluator_version_id] for item in self._chosen),
                default=0,
            )
            for run in runs
        }

    def _filters(self) -> list[ColumnElement[bool]]:
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


def _each_once(places: Iterable[Place]) -> Iterator[Place]:
    """The places without repeats: a log that two evaluators judged alike comes out of two sources."""
    before: Place | None = None
    for place in places:
        if place != before:
            yield place
        before = place


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


def _in_run(table: FromClause) -> ColumnElement[bool]:
    return table.c.run_id == bindparam("run_id")


def _in_runs(table: FromClause) -> ColumnElement[bool]:
    return table.c.run_id.in_(bindparam("run_ids", expanding=True))


def _has_number() -> ColumnElement[bool]:
    """Whether a judgment is a number; asked so that the index of scores alone says which logs have this one."""
    keys = ("run_id", "evaluator_id", "log_number", "evaluator_version_id")
    return exists().where(*(_same.c[key] == judgments.c[key] for key in keys), _same.c.number.is_not(None))

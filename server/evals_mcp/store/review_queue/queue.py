"""The review queue: hand each reviewer the next log, and no log to two of them at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from evals_mcp.models.review_queue import (
    FIRST_OF_REASON,
    PreviousReview,
    ReviewAnswer,
    ReviewDetail,
    ReviewItem,
    ReviewReason,
    ReviewRequest,
)
from evals_mcp.store.database.acts import leave_no_entry
from evals_mcp.store.database.database import Database
from evals_mcp.store.logs.own_judgments import require_own_review
from evals_mcp.store.questions.evaluation_states import EvaluationStates
from evals_mcp.store.questions.filter_conditions import FilterConditions, searched_version
from evals_mcp.store.questions.filtered_columns import FilteredColumns
from evals_mcp.store.questions.keys import RunLogKey
from evals_mcp.store.questions.log_rows import read_log_rows
from evals_mcp.store.review_queue.leases import HandOut, Leases
from evals_mcp.store.review_queue.progress import read_progress_of
from evals_mcp.store.review_queue.reasons import next_hand_out
from evals_mcp.store.review_queue.runs import ReviewedRun, ReviewedRuns, index_of
from evals_mcp.store.revision_cache import RevisionCache

_CHOSEN: tuple[ReviewReason, ...] = ("regression", "disagreement", "slice")


class ReviewQueue:
    """Hands out the logs of evaluations."""

    def __init__(
        self, database: Database, evaluations: EvaluationStates, cache: RevisionCache, columns: FilteredColumns
    ) -> None:
        self._database = database
        self._evaluations = evaluations
        self._cache = cache
        self._columns = columns

    def next(self, evaluation_id: str, request: ReviewRequest) -> ReviewAnswer:
        """Hand out the next log, or the one that the reviewer has. Raises NotFound, Invalid and Unauthorized.

        It is one transaction, in which the labels are read, too: so a log that has one, or that another reviewer has,
        is never handed out.
        """
        require_own_review(request.reviewer)
        version = searched_version(self._database, request.filter)
        with self._database.read() as connection:  # others need not wait while this reads what is cached then
            now = self._database.now()
            asked = self._asked(connection, evaluation_id, request, version)
            _first(asked, leases := Leases(connection, asked.evaluation.id, request.reviewer, now))
            read_progress_of(asked, asked.read(()), leases)
        leave_no_entry()  # a lease is no data of the evaluation, and ends by itself
        with self._database.write() as connection:
            now = self._database.now()
            asked = self._asked(connection, evaluation_id, request, version)
            leases = Leases(connection, asked.evaluation.id, request.reviewer, now)
            given = _hand_out(asked, leases, skip=request.skip)
            leases = Leases(connection, asked.evaluation.id, request.reviewer, now)
            runs = asked.read(leases.leased)
            item = None if given is None else _item(asked, given, leases)
            return ReviewAnswer(
                item=item,
                progress=read_progress_of(asked, runs, leases),
                previous=_previous(asked, runs, leases),
                asked_at=now,
            )

    def _asked(self, connection: Connection, evaluation_id: str, request: ReviewRequest, version: Any) -> ReviewedRuns:
        evaluation = self._evaluations.read(connection, evaluation_id)
        conditions = FilterConditions(connection, request.filter, evaluation, version)
        return ReviewedRuns(connection, evaluation, request, conditions, self._cache, self._columns)


def _hand_out(asked: ReviewedRuns, leases: Leases, *, skip: bool) -> HandOut | None:
    """Lease a log to the reviewer: the one that they have, else the first free one, else one that they skipped."""
    every = asked.read(leases.leased)
    current = leases.current
    if current is not None and skip and _is_free(every, current, only_meant=False):
        leases.end(current, skipped=True)
        leases.skipped[current.log_number] = current
    elif current is not None and leases.is_active(current):
        if _is_free(every, current):
            return _lease(leases, _of_row(current))
        leases.end(current, skipped=False)
    given = _first(asked, leases) or _skipped(asked, every, leases)
    return None if given is None else _lease(leases, given)


def _first(asked: ReviewedRuns, leases: Leases) -> HandOut | None:
    """The first free log in the order. Later stages of it are not even read."""
    runs, order = asked.read({*leases.leased, *leases.skipped}), asked.request.order
    if order != "auto":
        return next_hand_out(order, asked, runs)
    for reason in _CHOSEN:
        if leases.handed_out.get(reason, 0) < FIRST_OF_REASON and (found := next_hand_out(reason, asked, runs)):
            return found
    return next_hand_out("even", asked, runs)


def _skipped(asked: ReviewedRuns, runs: Sequence[ReviewedRun], leases: Leases) -> HandOut | None:
    """The log that the reviewer skipped first, where nothing else is left."""
    rows = sorted(leases.skipped.values(), key=lambda row: (row.handed_out_at, row.log_number))
    wanted = [row for row in rows if asked.request.order in ("auto", row.reason) and _is_free(runs, row)]
    return _of_row(wanted[0]) if wanted else None


def _is_free(runs: Sequence[ReviewedRun], row: Row[Any], *, only_meant: bool = True) -> bool:
    """Whether a log that was handed out is in its run and has no label, and is meant by the request."""
    for run in runs:
        if run.row.id == row.run_id:
            at = index_of(run.numbers, row.log_number)
            return at is not None and bool(run.free[at] if only_meant else not run.labelled[at])
    return False


def _of_row(row: Row[Any]) -> HandOut:
    return HandOut(row.run_id, row.log_number, row.reason, ReviewDetail.model_validate(row.detail), row.sample_rank)


def _lease(leases: Leases, given: HandOut) -> HandOut:
    leases.give(given)
    return given


def _item(asked: ReviewedRuns, given: HandOut, leases: Leases) -> ReviewItem:
    """The log with its texts, and the reference run's log beside it. A blind one has nothing that tells a verdict."""
    until: datetime = next(row.leased_until for row in leases.own if row.log_number == given.log_number)
    keys = [RunLogKey(given.run_id, given.log_number)]
    detail, blind = given.detail, asked.request.blind
    if not blind and detail.baseline_run_id is not None and detail.baseline_log_number is not None:
        key = RunLogKey(detail.baseline_run_id, detail.baseline_log_number)
        if asked.has(key):
            keys.append(key)
    rows = read_log_rows(asked.connection, keys, asked.evaluation.attachments, asked.request.characters)
    if blind:
        return ReviewItem(log=rows[0].model_copy(update={"judgments": []}), leased_until=until)
    return ReviewItem(
        log=rows[0],
        reason=given.reason,
        detail=detail,
        baseline=rows[1] if len(rows) > 1 else None,
        is_sample=given.sample_rank is not None,
        leased_until=until,
    )


def _previous(asked: ReviewedRuns, runs: Sequence[ReviewedRun], leases: Leases) -> PreviousReview | None:
    """The log that the reviewer got before, if it has a label now."""
    before = leases.own[-2] if len(leases.own) > 1 else None
    for run in runs:
        if before is not None and run.row.id == before.run_id and before.log_number in run.numbers[run.labelled]:
            key, attachments = RunLogKey(before.run_id, before.log_number), asked.evaluation.attachments
            (row,) = read_log_rows(asked.connection, [key], attachments, asked.request.characters)
            return PreviousReview(log_id=row.id, judgments=row.judgments)
    return None

"""Which logs were handed to whom: the rows of `review_items`, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select, update

from evals_mcp.models.review_queue import LEASE_MINUTES, ReviewDetail, ReviewReason
from evals_mcp.store.database.tables import review_items


class HandOut(NamedTuple):
    """A log of a run to hand out. `sample_rank` is its place in the even sample of the run, if it counts there."""

    run_id: str
    log_number: int
    reason: ReviewReason
    detail: ReviewDetail
    sample_rank: int | None = None


class Leases:
    """What was handed out in an evaluation, as one reviewer sees it at a moment."""

    def __init__(self, connection: Connection, evaluation_id: str, reviewer: str, now: datetime) -> None:
        self._connection = connection
        self._of = {"evaluation_id": evaluation_id, "reviewer": reviewer}
        self._now = now
        self._following = now
        rows: Sequence[Row[Any]] = connection.execute(_ITEMS, {"of_evaluation": evaluation_id}).all()
        if rows:  # so that the order of hand-outs is told by their times, also in one moment
            self._following = max(now, rows[-1].handed_out_at + timedelta(microseconds=1))
        self.own = [row for row in rows if row.reviewer == reviewer]
        """The reviewer's rows, oldest hand-out first."""
        self.leased = {row.log_number for row in rows if row.reviewer != reviewer and row.leased_until > now}
        """The numbers of the logs that others have."""
        self.skipped = {row.log_number: row for row in self.own if row.skipped}
        self.handed_out = {
            reason: len({row.log_number for row in rows if row.reason == reason}) for reason in {r.reason for r in rows}
        }
        """How many logs were handed out, by reason."""
        self.sampled: dict[str, int] = {}
        """The highest rank in the even sample, by run."""
        for row in rows:
            if row.sample_rank is not None:
                self.sampled[row.run_id] = max(self.sampled.get(row.run_id, -1), row.sample_rank)

    @property
    def current(self) -> Row[Any] | None:
        """The log that the reviewer got last, unless it was skipped."""
        return self.own[-1] if self.own and not self.own[-1].skipped else None

    def is_active(self, row: Row[Any]) -> bool:
        """Whether a lease has not lapsed."""
        return bool(row.leased_until > self._now)

    def end(self, row: Row[Any], *, skipped: bool) -> None:
        """End the lease of one of the reviewer's logs."""
        until = min(row.leased_until, self._now)
        self._change(row.log_number, leased_until=until, skipped=skipped)

    def give(self, item: HandOut) -> datetime:
        """Lease a log to the reviewer, and return until when."""
        until = self._now + timedelta(minutes=LEASE_MINUTES)
        before = next((row for row in self.own if row.log_number == item.log_number), None)
        values: dict[str, Any] = {
            "run_id": item.run_id,
            "reason": item.reason,
            "detail": item.detail.model_dump(exclude_none=True),
            "handed_out_at": self._following,
            "leased_until": until,
            "skipped": False,
        }
        if before is None:
            rank = {"sample_rank": item.sample_rank}
            self._connection.execute(_INSERT, {**self._of, "log_number": item.log_number, **values, **rank})
        else:
            rank = {} if item.sample_rank is None else {"sample_rank": item.sample_rank}
            self._change(item.log_number, **values, **rank)
        return until

    def _change(self, log_number: int, **values: Any) -> None:
        names = {"of_evaluation": self._of["evaluation_id"], "of_reviewer": self._of["reviewer"]}
        self._connection.execute(_OWN.values(**values), {**names, "of_log": log_number})


_ITEMS = (
    select(review_items)
    .where(review_items.c.evaluation_id == bindparam("of_evaluation"))
    .order_by(review_items.c.handed_out_at, review_items.c.log_number)
)
_INSERT = review_items.insert()
_OWN = update(review_items).where(
    review_items.c.evaluation_id == bindparam("of_evaluation"),
    review_items.c.log_number == bindparam("of_log"),
    review_items.c.reviewer == bindparam("of_reviewer"),
)

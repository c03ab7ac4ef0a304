"""Copy the logs of one run from the mirrored server into the scratch workspace."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from evals_mcp.client.raw_pages import PAGE, RawPages
from evals_mcp.errors import Invalid
from evals_mcp.importers.api_records import ReadLog, Unreadable, key_of, read_log
from evals_mcp.mirror.log_order import LogOrder
from evals_mcp.mirror.paging import PagedList, Tell, read_pages
from evals_mcp.mirror.scratch import Scratch
from evals_mcp.models.evaluation_document import ClearRecord


@dataclass
class RunRows:
    """How far a run was read for an evaluation. `read_at` is the start of the reading by the mirror's clock.

    `sign` is the run's sign at that time, None once it has changed. Unreadable logs and judgments are lost.
    """

    evaluation_id: str
    run_id: str
    dataset_id: str | None
    created_at: datetime
    sign: str | None
    read_at: float
    pages: PagedList
    order: LogOrder
    is_cleared: bool = False
    was_changing: bool = False
    lost_logs: int = 0
    lost_judgments: int = 0
    why_lost: str = ""

    def fits(self, evaluation_id: str, sign: str | None) -> bool:
        """Whether the rows match the current evaluation, by the sign."""
        return self.evaluation_id == evaluation_id and self.sign is not None and self.sign == sign

    def lose(self, log_id: str | None, why: str) -> None:
        """Exclude a log."""
        self.lost_logs += 1
        self.why_lost = self.why_lost or f"{log_id or 'without an id'}: {why}"


async def read_rows(rows: RunRows, raw: RawPages, scratch: Scratch, tell: Tell) -> None:
    """Read the rest of a run, and call `tell` after each page. Raises EvalsError."""
    fetch = partial(raw.run_logs, rows.evaluation_id, rows.run_id, size=PAGE)
    await read_pages(rows.pages, fetch, partial(_put, rows, scratch), tell)


async def _put(rows: RunRows, scratch: Scratch, page: int, items: list[Any]) -> None:
    if not rows.is_cleared:
        await scratch.put([ClearRecord(run_id=rows.run_id)])
        rows.is_cleared = True
    found: list[ReadLog] = []
    for item in items:
        try:
            found.append(read_log(item, rows.run_id))
        except Unreadable as error:
            rows.lose(key_of(item), str(error))
    await scratch.put_versions(version for log in found for version in log.versions)
    if rows.dataset_id is not None:
        await scratch.put_datapoints(rows.dataset_id, (log.datapoint for log in found if log.datapoint))
    kept = [log for log in found if _has_versions(rows, scratch, log)]
    _number(rows, scratch, page, kept)
    try:
        await scratch.put(chain.from_iterable((log.log, *log.judgments) for log in kept))
    except Invalid:
        await _put_each(rows, scratch, kept)


async def _put_each(rows: RunRows, scratch: Scratch, logs: list[ReadLog]) -> None:
    """Put logs one by one, because the workspace refuses one of them."""
    for log in logs:
        try:
            await scratch.put([log.log])
        except Invalid as error:
            rows.lose(log.log.id, str(error))
            continue
        for judgment in log.judgments:
            try:
                await scratch.put([judgment])
            except Invalid:
                rows.lost_judgments += 1


def _has_versions(rows: RunRows, scratch: Scratch, log: ReadLog) -> bool:
    """Whether the log's version is readable. Drops judgments by unreadable versions."""
    known = [item for item in log.judgments if scratch.why_unreadable(item.evaluator_version_id) is None]
    rows.lost_judgments += log.lost_judgments + len(log.judgments) - len(known)
    log.judgments = known
    why = scratch.why_unreadable(log.log.version_id)
    if why is not None:
        rows.lose(log.log.id, why)
    return why is None


def _number(rows: RunRows, scratch: Scratch, page: int, logs: list[ReadLog]) -> None:
    times: list[datetime] = []
    for log in logs:
        times.append(log.log.created_at or (times[-1] if times else rows.created_at))
    for log, number in zip(logs, rows.order.number(page, times, PAGE), strict=True):
        log.log.number = number
        for judgment in log.judgments:
            judgment.number = scratch.next_judgment_number()

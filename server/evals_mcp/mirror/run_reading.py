"""Read the logs of new or changed runs for one question, as far as time allows."""

from collections.abc import Awaitable, Callable, Sequence

from evals_mcp.client.row_sources import Progress
from evals_mcp.errors import Unavailable
from evals_mcp.importers.api_records import key_of
from evals_mcp.mirror.log_order import LogOrder
from evals_mcp.mirror.overviews import Definition
from evals_mcp.mirror.paging import PagedList
from evals_mcp.mirror.run_rows import RunRows, read_rows
from evals_mcp.mirror.state import MirrorState
from evals_mcp.mirror.time_limit import TimeLimit
from evals_mcp.models.rows import RunRow

_PASSES = 3


async def read_runs(
    state: MirrorState,
    limit: TimeLimit,
    definition: Definition,
    run_ids: Sequence[str],
    define: Callable[[], Awaitable[Definition]],
    progress: Progress | None,
    since: float,
) -> list[RunRows]:
    """Read runs of an evaluation into the scratch workspace, and return how far each was read.

    `define` fetches the current evaluation: a run that changed meanwhile is read again, up to three times in all. A run
    without a sign is read unless it was read after `since`. Raises EvalsError if no run can be read at all.
    """
    there = {run.id for run in definition.overview.runs}
    wanted = [run_id for run_id in dict.fromkeys(run_ids) if run_id in there]
    due = [run_id for run_id in wanted if not is_current(state, definition, run_id, since)]
    passed: list[RunRows] = []
    for tries in range(1, _PASSES + 1):
        # As the evaluation is now: a run that is read again has other counts, or is no longer there.
        rows = [
            _rows_of(state, definition, run, rank) for rank, run in enumerate(definition.overview.runs) if run.id in due
        ]
        rows.sort(key=lambda item: due.index(item.run_id))
        if not await _read_all(state, limit, rows, passed, progress):
            break
        passed += rows
        definition = await define() if due else definition
        moved = [item for item in rows if _has_moved(item, definition)]
        for item in moved:
            item.sign = None
            item.was_changing = tries == _PASSES
        due = [item.run_id for item in moved]
        if not due:
            break
    found = [state.rows[run_id] for run_id in wanted]
    _require_some(found)
    return found


def is_current(state: MirrorState, definition: Definition, run_id: str, since: float) -> bool:
    """Whether all logs of a run are in the scratch workspace, by its sign or because they were read after `since`."""
    rows, sign = state.rows.get(run_id), definition.signs.get(run_id)
    if rows is None or not rows.pages.is_whole:
        return False
    is_new = sign is None and rows.evaluation_id == definition.id and rows.read_at >= since
    return is_new or rows.fits(definition.id, sign)


def _rows_of(state: MirrorState, definition: Definition, run: RunRow, rank: int) -> RunRows:
    """The rows read of a run, the oldest of rank 0, if they are current, else a new reading."""
    before, sign = state.rows.get(run.id), definition.signs.get(run.id)
    if before is not None and before.fits(definition.id, sign):
        return before
    if before is not None:
        before.order.give_back()
    state.rows[run.id] = RunRows(
        definition.id,
        run.id,
        definition.dataset_id(run.id),
        run.created_at,
        sign,
        state.clock(),
        PagedList(key_of, counted=None if sign is None else run.logs_count),
        LogOrder(state.scratch.log_numbers, rank),
    )
    return state.rows[run.id]


async def _read_all(
    state: MirrorState,
    limit: TimeLimit,
    rows: Sequence[RunRows],
    passed: Sequence[RunRows],
    progress: Progress | None,
) -> bool:
    """Read runs one after the other, after those that `passed`. Returns whether there was time for all."""
    with limit.scope() as scope:

        async def tell() -> None:
            done = sum(item.pages.records for item in (*passed, *rows))
            total = max(done, sum(item.pages.expected for item in (*passed, *rows)))
            if progress is not None:
                await progress(done, total, f"{done:,} of {total:,} logs read")
            if not limit.left:
                scope.cancel()

        for item in rows:
            await read_rows(item, state.raw, state.scratch, tell)
    return not scope.cancelled_caught


def _has_moved(rows: RunRows, definition: Definition) -> bool:
    """Whether a run changed while it was read: it has another sign, or records were on two pages."""
    return rows.sign != definition.signs.get(rows.run_id) or rows.pages.has_shifted


def _require_some(found: Sequence[RunRows]) -> None:
    if any(rows.pages.records for rows in found):
        return
    for rows in found:
        for error in rows.pages.failures.values():
            raise error
    if not all(rows.pages.is_whole for rows in found):
        raise Unavailable("The server is slow: no logs could be read in time. Ask again to continue.")

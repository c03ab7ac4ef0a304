"""Which evaluation and run a log belongs to."""

from typing import NamedTuple

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.logs import LogResponse, log_kind
from evals_mcp.models.questions import Filter, LogQuestion
from evals_mcp.models.resolved import ResolvedEvaluation

_EVALUATIONS = 10
_LOGS = 100


class LogPlace(NamedTuple):
    """An evaluation with the log, by its name or id, and the label of the log's run."""

    evaluation_id: str
    evaluation: str
    run: str


async def find_run_label(lookup: Lookup, evaluation: ResolvedEvaluation, log: LogResponse) -> str | None:
    """The label of the run that has a log; None if none of the evaluation has it."""
    kind = log_kind(log)
    version_id = getattr(log, kind).version_id if kind else None
    run_ids = [run.id for run in evaluation.runs if run.version_id in (None, version_id)]
    if not run_ids:
        return None
    condition = Filter(run_ids=run_ids, datapoint_id=log.source_datapoint_id)
    evaluation, rows = await (await lookup.rows()).find_logs(
        evaluation, LogQuestion(filter=condition, limit=_LOGS, characters=0)
    )
    return next((evaluation.run_labels[row.run_id] for row in rows.rows if row.id == log.id), None)


async def find_place(lookup: Lookup, log: LogResponse, evaluation_id: str | None = None) -> LogPlace | None:
    """Where a log belongs: in this evaluation, else in one of the last changed evaluations of the log's file."""
    if evaluation_id and (place := await _place_in(lookup, evaluation_id, log)):
        return place
    kind = log_kind(log)
    if kind is None:
        return None
    listed = await (await lookup.rows()).list_evaluations(getattr(log, kind).path, limit=_EVALUATIONS)
    for row in listed.rows:
        if row.id != evaluation_id and (place := await _place_in(lookup, row.id, log)):
            return place
    return None


async def _place_in(lookup: Lookup, evaluation_id: str, log: LogResponse) -> LogPlace | None:
    try:
        evaluation = await (await lookup.rows()).get_evaluation(evaluation_id)
    except (NotFound, Invalid):
        return None
    run = await find_run_label(lookup, evaluation, log)
    return LogPlace(evaluation.id, evaluation.overview.evaluation.name or evaluation.id, run) if run else None

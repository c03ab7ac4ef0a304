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
    kind = log_kind(log)
    path = getattr(log, kind).path if kind else None
    rows = await lookup.rows()
    ids = [evaluation_id] if evaluation_id else []
    if path:
        listed = await rows.list_evaluations(path, limit=_EVALUATIONS)
        ids += [row.id for row in listed.rows if row.id != evaluation_id]
    for id in ids:
        try:
            evaluation = await rows.get_evaluation(id)
        except (NotFound, Invalid):
            continue
        if run := await find_run_label(lookup, evaluation, log):
            return LogPlace(evaluation.id, evaluation.overview.evaluation.name or evaluation.id, run)
    return None

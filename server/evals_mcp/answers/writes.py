"""The result of a write, and what the run still lacks, as an answer."""

from collections.abc import Sequence

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow

_LISTED = 10


def summarize_generation(
    evaluation: ResolvedEvaluation, run: RunRow, log_id: str, datapoint: str, budget: int, *, opened: bool
) -> Quoted:
    """A log recorded for a datapoint, and what its run still lacks. `opened` if the run was completed before."""
    answer = Answer(budget)
    answer.head(
        f"Logged {name(log_id)} for datapoint {name(datapoint)} "
        f"in run {name(evaluation.run_labels[run.id])} ({name(run.id)})."
    )
    if opened:
        answer.line("The run was completed and is open again.")
    answer.line(_state(evaluation, run))
    return answer.text()


def summarize_added_logs(
    evaluation: ResolvedEvaluation, run: RunRow, log_ids: Sequence[str], before: int, budget: int, *, checked: bool
) -> Quoted:
    """Logs added to a run that had `before` logs, and what the run still lacks. `checked` if they fit the run."""
    answer = Answer(budget)
    added = run.logs_count - before
    shown = figures.listed([name(log_id) for log_id in log_ids], _LISTED)
    already = len(log_ids) - added
    answer.head(
        f"Added {figures.count(added, 'log')} to run {name(evaluation.run_labels[run.id])} ({name(run.id)}): {shown}."
    )
    if already > 0:
        answer.line(f"Already in the run: {figures.count(already)}.")
    if added and not checked:
        answer.line("This server does not check whether added logs are of the run's version and dataset.")
    answer.line(_state(evaluation, run))
    return answer.text()


def _state(evaluation: ResolvedEvaluation, run: RunRow) -> Quoted:
    """The run's status, and its missing logs and judgments."""
    parts: list[Quoted] = []
    if run.missing_datapoints:
        of = f" of {figures.count(run.datapoints_count)}" if run.datapoints_count is not None else ""
        parts.append(f"logs for {figures.count(run.missing_datapoints)}{of} datapoints")
    for row, stats in zip(evaluation.evaluators, run.stats, strict=True):
        missing = run.logs_count - stats.logs
        if missing > 0:
            parts.append(f"{figures.count(missing, 'judgment')} by {name(evaluation.evaluator_labels[row.version_id])}")
    rest: Quoted = f" Missing: {', '.join(parts)}." if parts else ""
    if not parts and run.status == "completed":
        rest = " Nothing is missing." if run.datapoints_count else " No judgments are missing."
    return f"The run is {name(run.status)} with {figures.count(run.logs_count, 'log')}.{rest}"

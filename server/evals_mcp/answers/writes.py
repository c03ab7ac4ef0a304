"""The result of a write, and what the run still lacks, as an answer."""

from collections.abc import Sequence

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import next_call, undo_line
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow

_LISTED = 10
_UNCHECKED: Quoted = "They are of the run's version. This server does not check whether they are of its dataset."


def summarize_generation(
    evaluation: ResolvedEvaluation,
    run: RunRow,
    log_ids: Sequence[str],
    datapoints: Sequence[str],
    budget: int,
    *,
    opened: bool,
    dry_run: bool,
) -> Quoted:
    """Logs recorded for datapoints, and what their run still lacks. `opened` if the run was completed before."""
    answer = Answer(budget)
    where: Quoted = f"in run {name(evaluation.run_labels[run.id])} ({name(run.id)})"
    one: Quoted = f" for datapoint {name(datapoints[0])}" if len(datapoints) == 1 else ""
    if dry_run:
        answer.head(
            f"Dry run, nothing was stored. {figures.count(len(datapoints), 'output')}{one} would be logged {where}."
        )
    elif one:
        answer.head(f"Logged {name(log_ids[0])}{one} {where}.")
    else:
        ids = figures.listed([name(log_id) for log_id in log_ids], _LISTED)
        answer.head(f"Logged {figures.count(len(log_ids), 'output')} {where}: {ids}.")
    if opened:
        answer.line(
            "The run is completed and would be open again." if dry_run else "The run was completed and is open again."
        )
    answer.line(_state(evaluation, run))
    return answer.text()


def summarize_added_logs(
    evaluation: ResolvedEvaluation, run: RunRow, log_ids: Sequence[str], added: int, budget: int, *, checked: bool
) -> Quoted:
    """Logs of which `added` were new to a run, and what the run still lacks. `checked` if they fit its dataset."""
    answer = Answer(budget)
    shown = figures.listed([name(log_id) for log_id in log_ids], _LISTED)
    already = len(log_ids) - added
    answer.head(
        f"Added {figures.count(added, 'log')} to run {name(evaluation.run_labels[run.id])} ({name(run.id)}): {shown}."
    )
    if already > 0:
        answer.line(f"Already in the run: {figures.count(already)}.")
    if added and not checked:
        answer.line(_UNCHECKED)
    answer.line(_state(evaluation, run))
    return answer.text()


def summarize_fitting_logs(
    evaluation: ResolvedEvaluation, run: RunRow, log_ids: Sequence[str], budget: int, *, checked: bool
) -> Quoted:
    """Logs that could be added to a run, after a dry run. `checked` if they fit its dataset."""
    answer = Answer(budget)
    where: Quoted = f"run {name(evaluation.run_labels[run.id])} ({name(run.id)})"
    answer.head(f"Dry run, nothing was stored. {figures.count(len(log_ids), 'log')} can be added to {where}.")
    if not checked:
        answer.line(_UNCHECKED)
    answer.line(_state(evaluation, run))
    return answer.text()


def summarize_update(
    evaluation: ResolvedEvaluation, before: RunRow, run: RunRow, status: str | None, budget: int, *, dry_run: bool
) -> Quoted:
    """A run that became the control (without a `status`), or was completed or cancelled."""
    answer = Answer(budget)
    is_so = before.control if status is None else before.status == status
    what: Quoted = "the control" if status is None else name(status)
    verb: Quoted = "was already" if is_so else "would be" if dry_run else "is now"
    start: Quoted = "Dry run, nothing was stored. " if dry_run else ""
    answer.head(f"{start}Run {name(evaluation.run_labels[run.id])} ({name(run.id)}) {verb} {what}.")
    answer.line(_state(evaluation, run))
    if dry_run and not is_so:
        answer.offer("Next: the same call without dry_run.")
    else:
        answer.offer(f"Next: {next_call('list_runs', evaluation=evaluation.id)}")
    return answer.text()


def closing_lines(
    writes: Sequence[str], *, repeats: bool, is_ignored: bool, limits: Sequence[tuple[str, int, int]] = ()
) -> list[Quoted]:
    """What holds for a repeated call, and how to undo its writes. `is_ignored` if the server knows no request ids.

    `limits` are those that the workspace has nearly reached: of `logs` or `bytes`, how many, and how many are left.
    """
    lines: list[Quoted] = []
    if repeats:
        lines.append("This request_id was used before: this is the first result, and nothing was written again.")
    if is_ignored:
        lines.append("This server does not know request_id: the same call again writes again.")
    lines += [_limit_line(*limit) for limit in limits]
    return [*lines, undo_line(writes)] if writes else lines


def _limit_line(kind: str, most: int, left: int) -> Quoted:
    used = figures.count((most - left) * 100 // most if most else 100)
    amount = figures.byte_size(most) if kind == "bytes" else figures.count(most, "log")
    return f"This workspace has used {used}% of its limit of {amount}."


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

"""The opening of an answer about an evaluation."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, cell, name
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow

_NAME = 200


def subject(evaluation: ResolvedEvaluation) -> Quoted:
    """The evaluation's name and id, for answers about a part of it."""
    row = evaluation.overview.evaluation
    return f"Evaluation {cell(row.name, _NAME)} ({name(row.id)})." if row.name else f"Evaluation {name(row.id)}."


def opening(evaluation: ResolvedEvaluation) -> Quoted:
    """One line: the evaluation's name, id, file, status, missing work, and the numbers of its parts."""
    row = evaluation.overview.evaluation
    called = subject(evaluation)[:-1]
    of_file = f" of {name(row.file_path)}" if row.file_path else ""
    sizes = sorted({run.datapoints_count for run in evaluation.runs if run.datapoints_count is not None})
    datasets = sorted({run.dataset_path for run in evaluation.runs if run.dataset_path})
    parts = [figures.count(len(evaluation.runs), "run"), figures.count(len(evaluation.evaluators), "evaluator")]
    if len(sizes) == 1:
        over = f" of {name(datasets[0])}" if len(datasets) == 1 else ""
        parts.append(figures.count(sizes[0], "datapoint") + over)
    elif sizes:
        parts.append(f"datasets of {', '.join(map(figures.count, sizes))} datapoints")
    return f"{called}{of_file}: {name(row.status)}{_waiting_for(evaluation)}; {', '.join(parts)}."


def run_status(run: RunRow) -> Quoted:
    """A run's status, and if so, that none of its logs has an output: `completed, all 40 logs are errors`."""
    if not run.logs_count or run.failed_logs < run.logs_count:
        return name(run.status)
    if run.logs_count == 1:
        return f"{name(run.status)}, its only log is an error"
    return f"{name(run.status)}, all {figures.count(run.logs_count)} logs are errors"


def _waiting_for(evaluation: ResolvedEvaluation) -> Quoted:
    """What a running evaluation waits for: ` (waiting for 3 or more logs, 12 judgments)`.

    Nothing waits for evaluators that are for review. Logs are counted against datapoints, because only the logs tell
    which datapoints have one.
    """
    if evaluation.overview.evaluation.status != "running":
        return ""
    logs = sum(max((run.datapoints_count or 0) - run.logs_count, 0) for run in evaluation.runs)
    judgments = sum(
        run.logs_count - stats.logs
        for run in evaluation.runs
        for evaluator, stats in zip(evaluation.evaluators, run.stats, strict=True)
        if not evaluator.for_review
    )
    parts: list[Quoted] = [f"{figures.count(logs)} or more logs"] if logs else []
    parts += [figures.count(judgments, "judgment")] if judgments > 0 else []
    return f" (waiting for {', '.join(parts)})" if parts else ""

"""Runs over some of their logs as an answer: the usual table for a filter, or a table with a row for each group."""

from collections.abc import Sequence

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out, next_call
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.answers.group_names import group_words, subject_of
from evals_mcp.answers.headlines import headline, pass_words
from evals_mcp.answers.subjects import subject
from evals_mcp.models.figures import EvaluatorFigures
from evals_mcp.models.groups import ChosenRunFigures, GroupBy, LogGroup, LogGroupFigures
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow

BIASED: Quoted = "The logs are chosen by what runs gave, so rates and differences are biased."


def filtered_runs(
    evaluation: ResolvedEvaluation, found: ChosenRunFigures, *, same_datapoints: bool
) -> ResolvedEvaluation:
    """The evaluation with only the logs in `found`. Runs that lost all stay, with no logs.

    Without `same_datapoints`, the runs may have different ones, so their differences are not paired.
    """
    of_runs = {figures.run_id: figures for figures in found.groups[0].runs}
    status = evaluation.overview.evaluation.status  # that of a whole run says nothing of some logs
    runs = [_filtered(run, of_runs[run.id], status, same_datapoints) for run in evaluation.runs if run.id in of_runs]
    overview = evaluation.overview.model_copy(update={"runs": runs})
    notes = evaluation.notes if same_datapoints else (*evaluation.notes, BIASED)
    return ResolvedEvaluation(overview, evaluation.token, evaluation.run_labels, evaluation.evaluator_labels, notes)


def _filtered(run: RunRow, found: LogGroupFigures, status: str, same_datapoints: bool) -> RunRow:
    changes: dict[str, object] = {
        "status": status,
        "logs_count": found.logs_count,
        "failed_logs": found.failed_logs,
        "datapoints_count": found.datapoints_count,
        "missing_datapoints": 0,
        "stats": found.stats,
        "reported": [],
    }
    return run.model_copy(update=changes if same_datapoints else {**changes, "dataset_version_id": None})


def no_logs(evaluation: ResolvedEvaluation, filtered: Quoted, notes: Sequence[Quoted], budget: int) -> Quoted:
    """The answer where no log meets a filter, and why."""
    answer = Answer(budget)
    answer.head(f"{subject(evaluation)}\nNo logs{filtered}.")
    for note in (*notes, *evaluation.notes):
        answer.note(note)
    return answer.text()


def summarize_run_groups(
    evaluation: ResolvedEvaluation,
    found: ChosenRunFigures,
    group_by: GroupBy,
    filtered: Quoted,
    budget: int,
    *,
    offset: int,
    call: Call,
) -> Quoted:
    """A row for each group and run, with n and each evaluator's figure, from an index."""
    answer = Answer(budget)
    grouped = subject_of(group_by, evaluation)
    of_logs = f" of logs{filtered}" if filtered else ""
    answer.head(f"{subject(evaluation)}\nFigures{of_logs} in groups of {grouped}.")
    for note in evaluation.notes:
        answer.note(note)
    lines = _lines(evaluation, found.groups, group_by, grouped)
    if any(group.name is not None and group.name.low != group.name.high for group in found.groups):
        answer.note("Bins have about equally many logs.")
    again = next_call("compare_runs", evaluation=evaluation.id, group_by=call.arguments["group_by"])
    answer.note(f"Differences with intervals: {again}")
    rows = lines[1 + offset :]
    answer.rows(rows, lambda shown: left_out(len(rows) - shown, "row", call.at(offset + shown)), header=lines[0])
    return answer.text()


def _lines(
    evaluation: ResolvedEvaluation, groups: Sequence[LogGroup], group_by: GroupBy, grouped: Quoted
) -> list[Quoted]:
    labels = [name(label) for label in evaluation.evaluator_labels.values()]
    cells = [
        [
            group_words(group.name, group_by),
            name(evaluation.run_labels[run.run_id]),
            figures.count(run.logs_count),
            *(_figure(stats, run.logs_count) for stats in run.stats),
        ]
        for group in groups
        if group.name is not None
        for run in group.runs
        if run.logs_count
    ]
    return table([grouped, "run", "n", *labels], cells)


def _figure(stats: EvaluatorFigures, logs: int) -> Quoted:
    """The headline, and its n if some logs are not judged."""
    text = headline(stats)
    partial = "" if not text or stats.judged_logs == logs else f" n={figures.count(stats.units or stats.judged_logs)}"
    return ", ".join(filter(None, [text + partial, pass_words(stats)]))

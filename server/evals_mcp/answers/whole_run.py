"""One run as an answer: its facts, each evaluator's figures and counts, and the comparison with the baseline."""

from collections.abc import Sequence

from evals_mcp.answers.authors import author_notes
from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.comparison_rows import comparison_table
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import left_out, next_call
from evals_mcp.answers.frame.lists import Rank
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.answers.headlines import headline, pass_words
from evals_mcp.answers.reported_figures import run_figures
from evals_mcp.answers.reports import comparison_remarks
from evals_mcp.answers.subjects import opening, run_status
from evals_mcp.answers.version_changes import headed_change_rows
from evals_mcp.models.figures import EvaluatorFigures
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow

_HEADERS: tuple[Quoted, ...] = ("evaluator", "result", "judged", "failed", "abstained", "missing")


def summarize_run(evaluation: ResolvedEvaluation, run: RunRow, compared: Compared | None, budget: int) -> Quoted:
    """A run of an evaluation. `compared` is its comparison with the baseline; None for the baseline itself."""
    answer = Answer(budget)
    answer.head(f"{opening(evaluation)}\n{_facts(run, evaluation.run_labels[run.id])}")
    remarks = [
        *author_notes(evaluation, [run]),
        *run_figures(evaluation, run),
        *([] if compared is None else comparison_remarks(compared)),
        *evaluation.notes,
    ]
    for remark in remarks:
        answer.note(remark)
    judged = zip(evaluation.evaluators, run.stats, strict=True)
    rows = [_cells(name(evaluation.evaluator_labels[row.version_id]), stats, run.logs_count) for row, stats in judged]
    _add_table(answer, table(_HEADERS, rows), next_call("list_runs", evaluation=evaluation.id))
    if compared is not None:
        answer.head(f"Compared with {compared.run(compared.found.baseline.run_id)}:")
        call = next_call("compare_runs", evaluation=evaluation.id, candidates=[evaluation.run_labels[run.id]])
        _add_table(answer, comparison_table(compared, compared.rows()), call)
        if changes := headed_change_rows(compared):
            answer.rows(changes, lambda shown: left_out(len(changes) - shown, "change", call))
    return answer.text()


def _facts(run: RunRow, label: str) -> Quoted:
    facts: list[Quoted] = [
        f"Run {name(label)}" + (f" ({name(run.id)})" if label != run.id else "") + ("; control" if run.control else "")
    ]
    if run.file_path:
        facts.append(f"version {name(run.version_id or '')} of {name(run.file_path)}")
    if run.dataset_path:
        facts.append(f"dataset {name(run.dataset_path)}")
    facts += [run_status(run), figures.count(run.logs_count, "log")]
    if run.datapoints_count is not None:
        missing = f", {figures.count(run.missing_datapoints)} without a log" if run.missing_datapoints else ""
        facts.append(figures.count(run.datapoints_count, "datapoint") + missing)
    return "; ".join([*facts, figures.date(run.created_at)]) + "."


def _cells(label: Quoted, stats: EvaluatorFigures, logs: int) -> list[Quoted]:
    counts = (stats.num_judgments, stats.num_errors, stats.num_nulls, logs - stats.logs)
    return [label, ", ".join(filter(None, [headline(stats), pass_words(stats)])), *map(figures.count, counts)]


def _add_table(answer: Answer, lines: Sequence[Quoted], call: Quoted) -> None:
    if not lines:
        answer.line("Nothing to show.")
        return
    answer.rows(
        lines[1:], lambda shown: left_out(len(lines) - 1 - shown, "row", call), header=lines[0], rank=Rank.VERDICTS
    )

"""The report of an evaluation in Markdown: an overview, its runs, what each candidate changed, and notes."""

from evals_mcp.answers.comparison_notes import Compared, coverage_notes, method_notes, pairing_notes
from evals_mcp.answers.comparison_rows import comparison_table
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import left_out, next_call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.lists import Rank
from evals_mcp.answers.frame.markdown import as_markdown, markdown_table
from evals_mcp.answers.frame.quoting import Quoted, cell, name
from evals_mcp.answers.runs import run_remarks, run_table
from evals_mcp.answers.subjects import opening
from evals_mcp.answers.version_changes import change_rows
from evals_mcp.models.resolved import ResolvedEvaluation

_TITLE = 200


def report_evaluation(evaluation: ResolvedEvaluation, compared: Compared | None, budget: int) -> Quoted:
    """The report. `compared` is each candidate against the baseline; None if there are not two runs."""
    answer = Answer(budget)
    row = evaluation.overview.evaluation
    title = f"Evaluation {cell(row.name, _TITLE)}" if row.name else f"Evaluation {name(row.id)}"
    answer.head(f"# {as_markdown(title)}\n\n{as_markdown(opening(evaluation))}")
    if not evaluation.runs:
        answer.line("\nNo runs yet.")
        return answer.text()
    remarks = [*run_remarks(evaluation), *evaluation.notes, *([] if compared is None else comparison_remarks(compared))]
    if remarks:
        answer.note("\n## Notes\n")
    for remark in remarks:
        answer.note(f"- {as_markdown(remark)}")
    answer.head("\n## Runs\n")
    lines = markdown_table(run_table(evaluation))
    more = as_markdown(next_call("list_runs", evaluation=row.id))
    answer.rows(
        lines[1:],
        lambda shown: _below(left_out(len(lines) - 1 - shown, "run", more)),
        header=lines[0],
        rank=Rank.VERDICTS,
    )
    if compared is not None:
        _add_comparison(answer, compared)
    return answer.text()


def comparison_remarks(compared: Compared) -> list[Quoted]:
    """Notes on the table, except for excluded judgments, which are with the runs."""
    return [*method_notes(compared, list(compared.rows())), *coverage_notes(compared), *pairing_notes(compared)]


def _add_comparison(answer: Answer, compared: Compared) -> None:
    baseline = compared.run(compared.found.baseline.run_id)
    answer.head(f"\n## Compared with {as_markdown(baseline)}\n")
    lines = comparison_table(compared, compared.rows())
    if not lines:
        answer.line("Nothing to compare.")
        return
    shown_as = markdown_table(lines)
    more = as_markdown(next_call("compare_runs", evaluation=compared.evaluation.id))
    answer.rows(
        shown_as[1:],
        lambda shown: _below(left_out(len(shown_as) - 1 - shown, "comparison", more)),
        header=shown_as[0],
        rank=Rank.VERDICTS,
    )
    changes = change_rows(compared)
    if changes:
        answer.head("\n## What changed\n")
        answer.rows(
            list(map(_list_item, changes)), lambda shown: _below(left_out(len(changes) - shown, "change", more))
        )


def _list_item(row: Row) -> Row:
    """A row as an item of a Markdown list, with its further lines as items below it."""
    return Row(lambda limit: "\n  - ".join(map(str.strip, as_markdown(f"- {row.render(limit)}").split("\n"))), row.need)


def _below(text: Quoted) -> Quoted:
    return f"\n{text}" if text else ""

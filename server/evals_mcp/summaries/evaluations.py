"""Evaluations as an answer: a line each."""

from collections.abc import Callable, Sequence

from evals_mcp.models.review import EvaluationRow, EvaluationRows
from evals_mcp.summaries import figures
from evals_mcp.summaries.answer import Answer
from evals_mcp.summaries.quoting import name
from evals_mcp.summaries.tables import table

_EVALUATORS = 6


def summarize_evaluations(
    found: EvaluationRows, budget: int, *, text: str | None, offset: int, next_page: Callable[[int], str]
) -> str:
    """The evaluations found, from `offset` on; `next_page(shown)` is the call for those after so many."""
    answer = Answer(budget)
    about = f" matching {name(text)}" if text else ""
    if not found.rows:
        answer.head(f"No evaluations{about}.")
        if text:
            answer.line("list_evaluations() without text lists all.")
        else:
            answer.line("Log one with the humanloop SDK or the HTTP API, or run `evals-mcp demo` for a sample.")
        return answer.text()
    answer.head(f"{figures.count(found.total, 'evaluation')}{about}, the last changed first.")
    headers = ["evaluation", "file", "runs", "status", "last change", "evaluators", "id"]
    lines = table(headers, [_cells(row) for row in found.rows])

    def footer(shown: int) -> str:
        left = found.total - offset - shown
        return f"{figures.count(left, 'more evaluation')}: {next_page(shown)}" if left > 0 else ""

    answer.rows(lines[1:], footer, header=lines[0])
    return answer.text()


def _cells(row: EvaluationRow) -> list[str]:
    return [
        name(row.name) if row.name else "(unnamed)",
        name(row.file_path) if row.file_path else "",
        figures.count(row.runs_count),
        row.status,
        figures.date(row.changed_at),
        _evaluators(row.evaluators),
        row.id,
    ]


def _evaluators(paths: Sequence[str]) -> str:
    shown = ", ".join(name(path.rpartition("/")[2]) for path in paths[:_EVALUATORS])
    return shown + (f" and {len(paths) - _EVALUATORS} more" if len(paths) > _EVALUATORS else "")

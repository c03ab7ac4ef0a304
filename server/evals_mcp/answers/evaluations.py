"""Evaluations as an answer: one line each."""

from collections.abc import Mapping, Sequence

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.answers.headlines import headline
from evals_mcp.models.path_labels import path_labels
from evals_mcp.models.rows import EvaluationRow, EvaluationRows, Headline

_EVALUATORS = 6


def summarize_no_evaluations(sentences: Sequence[Quoted], budget: int) -> Quoted:
    """An empty database: why, and what to do."""
    answer = Answer(budget)
    answer.head("No evaluations.")
    for sentence in sentences:
        answer.line(sentence)
    return answer.text()


def summarize_evaluations(
    found: EvaluationRows, budget: int, *, text: str | None, position: Sequence[int], call: Call
) -> Quoted:
    """The evaluations found, from a position: the offset, and what they are following. `call` is the answered call."""
    answer = Answer(budget)
    about = f" matching {name(text)}" if text else ""
    if not found.rows:
        answer.head(f"No {'further ' if found.total else ''}evaluations{about}.")
        answer.line("list_evaluations() lists all.")
        return answer.text()
    for note in found.notes:
        answer.note(note)
    answer.head(f"{figures.count(found.total, 'evaluation')}{about}, most recently changed first.")
    if any(row.headline is not None and row.headline.worst is not None for row in found.rows):
        answer.note("Use compare_runs to test whether the best run is significantly better.")
    headers: list[Quoted] = ["evaluation", "file", "runs", "status", "headline", "last change", "evaluators", "id"]
    lines = table(headers, [_cells(row) for row in found.rows])

    offset = position[0] if found.offset is None else found.offset

    def footer(shown: int) -> Quoted:
        following: Sequence[int] = position[1:] if not shown else found.after[shown - 1] if found.after else ()
        return left_out(found.total - offset - shown, "evaluation", call.at(offset + shown, *following))

    answer.rows(lines[1:], footer, header=lines[0])
    return answer.text()


def _cells(row: EvaluationRow) -> list[Quoted]:
    labels = path_labels(row.evaluators)
    return [
        name(row.name) if row.name else "(unnamed)",
        name(row.file_path) if row.file_path else "",
        figures.count(row.runs_count),
        name(row.status),
        headline_words(row.headline, labels),
        figures.date(row.changed_at),
        figures.listed([name(labels[path]) for path in row.evaluators], _EVALUATORS),
        name(row.id),
    ]


def headline_words(found: Headline | None, labels: Mapping[str, str]) -> Quoted:
    """`policy_correct: best v3 90% true, worst v2 61.5% true (n=40)`, or one figure if no two runs can be ranked."""
    if found is None:
        return ""
    best, worst = found.best, found.worst
    label = name(labels.get(found.evaluator, found.evaluator))
    judged = [item.figures.num_averaged for item in (best, worst) if item is not None]
    amount = figures.count(judged[0]) if len(set(judged)) == 1 else " and ".join(map(figures.count, judged))
    first = f"{name(best.run)} {headline(best.figures)}"
    if worst is None:
        return f"{label}: {first} (n={amount})"
    high: Quoted = "best" if found.directed else "highest"
    low: Quoted = "worst" if found.directed else "lowest"
    last = f"{name(worst.run)} {headline(worst.figures)}"
    return f"{label}: {high} {first}, {low} {last} (n={amount})"

"""Find runs by name. Pure."""

from collections.abc import Sequence

from evals_mcp.answers.frame.quoting import name
from evals_mcp.lookup.names import pick
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow
from evals_mcp.models.run_labels import run_words


def find_run(evaluation: ResolvedEvaluation, word: str) -> RunRow:
    """Find a run by id, label, `control`, version name or id, what tells its version apart, or a prefix or part of one.

    Raises Invalid with all matches (newest first) if there are several, and NotFound with the nearest names.
    """
    labels = evaluation.run_labels
    if word.lower() == "control" and evaluation.runs and evaluation.reference_run.control:
        return evaluation.reference_run
    if (labelled := next((run for run in evaluation.runs if word == labels[run.id]), None)) is not None:
        return labelled
    return pick(
        evaluation.runs[::-1],
        word,
        "run",
        lambda run: run_words(run, labels[run.id]),
        lambda run: name(labels[run.id]),
    )


def find_runs(evaluation: ResolvedEvaluation, words: Sequence[str]) -> list[RunRow]:
    """Find runs by name, each once; all runs without names. Raises NotFound and Invalid."""
    if not words:
        return evaluation.runs
    return list({run.id: run for run in (find_run(evaluation, word) for word in words)}.values())

"""Find runs by name. Pure."""

from collections.abc import Sequence

from evals_mcp.lookup.names import pick
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow


def find_run(evaluation: ResolvedEvaluation, word: str) -> RunRow:
    """Find a run by id, label, version name or id, `control`, or a prefix or part of one.

    Raises Invalid with all matches (newest first) if there are several, and NotFound with the nearest names.
    """
    labels = evaluation.run_labels
    if word.lower() == "control" and evaluation.runs and evaluation.reference_run.control:
        return evaluation.reference_run
    return pick(
        evaluation.runs[::-1],
        word,
        "run",
        lambda run: [run.id, labels[run.id], run.version_name or "", run.version_id or ""],
        lambda run: labels[run.id],
    )


def find_runs(evaluation: ResolvedEvaluation, words: Sequence[str]) -> list[RunRow]:
    """Find runs by name, each once; all runs without names. Raises NotFound and Invalid."""
    if not words:
        return evaluation.runs
    return list({run.id: run for run in (find_run(evaluation, word) for word in words)}.values())

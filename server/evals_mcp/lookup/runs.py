"""The run, or the runs, that words name; pure."""

from collections.abc import Sequence

from evals_mcp.lookup.names import pick
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow


def find_run(evaluation: ResolvedEvaluation, word: str) -> RunRow:
    """The run that a word names: id, label, version name or id, `control`, or the start of one of these.

    Raises Invalid if it fits several, with these listed from the newest, and NotFound with the nearest names.
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
    """The runs that words name, each once, or all of them without any. Raises NotFound, Invalid."""
    if not words:
        return evaluation.runs
    return list({run.id: run for run in (find_run(evaluation, word) for word in words)}.values())

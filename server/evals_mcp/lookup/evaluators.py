"""The evaluator, or the evaluators, that words name; pure."""

from collections.abc import Sequence

from evals_mcp.lookup.names import pick
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow


def find_evaluator(evaluation: ResolvedEvaluation, word: str) -> EvaluatorRow:
    """The evaluator that a word names: its id, version id, path, the end of its path, or the start of one of these.

    Raises Invalid if it fits several, with the one attached last listed first, and NotFound with the nearest names.
    """
    labels = evaluation.evaluator_labels
    return pick(
        evaluation.evaluators[::-1],
        word,
        "evaluator",
        lambda row: [row.version_id, row.id, row.path, labels[row.version_id], row.path.rpartition("/")[2]],
        lambda row: labels[row.version_id],
    )


def find_evaluators(evaluation: ResolvedEvaluation, words: Sequence[str]) -> list[EvaluatorRow]:
    """The evaluators that words name, each once, or all of them without any. Raises NotFound, Invalid."""
    if not words:
        return evaluation.evaluators
    return list({row.version_id: row for row in (find_evaluator(evaluation, word) for word in words)}.values())

"""Find evaluators by name. Pure."""

from collections.abc import Sequence

from evals_mcp.answers.frame.quoting import name
from evals_mcp.lookup.names import pick
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow


def find_evaluator(evaluation: ResolvedEvaluation, word: str) -> EvaluatorRow:
    """Find an evaluator by id, version id, path, the end of its path, or a prefix or part of one.

    Raises Invalid with all matches (last attached first) if there are several, and NotFound with the nearest names.
    """
    labels = evaluation.evaluator_labels
    return pick(
        evaluation.evaluators[::-1],
        word,
        "evaluator",
        lambda row: [row.version_id, row.id, row.path, labels[row.version_id], row.path.rpartition("/")[2]],
        lambda row: name(labels[row.version_id]),
    )


def find_evaluators(evaluation: ResolvedEvaluation, words: Sequence[str]) -> list[EvaluatorRow]:
    """Find evaluators by name, each once; all evaluators without names. Raises NotFound and Invalid."""
    if not words:
        return evaluation.evaluators
    return list({row.version_id: row for row in (find_evaluator(evaluation, word) for word in words)}.values())

"""Which evaluators can count a missing judgment as a failure."""

from collections.abc import Sequence

from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import name
from evals_mcp.errors import Invalid
from evals_mcp.models.questions import Missing
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.missing_judgments import worst_judgment

_LISTED = 6


def failing_evaluators(
    evaluation: ResolvedEvaluation, judging: list[EvaluatorRow], named: Sequence[str], missing: Missing
) -> list[EvaluatorRow]:
    """The evaluators to ask, all unless missing judgments fail: then those that have a worst judgment.

    Raises Invalid if a named one has none, or if all have none.
    """
    if missing == "exclude":
        return judging
    able = [row for row in judging if worst_judgment(row) is not None]
    if able and (len(able) == len(judging) or not named):
        return able
    unable = [name(evaluation.evaluator_labels[row.version_id]) for row in judging if row not in able]
    raise Invalid(
        f'missing="fail": {listed(unable, _LISTED)} has no worst judgment. It takes booleans, and numbers with a '
        "declared direction and limit (number_valence, number_limits)."
    )

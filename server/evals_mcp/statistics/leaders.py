"""The best and worst run of an evaluation by its most informative evaluator. Does not test the difference."""

from collections.abc import Sequence

from evals_mcp.models.rows import EvaluatorFigures, EvaluatorRow, Headline, Overview, RunFigures
from evals_mcp.models.run_labels import run_labels

_Run = tuple[str, EvaluatorFigures]


def read_headline(overview: Overview) -> Headline | None:
    """The best and worst run by the evaluator with the most judgments, preferably one that separates the runs.

    None if no evaluator with a rate or mean has judged anything.
    """
    labels = run_labels(overview.runs)
    found: list[tuple[bool, int, Headline]] = []
    for index, row in enumerate(overview.evaluators):
        runs = [(labels[run.id], run.stats[index]) for run in overview.runs]
        if (headline := _headline(row, runs)) is not None:
            judged = sum(figures.num_judgments for _, figures in runs)
            found.append((headline.worst is not None, judged, headline))
    return max(found, key=lambda item: item[:2])[2] if found else None


def _headline(row: EvaluatorRow, runs: Sequence[_Run]) -> Headline | None:
    rated = [(value, label, figures) for label, figures in runs if (value := _value(figures)) is not None]
    if row.neutral or not rated:
        return None
    ordered = sorted(rated, key=lambda item: item[0], reverse=not row.lower_is_better)
    best, worst = (RunFigures(run=label, figures=figures) for _, label, figures in (ordered[0], ordered[-1]))
    return Headline(evaluator=row.path, best=best, worst=worst if ordered[0][0] != ordered[-1][0] else None)


def _value(figures: EvaluatorFigures) -> float | None:
    if not figures.num_judgments:
        return None
    return figures.mean if figures.num_true is None else figures.num_true / figures.num_judgments

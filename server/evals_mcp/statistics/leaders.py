"""The best and worst run of an evaluation by the evaluator that covers its runs. Does not test the difference."""

from collections.abc import Sequence

from evals_mcp.models.figures import EvaluatorFigures, RunFigures
from evals_mcp.models.rows import EvaluatorRow, Headline, Overview, RunRow
from evals_mcp.models.run_labels import run_labels

_COVERED = 0.8  # of the judgments that could be there

_Run = tuple[str, EvaluatorFigures]


def read_headline(overview: Overview) -> Headline | None:
    """The best and worst run by the evaluator that covers the most runs.

    Runs are ranked only if they are comparable: not cancelled, with at least four fifths of the judgments that the
    evaluator has in its fullest run, and of those that it tried (the others failed or abstained). Among evaluators that
    cover equally many, one that separates runs comes first, then one with a direction, then one with more judgments.
    None if no evaluator with a rate or mean has judged anything.
    """
    labels = run_labels(overview.runs)
    found: list[tuple[tuple[int, bool, bool, int], Headline]] = []
    for index, row in enumerate(overview.evaluators):
        runs = [(labels[run.id], run.stats[index]) for run in _comparable(overview.runs, index)]
        if (headline := _headline(row, runs)) is not None:
            judged = sum(figures.judged_logs for _, figures in runs)
            found.append(((len(runs), headline.worst is not None, headline.directed, judged), headline))
    return max(found, key=lambda item: item[0])[1] if found else None


def _comparable(runs: Sequence[RunRow], index: int) -> list[RunRow]:
    """The runs that an evaluator's figures may rank."""
    able = [run for run in runs if run.status != "cancelled" and run.stats[index].average is not None]
    most = max((run.stats[index].judged_logs for run in able), default=0)
    return [run for run in able if run.stats[index].judged_logs >= _COVERED * max(most, run.stats[index].logs)]


def _headline(row: EvaluatorRow, runs: Sequence[_Run]) -> Headline | None:
    if row.neutral or not runs:
        return None
    ordered = sorted(runs, key=lambda run: run[1].average or 0.0, reverse=not row.lower_is_better)
    best, worst = (RunFigures(run=label, figures=figures) for label, figures in (ordered[0], ordered[-1]))
    return Headline(
        evaluator=row.path,
        directed=row.has_valence or row.return_type != "number",
        best=best,
        worst=worst if best.figures.average != worst.figures.average else None,
    )

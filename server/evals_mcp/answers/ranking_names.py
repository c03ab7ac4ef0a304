"""What runs and evaluators are called in a ranking, with what is better where it is not more."""

from collections.abc import Sequence

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.models.rankings import Ranking, RankingRows
from evals_mcp.models.resolved import ResolvedEvaluation

LISTED = 6
"""The most names in a list."""


class RankingNames:
    """The labels of an answer, and what an evaluator's mean is of."""

    def __init__(self, evaluation: ResolvedEvaluation, rows: RankingRows) -> None:
        self._evaluation = evaluation
        self._several = sum(bool(ranking.pairs) for ranking in rows.rankings) > 1

    def run(self, run_id: str) -> Quoted:
        """The label of a run."""
        return name(self._evaluation.run_labels[run_id])

    def runs(self, run_ids: Sequence[str]) -> Quoted:
        """The labels of runs, the first of many."""
        return figures.listed([self.run(run_id) for run_id in run_ids], LISTED)

    def evaluators(self, version_ids: Sequence[str]) -> Quoted:
        """The labels of evaluators, the first of many."""
        return figures.listed([name(self._evaluation.evaluator_labels[id]) for id in version_ids], LISTED)

    def column(self, ranking: Ranking) -> Quoted:
        """The evaluator in a table of several."""
        return self.evaluator(ranking) if self._several else ""

    def evaluator(self, ranking: Ranking) -> Quoted:
        """`helpful`, `toxic (lower is better)`, `score (passes)`."""
        row = self._evaluation.evaluators[self._evaluation.index_of(ranking.evaluator_version_id)]
        called = name(self._evaluation.evaluator_labels[ranking.evaluator_version_id])
        if ranking.passes:
            return f"{called} (passes)"
        if row.lower_is_better:
            return f"{called} ({'false' if ranking.is_rate else 'lower'} is better)"
        return called if row.is_directed else f"{called} (highest first)"

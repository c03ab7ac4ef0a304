"""Compare runs with a baseline by each evaluator and measure. `datapoint_changes` finds the changed datapoints.

All modules of this package import NumPy on first use, so importing them costs nothing at start-up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.comparisons import (
    ComparedCandidate,
    ComparedRun,
    ComparisonRow,
    Comparisons,
    Measure,
    OptionRow,
    Tally,
)
from evals_mcp.models.judgments import ABSTAINED, FAILED, JUDGED, MISSING
from evals_mcp.models.questions import ComparisonQuestion, Outcome
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.booleans import compare_booleans
from evals_mcp.statistics.clustered import distinct, independent_size
from evals_mcp.statistics.columns import (
    MEASURES,
    OTHER_TYPE,
    OUTPUT_COST,
    JudgmentColumn,
    RunColumns,
    pair_option_columns,
)
from evals_mcp.statistics.corrections import correct_changing
from evals_mcp.statistics.datapoint_changes import Ranking, datapoints_with_errors, rank_datapoints
from evals_mcp.statistics.numbers import compare_numbers
from evals_mcp.statistics.options import compare_multi_selects, compare_selects
from evals_mcp.statistics.pairing import pair_columns
from evals_mcp.statistics.results import LEAST_SECONDS, Comparison, Verdict, decide, not_comparable

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PairComparison:
    """A candidate against a baseline: one comparison per evaluator version, and per measure that both have.

    `passes` compares the verdicts beside judgments, of the evaluators that give them in both.
    """

    comparisons: Mapping[str, Comparison]
    passes: Mapping[str, Comparison]
    measures: Mapping[Measure, Comparison]

    def only(self, version_ids: Collection[str]) -> PairComparison:
        """The comparisons by these evaluators, and all measures."""
        found, passes = (
            {id: comparison for id, comparison in every.items() if id in version_ids}
            for every in (self.comparisons, self.passes)
        )
        return PairComparison(comparisons=found, passes=passes, measures=self.measures)

    @property
    def judged(self) -> list[Comparison]:
        """The comparisons by evaluators: of judgments, then of passes."""
        return [*self.comparisons.values(), *self.passes.values()]


class ComparedRuns(NamedTuple):
    """The answer without its datapoints, and those of the shown run, of which a page is to fill in."""

    answer: Comparisons
    ranking: Ranking


def compare_runs(
    question: ComparisonQuestion,
    evaluators: Sequence[EvaluatorRow],
    columns: Mapping[str, RunColumns],
    family: Mapping[str, PairComparison],
) -> ComparedRuns:
    """Answer a question from the columns of its runs, by run id. `evaluators` are the requested ones, in order.

    `family` has the uncorrected pairs to correct over, by candidate: at least those of the question. Its evaluator
    comparisons form one family for Holm's correction, its measures another. A comparison without changes can never be
    significant, so it does not count (Tarone 1990).
    """
    baseline = columns[question.baseline_run_id]
    corrected = correct_families(family)
    candidates = [
        _candidate(run_id, evaluators, baseline, columns[run_id], corrected[run_id])
        for run_id in question.candidate_run_ids
    ]
    shown_run_id = question.shown_run_id or candidates[most_telling(candidates, question.outcome)].run_id
    ranking = rank_datapoints(
        evaluators, baseline, columns[shown_run_id], question.outcome, (question.following or ())[3:]
    )
    answer = Comparisons(
        baseline=_compared_run(question.baseline_run_id, evaluators, baseline, baseline),
        candidates=candidates,
        family_comparisons=_tested(item for pair in corrected.values() for item in pair.judged),
        family_measures=_tested(item for pair in corrected.values() for item in pair.measures.values()),
        shown_run_id=shown_run_id,
        datapoints=[],
        total=len(ranking),
    )
    return ComparedRuns(answer, ranking)


def compare_pair(evaluators: Sequence[EvaluatorRow], baseline: RunColumns, candidate: RunColumns) -> PairComparison:
    """Compare two runs by each evaluator and measure, with uncorrected p-values.

    Excludes logs without a datapoint, and the measures of logs that ended in an error.
    """
    measured = ((measure, _compare_measure(measure, baseline, candidate)) for measure in MEASURES)
    passed = ((row.version_id, _compare_passes(row, baseline, candidate)) for row in evaluators)
    return PairComparison(
        comparisons={row.version_id: compare_evaluator(row, baseline, candidate) for row in evaluators},
        passes={version_id: comparison for version_id, comparison in passed if comparison is not None},
        measures={measure: comparison for measure, comparison in measured if comparison.pairs},
    )


def correct_families(pairs: Mapping[str, PairComparison]) -> dict[str, PairComparison]:
    """The pairs with p-values adjusted over all evaluator comparisons, and over all measures."""
    judged = iter(correct_changing([item for pair in pairs.values() for item in pair.judged]))
    measured = iter(correct_changing([item for pair in pairs.values() for item in pair.measures.values()]))
    return {
        run_id: PairComparison(
            comparisons={version_id: next(judged) for version_id in pair.comparisons},
            passes={version_id: next(judged) for version_id in pair.passes},
            measures={measure: next(measured) for measure in pair.measures},
        )
        for run_id, pair in pairs.items()
    }


def most_telling(candidates: Sequence[ComparedCandidate], outcome: Outcome) -> int:
    """The index of the candidate with the most informative datapoints; the first one on a tie.

    This is the candidate with the most significant regression (for `improved`: improvement), or with the most gaps or
    failures for outcomes about those.
    """
    return max(range(len(candidates)), key=lambda index: _weight(candidates[index], outcome))


def _tested(family: Iterable[Comparison]) -> int:
    """The comparisons that a correction counted."""
    return sum(comparison.adjusted_p is not None for comparison in family)


def _weight(candidate: ComparedCandidate, outcome: Outcome) -> tuple[float, float]:
    if outcome == "errors":
        return candidate.failed_logs + sum(tally.failed for tally in candidate.tallies), 0.0
    if outcome in ("only_baseline", "only_candidate"):
        judged = [row for row in candidate.comparisons if row.pairs or (row.only_baseline and row.only_candidate)]
        return sum(row.only_baseline if outcome == "only_baseline" else row.only_candidate for row in judged), 0.0
    wanted = Verdict.BETTER if outcome == "improved" else Verdict.WORSE
    tested = [row for row in candidate.comparisons if row.p_value is not None]
    if outcome in ("higher", "lower"):
        found = [row for row in tested if (row.difference or 0.0) * (1 if outcome == "higher" else -1) > 0]
    else:
        found = [row for row in tested if row.verdict == wanted]
    nothing = -2.0 if any(row.pairs for row in candidate.comparisons) else -3.0
    return max(((-(row.p_value or 0.0), _net_share(row)) for row in found), default=(nothing, 0.0))


def _net_share(row: ComparisonRow) -> float:
    """The surplus of pairs in one direction, as a share of all pairs: comparable between evaluators."""
    return abs((row.better or 0) - (row.worse or 0)) / row.pairs


def compare_evaluator(row: EvaluatorRow, baseline: RunColumns, candidate: RunColumns) -> Comparison:
    """A candidate against a baseline by one evaluator, with an uncorrected p-value."""
    left, right = baseline.judged(row.version_id), candidate.judged(row.version_id)
    match row.return_type:
        case "boolean":
            return compare_booleans(pair_columns(left.keys, left.numbers, right.keys, right.numbers), row.valence)
        case "number":
            return compare_numbers(pair_columns(left.keys, left.numbers, right.keys, right.numbers), row.valence)
        case "select" | "multi_select":
            pairs = pair_option_columns(left, right)
            compare_options = compare_selects if row.return_type == "select" else compare_multi_selects
            return compare_options(pairs, row.option_valences)
    return not_comparable(row.return_type)


def _compare_passes(row: EvaluatorRow, baseline: RunColumns, candidate: RunColumns) -> Comparison | None:
    """Compare the rates of an evaluator's judgments that pass; None if it does not say so on common datapoints."""
    import numpy as np

    columns: list[NDArray[Any]] = []
    for run in (baseline, candidate):
        passes = run.judgments[row.version_id].passes
        if passes is None:
            return None
        known = (run.datapoints >= 0) & ~np.isnan(passes)
        columns += [run.datapoints[known], passes[known]]
    found = compare_booleans(pair_columns(*columns))
    return found if found.pairs else None


def _compare_measure(measure: Measure, baseline: RunColumns, candidate: RunColumns) -> Comparison:
    import numpy as np

    runs = (baseline, candidate)
    values = [run.measures[measure] for run in runs]
    if measure == "cost" and all(np.isnan(column).all() for column in values):
        values = [_output_costs(run) for run in runs]
    columns: list[NDArray[Any]] = []
    for run, column in zip(runs, values, strict=True):
        known = (run.datapoints >= 0) & ~run.failed & ~np.isnan(column)
        columns += [run.datapoints[known], column[known]]
    found = compare_numbers(pair_columns(*columns), "negative")
    if measure != "latency" or found.difference is None or abs(found.difference) >= LEAST_SECONDS:
        return found
    return decide(replace(found, negligible=True))


def _output_costs(run: RunColumns) -> NDArray[Any]:
    """The costs of logs that give only that of their output; NaN for the others."""
    import numpy as np

    return run.measures.get(OUTPUT_COST, np.full(len(run.datapoints), np.nan))


def _candidate(
    run_id: str, evaluators: Sequence[EvaluatorRow], baseline: RunColumns, columns: RunColumns, pair: PairComparison
) -> ComparedCandidate:
    rows = [
        comparison_row(
            pair.comparisons[row.version_id],
            evaluator_version_id=row.version_id,
            errors=len(datapoints_with_errors(row, baseline, columns)),
        )
        for row in evaluators
    ]
    run = _compared_run(run_id, evaluators, columns, baseline)
    return ComparedCandidate(
        **dict(run),
        comparisons=rows,
        passes=[
            comparison_row(pair.passes[row.version_id], evaluator_version_id=row.version_id, passes=True)
            for row in evaluators
            if row.version_id in pair.passes
        ],
        measures=[comparison_row(comparison, measure=measure) for measure, comparison in pair.measures.items()],
    )


def comparison_row(comparison: Comparison, **subject: Any) -> ComparisonRow:
    """The row of a comparison by an evaluator or measure (`subject`)."""
    facts = {name: getattr(comparison, name, None) for name in ComparisonRow.model_fields if name not in subject}
    changes = [OptionRow.model_validate(shift, from_attributes=True) for shift in comparison.options]
    return ComparisonRow(**{**facts, **subject, "options": changes})


def _compared_run(
    run_id: str, evaluators: Sequence[EvaluatorRow], run: RunColumns, baseline: RunColumns
) -> ComparedRun:
    import numpy as np

    paired = run.datapoints >= 0
    mine = np.unique(run.datapoints[paired])
    return ComparedRun(
        run_id=run_id,
        logs=len(run.datapoints),
        failed_logs=int(run.failed.sum()),
        independent_logs=independent_logs(run.failed, run.datapoints) if len(run.failed) else None,
        unpaired_logs=int((~paired).sum()),
        output_costs=int((~np.isnan(_output_costs(run)) & ~run.failed).sum()),
        datapoints=len(mine),
        shared=len(np.intersect1d(mine, baseline.datapoints)),
        tallies=[_tally(row, run.judgments[row.version_id], paired) for row in evaluators],
    )


def independent_logs(failed: NDArray[Any], datapoints: NDArray[Any]) -> float:
    """How many independent logs tell the rate of failed ones. A log without a datapoint stands for itself."""
    import numpy as np

    clusters = np.where(datapoints < 0, -1 - np.arange(len(datapoints)), datapoints)
    if distinct(clusters) == len(clusters):
        return float(len(clusters))
    return min(float(len(clusters)), independent_size(failed.astype(float), np.ones(len(failed)), clusters))


def _tally(row: EvaluatorRow, column: JudgmentColumn, paired: NDArray[Any]) -> Tally:
    import numpy as np

    states = column.states[paired]
    counts = np.bincount(states, minlength=OTHER_TYPE + 1).tolist()
    judged = paired & (column.states == JUDGED)
    return Tally(
        evaluator_version_id=row.version_id,
        judged=counts[JUDGED],
        abstained=counts[ABSTAINED],
        failed=counts[FAILED],
        missing=counts[MISSING],
        other_type=counts[OTHER_TYPE],
        version_ids=list(column.version_ids),
        constant=_constant(row.return_type, column, judged) if counts[JUDGED] > 1 else None,
    )


def _constant(kind: str, column: JudgmentColumn, judged: NDArray[Any]) -> Any:
    """The judgment that all judged logs share; None if they differ."""
    import numpy as np

    if kind in ("boolean", "number"):
        numbers = column.numbers[judged]
        first = numbers[0].item()
        if not np.isfinite(first) or (numbers != first).any() or (kind == "boolean" and first not in (0, 1)):
            return None
        return bool(first) if kind == "boolean" else first
    labels = column.labels[judged]
    if labels[0] < 0 or (labels != labels[0]).any():
        return None
    chosen = [option for option, share in column.options[labels[0]] if share == 1]
    if len(chosen) < len(column.options[labels[0]]):
        return None
    return chosen if kind == "multi_select" else chosen[0]

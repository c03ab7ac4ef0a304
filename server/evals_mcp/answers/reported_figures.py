"""Figures of runs that another tool reported, as notes: all of a run, and those that the judgments here contradict."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from evals_mcp.answers import promptfoo_counts
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, cell, name
from evals_mcp.models.figures import EvaluatorFigures
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow, RunRow

_MEANS = ("accuracy", "average", "avg", "mean")
_PASS_RATES = ("pass rate", "pass_rate", "passrate")
_VERDICTS = (("passed", "passes"), ("failed", "fails"))
_COUNTS = ("num_errors", "num_judgments", "num_logs", "num_nulls", "percentiles", "total_logs")
_TEXT = 60
_LISTED = 6
_OF_A_RUN = 60
_PLACES = 2  # a figure with fewer decimals is not taken as rounded to them
_ROUNDING = 1e-6


def reported_notes(evaluation: ResolvedEvaluation) -> list[Quoted]:
    """The reported figures that differ from the recomputed ones, and those of runs that have no logs here."""
    differing: list[Quoted] = []
    alone: list[Quoted] = []
    for run in evaluation.runs:
        label = name(evaluation.run_labels[run.id])
        differing += [f"{label}: {words}" for words in _differing(evaluation, run)]
        if run.reported and not run.logs_count:
            words = [_words(evaluation, figure) for figure in sorted(run.reported, key=_rank)]
            alone.append(f"{label}: {figures.listed(words, _LISTED)}")
    notes: list[Quoted] = []
    if differing:
        notes.append(f"Reported figures differ from the recomputed ones: {_listed(differing)}.")
    if alone:
        notes.append(f"Only reported, without logs here: {_listed(alone)}.")
    return notes


def run_figures(evaluation: ResolvedEvaluation, run: RunRow) -> list[Quoted]:
    """All reported figures of a run, a note for each tool."""
    by_source: dict[str, list[Quoted]] = {}
    for figure in run.reported:
        by_source.setdefault(figure.source, []).append(_words(evaluation, figure))
    return [f"Reported by {name(source)}: {figures.listed(words, _OF_A_RUN)}." for source, words in by_source.items()]


def _differing(evaluation: ResolvedEvaluation, run: RunRow) -> Iterator[Quoted]:
    for figure in run.reported:
        found = _recomputed(evaluation, run, figure)
        if found is None or isinstance(figure.value, str) or _agree(figure.value, found[0]):
            continue
        value, amount = found
        yield (
            f"{_words(evaluation, figure)} by {name(figure.source)}, recomputed {_number(value)} "
            f"(n={figures.count(amount)})"
        )


def _recomputed(evaluation: ResolvedEvaluation, run: RunRow, figure: ReportedFigure) -> tuple[float, int] | None:
    """The figure from the judgments here and how many it is over; None if it is not known how it was computed."""
    if figure.source == promptfoo_counts.SOURCE and figure.evaluator is None:
        return promptfoo_counts.recomputed_count(evaluation, run, figure.name)
    row = _evaluator(evaluation, figure)
    if row is None:
        return None
    stats, called = run.stats[evaluation.index_of(row.version_id)], figure.name.casefold()
    for at, names in enumerate(_VERDICTS):
        if called in names:
            return _verdicts(stats, at)
    value = _value(stats, called, row)
    return None if value is None else (value, stats.num_averaged)


def _verdicts(stats: EvaluatorFigures, at: int) -> tuple[int, int] | None:
    """How many judgments pass (0) or do not (1). Tools differ in whether a failed evaluator counts, so none may be."""
    counts = None if stats.authors or stats.num_errors or not stats.num_judgments else stats.verdicts
    return None if counts is None else (counts[at], sum(counts))


def _value(stats: EvaluatorFigures, called: str, row: EvaluatorRow) -> float | None:
    if called in _PASS_RATES:
        return stats.average if row.return_type == "boolean" else stats.pass_rate
    return stats.average if called in (*_MEANS, row.path.rpartition("/")[2].casefold()) else None


def _evaluator(evaluation: ResolvedEvaluation, figure: ReportedFigure) -> EvaluatorRow | None:
    """The evaluator of a figure, by any of its names; None if it has none, or none of them here."""
    for row in evaluation.evaluators:
        label = evaluation.evaluator_labels[row.version_id]
        if figure.evaluator in (row.version_id, row.id, row.path, label, row.path.rpartition("/")[2]):
            return row
    return None


def _agree(reported: float, recomputed: float) -> bool:
    """Whether a reported number is the recomputed one, rounded to its decimals."""
    exponent = Decimal(repr(reported)).as_tuple().exponent
    places = max(_PLACES, -exponent if isinstance(exponent, int) else 0)
    return abs(reported - recomputed) <= 0.5 * 10.0**-places + _ROUNDING * max(1.0, abs(recomputed))


def _words(evaluation: ResolvedEvaluation, figure: ReportedFigure) -> Quoted:
    """`accuracy of match 0.52 (stderr 0.05)`."""
    row = _evaluator(evaluation, figure)
    named = figure.evaluator if row is None else evaluation.evaluator_labels[row.version_id]
    of = "" if named is None or named == figure.name else f" of {name(named)}"
    text = isinstance(figure.value, str)
    value = cell(str(figure.value), _TEXT) if text else _number(float(figure.value))
    error = "" if figure.stderr is None else f" (stderr {_number(figure.stderr)})"
    return f"{name(figure.name)}{of} {value}{error}"


def _rank(figure: ReportedFigure) -> int:
    """Means first, counts of judgments last."""
    if figure.name.casefold() in (*_MEANS, *_PASS_RATES):
        return 0
    return 2 if figure.name.startswith(_COUNTS) else 1


def _number(value: float) -> Quoted:
    """A figure to four decimals, so that a reported one and another can be told apart."""
    return figures.exact_number(round(value, 4))


def _listed(words: Sequence[Quoted]) -> Quoted:
    more = len(words) - _LISTED
    return "; ".join(words[:_LISTED]) + (f"; and {figures.count(more)} more" if more > 0 else "")

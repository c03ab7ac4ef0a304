"""Columns that count: how many samples of a row passed, of how many."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals_mcp.importers.results import Score, as_text
from evals_mcp.importers.tables.cells import as_number, column_key, is_missing
from evals_mcp.models.reported_figures import ReportedFigure

_PASSED = (
    "passed",
    "passes",
    "pass_count",
    "num_passed",
    "n_passed",
    "successes",
    "num_correct",
    "n_correct",
    "correct",
)
_TOTAL = ("n", "samples", "sample_count", "num_samples", "n_samples", "total", "trials", "attempts")
_FAILED = ("failed", "failures", "fail_count", "num_failed", "n_failed")
_MOST_SAMPLES = 1_000
_MOST_ROWS = 0.75
EVALUATOR = "pass_rate"


@dataclass(frozen=True, slots=True)
class PassCounts:
    """The columns of passes, and of all samples or of failures."""

    passed: str
    other: str
    counts_failures: bool

    @property
    def columns(self) -> tuple[str, str]:
        """Both columns."""
        return self.passed, self.other


def find_pass_counts(rows: Sequence[Mapping[str, Any]]) -> PassCounts | None:
    """The columns that count in most of these rows, with several samples in one of them. None if there are none."""
    names = {column_key(name): name for row in rows for name in row}
    for passed in (names[name] for name in _PASSED if name in names):
        for others, counts_failures in ((_TOTAL, False), (_FAILED, True)):
            for other in (names[name] for name in others if name in names):
                columns = PassCounts(passed, other, counts_failures)
                counts = [read for row in rows if (read := _counts(row, columns)) is not None]
                filled = sum(not is_missing(row.get(passed)) for row in rows)
                if len(counts) >= _MOST_ROWS * filled and any(total > 1 for _, total in counts):
                    return columns
    return None


def pass_rate(row: Mapping[str, Any], columns: PassCounts) -> Score | None:
    """The rate of a row as a judgment, with its samples. None for a row without counts."""
    cells = [row.get(column) for column in columns.columns]
    if any(is_missing(cell) for cell in cells):
        return None
    counts = _counts(row, columns)
    if counts is None or counts[1] == 0:
        told = f"{columns.passed} {as_text(cells[0])[:50]} and {columns.other} {as_text(cells[1])[:50]}"
        return Score(EVALUATOR, error=f"{told} are no counts of passes.")
    passed, total = counts
    samples = [True] * passed + [False] * (total - passed) if total <= _MOST_SAMPLES else []
    about = {"passed": passed, "samples": total}
    return Score(EVALUATOR, passed / total, higher_is_better=True, samples=samples, metadata=about)


class PassTotals:
    """The passes and samples of each run so far: the mean of the rates is no total if rows differ in samples."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._totals: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def with_row(self, run: str, rate: Score) -> list[ReportedFigure]:
        """The figures of a run with one more row."""
        totals = self._totals[run]
        totals.update(rate.metadata or {})
        return [
            ReportedFigure(name=name, value=totals[name], source=self._source, evaluator=EVALUATOR) for name in totals
        ]


def _counts(row: Mapping[str, Any], columns: PassCounts) -> tuple[int, int] | None:
    """Passes and samples; None unless they are counts, and no more pass than there are."""
    passed, other = (as_number(row.get(column)) for column in columns.columns)
    if any(isinstance(row.get(column), bool) for column in columns.columns) or passed is None or other is None:
        return None
    total = passed + other if columns.counts_failures else other
    if passed != int(passed) or total != int(total) or not 0 <= passed <= total or other < 0:
        return None
    return int(passed), int(total)

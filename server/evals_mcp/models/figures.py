"""Figures of a run: what its judgments by one evaluator, and its logs, come to."""

from dataclasses import dataclass
from typing import Any

from evals_mcp.models.model import Model


@dataclass(slots=True, frozen=True)
class EvaluatorFigures:
    """The figures of an evaluator in a run: total_logs = num_judgments + num_nulls + num_errors.

    The return type decides which of `num_true` (booleans), `mean`, `low` and `high` (numbers) and `options` (counts)
    are set. If a run has repeated logs, or several authors judged a log, `by_datapoint` is the rate or mean in which
    each datapoint counts once, `shares` those of options, and `units` the number of datapoints (and of logs without
    one). `num_passed` and `num_not_passed` count the evaluator's own verdicts beside its judgments, and
    `passed_by_datapoint` is their rate by datapoint. A dataclass, because there are many and they are read-only.
    """

    total_logs: int
    num_judgments: int
    num_nulls: int
    num_errors: int
    num_true: int | None = None
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    options: dict[str, int] | None = None
    by_datapoint: float | None = None
    shares: dict[str, float] | None = None
    units: int | None = None
    authors: "Authors | None" = None
    num_passed: int | None = None
    num_not_passed: int | None = None
    passed_by_datapoint: float | None = None

    @property
    def logs(self) -> int:
        """The logs that were judged, or tried: fewer than the judgments if authors share logs."""
        shared = self.authors and self.authors.shared
        return shared.logs if shared else self.total_logs

    @property
    def judged_logs(self) -> int:
        """The logs with a judgment."""
        shared = self.authors and self.authors.shared
        return shared.judged if shared else self.num_judgments

    @property
    def num_averaged(self) -> int:
        """What a rate, mean or share is over: judged datapoints if logs repeat, else judgments."""
        return self.num_judgments if self.units is None else self.units

    @property
    def average(self) -> float | None:
        """The rate of true or the mean, by datapoint if logs repeat; None without judgments, for options and texts."""
        if not self.num_judgments or self.by_datapoint is not None:
            return self.by_datapoint
        return self.mean if self.num_true is None else self.num_true / self.num_judgments

    @property
    def pass_rate(self) -> float | None:
        """The rate of judgments that pass, by datapoint if logs repeat; None if the evaluator does not say."""
        if self.passed_by_datapoint is not None or self.num_passed is None:
            return self.passed_by_datapoint
        return self.num_passed / (self.num_passed + (self.num_not_passed or 0))

    @property
    def verdicts(self) -> tuple[int, int] | None:
        """How many judgments pass and do not: true and false, or the evaluator's verdicts. None if they do not tell."""
        if not self.num_judgments:
            return 0, 0
        if self.num_true is not None:
            return self.num_true, self.num_judgments - self.num_true
        if self.num_passed is not None and self.num_not_passed is not None:
            return self.num_passed, self.num_not_passed
        return None


@dataclass(slots=True, frozen=True)
class SharedLogs:
    """The logs of a run that an evaluator judged or tried, those with a judgment, and those where authors differ."""

    logs: int
    judged: int
    differ: int


@dataclass(slots=True, frozen=True)
class Authors:
    """The authors of an evaluator's judgments in a run: the number of logs that each judged, by name ("" if unknown).

    `shared` is null unless several authors judged a log of the evaluation.
    """

    logs: dict[str, int]
    shared: SharedLogs | None = None


def evaluator_figures(
    stats: Any,
    by_datapoint: float | None = None,
    shares: dict[str, float] | None = None,
    units: int | None = None,
    passed_by_datapoint: float | None = None,
    authors: Authors | None = None,
) -> EvaluatorFigures:
    """The figures of an evaluator's statistics, in API form or as computed; empty for None."""
    if stats is None:
        return EvaluatorFigures(0, 0, 0, 0)
    percentiles = getattr(stats, "percentiles", {})
    return EvaluatorFigures(
        stats.total_logs,
        stats.num_judgments,
        stats.num_nulls,
        stats.num_errors,
        num_true=getattr(stats, "num_true", None),
        mean=getattr(stats, "mean", None),
        low=percentiles.get("0"),
        high=percentiles.get("100"),
        options=getattr(stats, "num_judgments_per_option", None),
        by_datapoint=by_datapoint,
        shares=shares,
        units=units,
        authors=authors,
        num_passed=getattr(stats, "num_passed", None),
        num_not_passed=getattr(stats, "num_not_passed", None),
        passed_by_datapoint=passed_by_datapoint,
    )


class RunFigures(Model):
    """A run's label with one evaluator's figures."""

    run: str
    figures: EvaluatorFigures

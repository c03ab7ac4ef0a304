"""A judge against people: its errors, and the rates of true corrected for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evals_mcp.models.agreement import CorrectedRate, Estimate, JudgeErrors
from evals_mcp.statistics.clustered import independent_size, rate_estimate
from evals_mcp.statistics.corrected_rates import (
    JudgeErrorRates,
    prediction_powered_rate,
    rogan_gladen_rate,
    unevenness_p,
)
from evals_mcp.statistics.rater_agreement import Ratings

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_LABELS = 20
"""Fewer labels of a run are not used alone, but the judge's errors on all runs."""

UNEVEN = 0.01
"""Below this p, labels are no even sample, as the judge's judgments of the others tell."""


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """The logs of a judge: its judgment, people's label or NaN, and the datapoint."""

    judged: NDArray[Any]
    labels: NDArray[Any]
    datapoints: NDArray[Any]

    def only(self, mask: NDArray[Any]) -> _Judged:
        return _Judged(self.judged[mask], self.labels[mask], self.datapoints[mask])


def judge_errors(judge: Ratings, human: Ratings, run_ids: Sequence[str], *, is_even: bool = False) -> JudgeErrors:
    """A judge's rates of true and false (1 and 0) against people, and its corrected rates: of all runs, then by run.

    Unless the labels are known to be even, it is tested whether they may be.
    """
    import numpy as np

    ours, people = judge.per_log(), human.per_log()
    at = np.searchsorted(people.logs, ours.logs)
    at[at == len(people.logs)] = 0
    labels = np.where(people.logs[at] == ours.logs, people.values[at], np.nan)
    every = _Judged(ours.values, labels, ours.datapoints)
    labelled = every.only(~np.isnan(labels))
    errors = {
        said: _rate_given(labelled, said) if (_given(labelled.labels, said) > 0).any() else None
        for said in (True, False)
    }
    of_runs = [(run_ids[run], every.only(ours.runs == run)) for run in np.unique(ours.runs).tolist()]
    rows = [_corrected(run_id, item, item.judged, every, is_even) for run_id, item in of_runs]
    if len(rows) > 1 and all(row.labels >= LEAST_LABELS for row in rows):
        _, judgments = np.unique(ours.values, return_inverse=True)
        rows.insert(0, _corrected(None, every, ours.runs * len(ours.values) + judgments, every, is_even))
    return JudgeErrors(
        judge=0,
        human=0,
        options=[],
        is_even=is_even,
        true_positive=errors[True],
        true_negative=errors[False],
        corrected=[row for row in rows if row.labels < row.logs],
    )


def _given(values: NDArray[Any], said: bool) -> NDArray[Any]:
    return values if said else 1 - values


def _rate_given(item: _Judged, said: bool) -> Estimate:
    """How often the judge says what people said."""
    return rate_estimate(_given(item.judged, said), _given(item.labels, said), item.datapoints)


def _corrected(run_id: str | None, item: _Judged, strata: NDArray[Any], every: _Judged, is_even: bool) -> CorrectedRate:
    import numpy as np

    labelled = ~np.isnan(item.labels)
    amount = int(labelled.sum())
    row = CorrectedRate(
        run_id=run_id,
        logs=len(item.judged),
        judge_rate=float(item.judged.mean()),
        labels=amount,
        uneven_p=None if is_even else unevenness_p(item.judged, labelled),
    )
    if amount:
        seen = item.only(labelled)
        rate = rate_estimate(seen.labels, np.ones(amount), seen.datapoints)
        row = row.model_copy(update={"label_rate": rate})
    if amount >= LEAST_LABELS:
        return row.model_copy(update={"rate": prediction_powered_rate(strata, item.labels, item.datapoints)})
    return row.model_copy(update={"rate": _by_errors(item, every, is_even), "method": "errors"})


def _by_errors(item: _Judged, every: _Judged, is_even: bool) -> Estimate | None:
    """The corrected rate of logs with few labels, by the judge's errors on all logs with a label."""
    import numpy as np

    labelled = ~np.isnan(every.labels)
    uneven = None if is_even else unevenness_p(every.judged, labelled)
    if labelled.sum() < LEAST_LABELS or (uneven is not None and uneven < UNEVEN):
        return None
    seen = every.only(labelled)
    rates = []
    for said in (True, False):
        weights, hits = _given(seen.labels, said), _given(seen.judged, said)
        if not weights.sum():
            return None
        rates += [float((weights * hits).sum() / weights.sum()), independent_size(hits, weights, seen.datapoints)]
    size = independent_size(item.judged, np.ones(len(item.judged)), item.datapoints)
    return rogan_gladen_rate(float(item.judged.mean()), size, JudgeErrorRates(*rates))

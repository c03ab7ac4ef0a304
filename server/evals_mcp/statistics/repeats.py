"""Figures of datapoints with several logs in a run: mean, spread, any of k and all of k. No names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evals_mcp.models.repeats import RepeatedRates, RepeatRow, RunRepeats
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.clustered import datapoint_mean, rate_estimate
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.statistics.log_values import LogValues, log_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COVERED = 0.9  # of the repeated datapoints have at least k logs
_MANY = 8  # logs of a datapoint from which on a third k is told


def any_of_k(logs: NDArray[Any], passed: NDArray[Any], k: int) -> NDArray[Any]:
    """Each datapoint's chance that at least one of `k` of its logs passes: 1 - C(n - c, k) / C(n, k), without bias.

    `passed` (c) of its `logs` (n, at least k) pass. Source: pass@k of Chen et al. 2021, arXiv:2107.03374.
    """
    return 1 - all_of_k(logs, logs - passed, k)


def all_of_k(logs: NDArray[Any], passed: NDArray[Any], k: int) -> NDArray[Any]:
    """Each datapoint's chance that `k` of its logs all pass: C(c, k) / C(n, k), without bias.

    Arguments as in `any_of_k`. Source: pass^k of Yao et al. 2024, tau-bench, arXiv:2406.12045.
    """
    import numpy as np

    chance = np.ones(len(logs))
    for drawn in range(k):
        chance *= np.maximum(passed - drawn, 0) / (logs - drawn)
    return chance


def run_repeats(run_id: str, run: RunColumns) -> RunRepeats:
    """How many logs a run's datapoints have."""
    import numpy as np

    _, counts = np.unique(run.datapoints[run.datapoints >= 0], return_counts=True)
    return RunRepeats(
        run_id=run_id,
        datapoints=len(counts),
        fewest=int(counts.min()) if len(counts) else 0,
        most=int(counts.max()) if len(counts) else 0,
        unpaired=int((run.datapoints < 0).sum()),
    )


def repeat_rows(evaluator: EvaluatorRow, run_id: str, run: RunColumns) -> list[RepeatRow]:
    """The figures of an evaluator in a run, also of its verdicts; none if no datapoint has two judged logs."""
    values = log_values(evaluator, run.judgments[evaluator.version_id])
    found = (_describe(run_id, evaluator, item, run) for item in values)
    return [row for row in found if row is not None]


def _describe(run_id: str, evaluator: EvaluatorRow, given: LogValues, run: RunColumns) -> RepeatRow | None:
    import numpy as np

    known = ~np.isnan(given.values) & (run.datapoints >= 0)
    _, index, counts = np.unique(run.datapoints[known], return_inverse=True, return_counts=True)
    repeated = np.sort(counts[counts > 1])
    if not len(repeated):
        return None
    k = int(repeated[int(len(repeated) * (1 - _COVERED))])
    judged = len(counts)
    values, index, counts = _with_at_least(k, given.values[known], index, counts)
    low, high = np.full(len(counts), np.inf), np.full(len(counts), -np.inf)
    np.minimum.at(low, index, values)
    np.maximum.at(high, index, values)
    row = RepeatRow(
        run_id=run_id,
        evaluator_version_id=evaluator.version_id,
        judgments=given.judgments,
        k=k,
        datapoints=len(counts),
        judged=judged,
        logs=len(values),
        fewest=int(counts.min()),
        most=int(counts.max()),
        varying=int((low < high).sum()),
    )
    if given.judgments == "options":
        return row
    sums = np.bincount(index, weights=values)
    means = np.where(low < high, sums / counts, low)
    squares = math.fsum(((values - means[index]) ** 2).tolist())
    within = math.sqrt(squares / (len(values) - len(counts)))
    each, of_datapoints = np.ones(len(counts)), np.arange(len(counts))
    if given.judgments == "numbers":
        return row.model_copy(update={"mean": datapoint_mean(means), "within": within})
    rates = [
        RepeatedRates(
            k=size,
            any_of=rate_estimate(any_of_k(counts, sums, size), each, of_datapoints),
            all_of=rate_estimate(all_of_k(counts, sums, size), each, of_datapoints),
        )
        for size in sorted({2, 4 if k >= _MANY else 2, k})
    ]
    mean = rate_estimate(means, each, of_datapoints)
    return row.model_copy(update={"mean": mean, "within": within, "rates": rates})


def _with_at_least(
    k: int, values: NDArray[Any], index: NDArray[Any], counts: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The logs of datapoints with at least `k`: values, new indexes of their datapoints, and logs of each."""
    import numpy as np

    enough = counts >= k
    kept = enough[index]
    return values[kept], (np.cumsum(enough) - 1)[index[kept]], counts[enough]

"""Which labels of people figures use: those of an even sample alone, if there are such labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.judgments import JUDGED, MISSING
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.statistics.judge_errors import LEAST_LABELS

if TYPE_CHECKING:
    from numpy.typing import NDArray


class EvenSample(NamedTuple):
    """The numbers of the logs in an even sample, sorted, and of all logs that were handed out for review."""

    logs: NDArray[Any]
    handed_out: NDArray[Any]

    def labels(self, labelled: NDArray[Any]) -> NDArray[Any] | None:
        """Which labels to use, as a mask over the numbers of logs with a label; None for all, as without a sample.

        Labels of logs that were never handed out may be even, too. So while the sample has few, all count.
        """
        import numpy as np

        is_even = np.isin(labelled, self.logs)
        amount = len(np.unique(labelled[is_even]))
        is_unknown = ~is_even & ~np.isin(labelled, self.handed_out)
        if not amount or (amount < LEAST_LABELS and is_unknown.any()):
            return None
        return is_even


def only_even(
    columns: Mapping[str, RunColumns],
    numbers: Mapping[str, NDArray[Any]],
    people: Iterable[EvaluatorRow],
    sample: EvenSample | None,
) -> tuple[dict[str, RunColumns], set[str]]:
    """The columns of runs with the labels to use, and the evaluators whose labels are even. `numbers` are of the logs.

    Labels that are left out are missing.
    """
    import numpy as np

    found, even = dict(columns), set[str]()
    for row in people if sample is not None else ():
        judged = {run_id: run.judgments[row.version_id].states == JUDGED for run_id, run in columns.items()}
        labelled = np.concatenate([numbers[run_id][mask] for run_id, mask in judged.items()])
        if sample is None or sample.labels(labelled) is None:
            continue
        even.add(row.version_id)
        for run_id, mask in judged.items():
            column = found[run_id].judgments[row.version_id]
            left_out = mask & ~np.isin(numbers[run_id], sample.logs)
            states = np.where(left_out, np.int8(MISSING), column.states)
            judgments = {**found[run_id].judgments, row.version_id: replace(column, states=states)}
            found[run_id] = replace(found[run_id], judgments=judgments)
    return found, even

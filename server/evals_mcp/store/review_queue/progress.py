"""How far a review is, from the labels that logs have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from evals_mcp.models.review_queue import JudgeProgress, OptionProgress, ReviewProgress
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.statistics.review_order import agreements, judge_pairs
from evals_mcp.store.review_queue.leases import Leases
from evals_mcp.store.review_queue.runs import ReviewedRun, ReviewedRuns, index_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_OPTIONS = 12


def read_progress_of(asked: ReviewedRuns, runs: Sequence[ReviewedRun], leases: Leases) -> ReviewProgress:
    """The progress over the logs that the request means. A log that several runs have is one log."""
    import numpy as np

    drawn = [run for run in runs if run.row.id in leases.sampled]
    in_sample = [
        run.meant & run.labelled & (asked.ranks(run) <= np.uint64(leases.sampled[run.row.id])) for run in drawn
    ]
    sampled = sum(int(mask.sum()) for mask in _once(drawn, in_sample))
    with_labels = [run for run in runs if run.labelled.any()]
    columns = asked.judged_of(with_labels).columns
    counted = _once(with_labels, [run.meant & run.labelled for run in with_labels])
    labelled = [columns[run.row.id].only(mask) for run, mask in zip(with_labels, counted, strict=True)]
    return ReviewProgress(
        logs=sum(int(mask.sum()) for mask in _once(runs, [run.meant for run in runs])),
        labelled=sum(int(mask.sum()) for mask in counted),
        waiting=_open_logs(runs, leases.leased),
        skipped=_open_logs(runs, leases.skipped),
        sample_labelled=sampled,
        judges=_judges(asked, labelled),
        options=[item for row in asked.people if (item := _options(row, labelled)).options],
    )


def _once(runs: Sequence[ReviewedRun], masks: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Masks of the runs' logs in which each log is in the mask of one run only, the first that has it."""
    import numpy as np

    seen = np.zeros(0, dtype=np.int64)
    found = []
    for run, mask in zip(runs, masks, strict=True):
        found.append(mask & ~np.isin(run.numbers, seen))
        seen = np.concatenate((seen, run.numbers[found[-1]]))
    return found


def _open_logs(runs: Sequence[ReviewedRun], numbers: Iterable[int]) -> int:
    """How many of a few logs are meant and have no label."""
    found = ((run, index_of(run.numbers, number), number) for run in runs for number in numbers)
    return len({number for run, at, number in found if at is not None and run.meant[at] and not run.labelled[at]})


def _judges(asked: ReviewedRuns, labelled: Sequence[RunColumns]) -> list[JudgeProgress]:
    import numpy as np

    found = []
    for pair in judge_pairs(asked.rows):
        agreed = [agreements(pair, columns) for columns in labelled]
        logs = sum(int((~np.isnan(column)).sum()) for column in agreed)
        equal = sum(int(np.nansum(column)) for column in agreed)
        ids = {"judge_version_id": pair.judge.version_id, "human_version_id": pair.human.version_id}
        found.append(JudgeProgress(**ids, logs=logs, agreed=equal))
    return [item for item in found if item.logs]


def _options(row: EvaluatorRow, labelled: Sequence[RunColumns]) -> OptionProgress:
    import numpy as np

    counts: Counter[str] = Counter()
    for columns in labelled:
        column = columns.judgments[row.version_id]
        if row.return_type == "boolean":
            for word, value in (("true", 1.0), ("false", 0.0)):
                counts[word] += int((column.numbers == value).sum())
        else:
            of_profile = np.bincount(column.labels[column.labels >= 0], minlength=len(column.options)).tolist()
            for profile, amount in zip(column.options, of_profile, strict=True):
                for option, _ in profile:
                    counts[option] += amount
    options = sorted((+counts).items(), key=lambda item: (-item[1], item[0]))[:_MOST_OPTIONS]
    return OptionProgress(human_version_id=row.version_id, options=options)

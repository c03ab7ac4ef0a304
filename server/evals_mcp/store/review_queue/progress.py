"""How far a review is, from the labels that logs have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evals_mcp.models.review_queue import JudgeProgress, OptionProgress, ReviewProgress
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.review_order import agreements, judge_pairs
from evals_mcp.store.review_queue.leases import Leases
from evals_mcp.store.review_queue.runs import ReviewedRun, ReviewedRuns

_MOST_OPTIONS = 12


def read_progress_of(asked: ReviewedRuns, runs: Sequence[ReviewedRun], leases: Leases) -> ReviewProgress:
    """The progress over the logs that the request means."""
    import numpy as np

    open_logs = [run.numbers[run.meant & ~run.labelled] for run in runs]
    left = np.unique(np.concatenate(open_logs)) if open_logs else np.zeros(0, dtype=np.int64)
    sampled = sum(
        int((run.meant & run.labelled & (run.ranks <= np.uint64(leases.sampled[run.row.id]))).sum())
        for run in runs
        if run.row.id in leases.sampled
    )
    return ReviewProgress(
        logs=sum(int(run.meant.sum()) for run in runs),
        labelled=sum(int((run.meant & run.labelled).sum()) for run in runs),
        waiting=int(np.isin(left, list(leases.leased)).sum()),
        skipped=int(np.isin(left, list(leases.skipped)).sum()),
        sample_labelled=sampled,
        judges=_judges(asked, runs),
        options=[item for row in asked.people if (item := _options(row, runs)).options],
    )


def _judges(asked: ReviewedRuns, runs: Sequence[ReviewedRun]) -> list[JudgeProgress]:
    import numpy as np

    found = []
    for pair in judge_pairs(asked.rows):
        agreed = [agreements(pair, run.columns)[run.meant] for run in runs]
        logs = sum(int((~np.isnan(column)).sum()) for column in agreed)
        equal = sum(int(np.nansum(column)) for column in agreed)
        ids = {"judge_version_id": pair.judge.version_id, "human_version_id": pair.human.version_id}
        found.append(JudgeProgress(**ids, logs=logs, agreed=equal))
    return [item for item in found if item.logs]


def _options(row: EvaluatorRow, runs: Sequence[ReviewedRun]) -> OptionProgress:
    import numpy as np

    counts: Counter[str] = Counter()
    for run in runs:
        column = run.columns.judgments[row.version_id]
        if row.return_type == "boolean":
            for word, value in (("true", 1.0), ("false", 0.0)):
                counts[word] += int((column.numbers[run.meant] == value).sum())
        else:
            labels = column.labels[run.meant]
            of_profile = np.bincount(labels[labels >= 0], minlength=len(column.options)).tolist()
            for profile, amount in zip(column.options, of_profile, strict=True):
                for option, _ in profile:
                    counts[option] += amount
    return OptionProgress(human_version_id=row.version_id, options=(+counts).most_common(_MOST_OPTIONS))

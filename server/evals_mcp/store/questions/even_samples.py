"""The logs of an evaluation's even sample, as reviewers got them. Reads no texts."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, func, select

from evals_mcp.statistics.even_labels import EvenSample
from evals_mcp.store.database.tables import review_items
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.samples import ranked_logs
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray


def sample_revision(connection: Connection, evaluation: EvaluationState) -> Hashable:
    """What the even sample depends on beside the runs; the same until another log is handed out."""
    return tuple(connection.execute(_REVISION, {"of_evaluation": evaluation.id}).one())


def read_even_sample(connection: Connection, cache: RevisionCache, evaluation: EvaluationState) -> EvenSample | None:
    """The even sample of each run: the first logs in its even order, up to the last one handed out. None without."""
    import numpy as np

    of_evaluation = {"of_evaluation": evaluation.id}
    last = {row.run_id: row.last for row in connection.execute(_LAST, of_evaluation)}
    parts: list[NDArray[Any]] = []
    for run in evaluation.runs:
        if run.id in last:
            ranked = ranked_logs(connection, cache, run)
            parts.append(ranked.numbers[ranked.ranks >> np.uint64(1) <= np.uint64(last[run.id])])
    if not parts:
        return None
    handed_out = connection.execute(_HANDED_OUT, of_evaluation).scalars().all()
    return EvenSample(np.unique(np.concatenate(parts)), np.array(handed_out, dtype=np.int64))


_of_evaluation = review_items.c.evaluation_id == bindparam("of_evaluation")
_REVISION = select(func.count(), func.max(review_items.c.handed_out_at)).where(_of_evaluation)
_LAST = (
    select(review_items.c.run_id, func.max(review_items.c.sample_rank).label("last"))
    .where(_of_evaluation, review_items.c.sample_rank.is_not(None))
    .group_by(review_items.c.run_id)
)
_HANDED_OUT = select(review_items.c.log_number).where(_of_evaluation)

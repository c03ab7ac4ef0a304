"""Count a missing, abstained or failed judgment of a log as the evaluator's worst judgment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from evals_mcp.models.judgments import ABSTAINED, FAILED, JUDGED, MISSING
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import RunColumns


def worst_judgment(row: EvaluatorRow) -> float | None:
    """The worst boolean (as 0 or 1) or number of an evaluator; None without a direction or a declared limit."""
    if row.return_type == "boolean":
        return {"positive": 0.0, "negative": 1.0}.get(row.valence)
    if row.return_type == "number":
        return {"positive": row.low, "negative": row.high}.get(row.valence)
    return None


def count_missing(evaluators: Iterable[EvaluatorRow], run: RunColumns) -> RunColumns:
    """The run with the worst judgment in place of each missing one, of the evaluators that have one.

    An evaluator that tried no log of the run stays without judgments.
    """
    import numpy as np

    judgments = dict(run.judgments)
    for row in evaluators:
        worst, column = worst_judgment(row), run.judgments[row.version_id]
        if worst is None or (column.states == MISSING).all():
            continue
        missing = np.isin(column.states, (MISSING, ABSTAINED, FAILED))
        states = np.where(missing, np.int8(JUDGED), column.states)
        numbers = np.where(missing, worst, column.numbers)
        judgments[row.version_id] = replace(column, states=states, numbers=numbers, given=column.states)
    return replace(run, judgments=judgments)

"""Small runs as columns, for tests of what is computed over them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evals_mcp.models.review import EvaluatorRow
from evals_mcp.statistics.columns import ABSTAINED, FAILED, JUDGED, MISSING, DatapointKeys, RunColumns, judgment_column

FAILS = object()
NEVER = object()


def evaluator(id: str, kind: str = "number", **fields: Any) -> EvaluatorRow:
    """An evaluator whose version has this id."""
    return EvaluatorRow(id=f"file_{id}", version_id=id, path=f"judges/{id}", return_type=kind, **fields)


def run_columns(
    keys: DatapointKeys,
    datapoints: Sequence[str | None],
    judged: Sequence[tuple[EvaluatorRow, Sequence[object]]],
    *,
    failed: Sequence[bool] | None = None,
    latency: Sequence[float | None] | None = None,
) -> RunColumns:
    """A run with one log per datapoint given; judgments are values, None, `FAILS` or `NEVER` (not judged)."""
    states = {id(FAILS): FAILED, id(NEVER): MISSING, id(None): ABSTAINED}
    nothing = np.full(len(datapoints), np.nan)
    return RunColumns(
        datapoints=keys.column(datapoints),
        failed=np.array(failed or [False] * len(datapoints), dtype=bool),
        measures={
            "latency": nothing if latency is None else np.array(latency, dtype=float),
            "tokens": nothing,
            "cost": nothing,
        },
        judgments={
            row.version_id: judgment_column(
                row.return_type, [states.get(id(value), JUDGED) for value in values], values, [row.version_id]
            )
            for row, values in judged
        },
    )

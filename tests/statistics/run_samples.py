"""Small runs as columns, for tests of what is computed over them."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np

from evals_mcp.models.judgments import ABSTAINED, FAILED, JUDGED, MISSING
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import OTHER_TYPE, DatapointKeys, JudgmentColumn, RunColumns, profile_of
from evals_mcp.statistics.pairing import LARGEST, Profile

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


def judgment_column(
    kind: str, states: Sequence[int], judgments: Sequence[object], version_ids: Iterable[str]
) -> JudgmentColumn:
    """A column of an evaluator that returns `kind` out of judgments as JSON values; of another type: `OTHER_TYPE`."""
    found = np.array(states, dtype=np.int8)
    numbers = np.full(len(found), np.nan)
    labels = np.full(len(found), -1, dtype=np.int32)
    options: dict[Profile, int] = {}
    for index, value in enumerate(judgments):
        if states[index] != JUDGED:
            continue
        if not _is_of_kind(value, kind):
            found[index] = OTHER_TYPE
        elif isinstance(value, int | float):
            numbers[index] = min(max(value, -LARGEST), LARGEST) if isinstance(value, int) else value
        elif kind != "text":
            labels[index] = options.setdefault(profile_of([cast(Any, value)]), len(options))
    return JudgmentColumn(
        states=found,
        numbers=numbers,
        labels=labels,
        options=tuple(options),
        version_ids=tuple(sorted(set(version_ids))),
    )


def _is_of_kind(value: object, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "multi_select":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, str)

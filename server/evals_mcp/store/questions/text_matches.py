"""Where the logs of a page hold a searched text: in themselves, their judgments, their datapoint or their steps."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, bindparam, cast, or_, select

from evals_mcp.models.rows import Excerpt
from evals_mcp.store.database.tables import datapoints, dataset_datapoints, logs, run_logs
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.questions.keys import RunLogKey
from evals_mcp.truncation import find_excerpt

Places = Iterator[tuple[str, Any]]
"""JSON values by path."""

_STEP = logs.alias("step")
_JUDGE = logs.alias("judge")
_ANY_STEP = select(_STEP.c.number).where(_STEP.c.trace_root_number.is_not(None)).limit(1)
_EXPLAINED = ("output", "output_message", "error")
_OF_LOG = ("output", "error", "inputs", "messages", "output_message")


def log_holds(connection: Connection, text: str, dataset_versions: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a log of `run_logs` holds a text anywhere that `read_matches` looks.

    `dataset_versions` are those of all its runs. Reads whether any step or datapoint can match: most often none can.
    """

    def holds(table: Any) -> ColumnElement[bool]:
        encoded = (table.c.inputs, table.c.messages, table.c.output_message)
        return contains_text(connection, text, (table.c.output, table.c.error), encoded)

    of_log = logs.c.number == run_logs.c.log_number
    has_metadata = cast(logs.c.extra, Text).contains('"metadata"')  # few have: this is quicker than to look inside
    noted = has_metadata & contains_text(connection, text, (), [logs.c.extra["metadata"]])
    own = select(1).where(of_log, holds(logs) | noted)
    explained = select(1).where(
        _JUDGE.c.judged_log_number == run_logs.c.log_number,
        contains_text(
            connection, text, (_JUDGE.c.output, _JUDGE.c.error), [_JUDGE.c.output_message, _JUDGE.c.judgment]
        ),
    )
    found: list[ColumnElement[bool]] = [part.correlate(run_logs).exists() for part in (own, explained)]
    if connection.execute(_ANY_STEP).first() is not None:
        step = select(1).where(_STEP.c.trace_root_number == run_logs.c.log_number, holds(_STEP))
        found.append(step.correlate(run_logs).exists())
    # Runs share their datapoints, so search these apart from the logs.
    asked = (
        select(datapoints.c.id)
        .join(dataset_datapoints, dataset_datapoints.c.datapoint_id == datapoints.c.id)
        .where(
            dataset_datapoints.c.version_id.in_(dataset_versions),
            contains_text(connection, text, (), [datapoints.c.content]),
        )
    )
    if connection.execute(asked.limit(1)).first() is not None:
        found.append(run_logs.c.datapoint_id.in_(asked))
    return or_(*found)


def read_matches(connection: Connection, keys: Sequence[RunLogKey], searched: str) -> dict[RunLogKey, Excerpt]:
    """The excerpt of each log in runs that holds a text, with the paths of all places that do.

    Paths begin with the field of the log, `target` or another part of the datapoint, `judgments` (explanations) or
    `judged` and the evaluator's version id, or `trace` and the step's log id.
    """
    numbers = {"numbers": [key.log_number for key in keys]}
    own = {(row.run_id, row.number): row for row in connection.execute(_LOGS, numbers)}
    judged: dict[int, list[Any]] = {}
    for row in connection.execute(_JUDGMENTS, numbers):
        judged.setdefault(row.judged_log_number, []).append(row)
    steps: dict[int, list[Any]] = {}
    for row in connection.execute(_STEPS, numbers):
        steps.setdefault(row.trace_root_number, []).append(row)
    found = {}
    for key in keys:
        places = _places(own[key], judged.get(key.log_number, ()), steps.get(key.log_number, ()))
        if (excerpt := find_excerpt(places, searched)) is not None:
            found[key] = Excerpt(**excerpt._asdict())
    return found


def datapoint_places(content: Mapping[str, Any]) -> Places:
    """The parts of a datapoint by path."""
    yield from ((part, content.get(part)) for part in ("inputs", "messages", "target"))
    yield from ((f"datapoint.{part}", content.get(part)) for part in ("metadata", "tags"))


_LOGS = (
    select(
        logs.c.number,
        run_logs.c.run_id,
        *(logs.c[name] for name in _OF_LOG),
        logs.c.extra["metadata"].label("metadata"),
        datapoints.c.content.label("datapoint"),
    )
    .join(run_logs, run_logs.c.log_number == logs.c.number)
    .outerjoin(datapoints, datapoints.c.id == run_logs.c.datapoint_id)
    .where(logs.c.number.in_(bindparam("numbers", expanding=True)))
)
_JUDGMENTS = (
    select(_JUDGE.c.judged_log_number, _JUDGE.c.version_id, *(_JUDGE.c[name] for name in (*_EXPLAINED, "judgment")))
    .where(_JUDGE.c.judged_log_number.in_(bindparam("numbers", expanding=True)))
    .order_by(_JUDGE.c.number)
)
_STEPS = (
    select(_STEP.c.trace_root_number, _STEP.c.id, *(_STEP.c[name] for name in _OF_LOG))
    .where(_STEP.c.trace_root_number.in_(bindparam("numbers", expanding=True)))
    .order_by(_STEP.c.number)
)


def _places(row: Any, judged: Sequence[Any], steps: Sequence[Any]) -> Places:
    yield from ((name, getattr(row, name)) for name in _OF_LOG)
    yield "metadata", row.metadata
    for judgment in judged:
        yield f"judged.{judgment.version_id}", judgment.judgment
        yield from ((f"judgments.{judgment.version_id}", getattr(judgment, name)) for name in _EXPLAINED)
    yield from datapoint_places(row.datapoint or {})
    for step in steps:
        yield from ((f"trace.{step.id}.{name}", getattr(step, name)) for name in _OF_LOG)

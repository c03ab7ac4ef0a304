"""Experiments of Braintrust: the events that its API or an export has, as JSON, JSONL or CSV. By its documentation."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evals_mcp.importers.experiments import (
    count,
    decoded,
    error_text,
    id_of,
    names_columns,
    nested,
    number,
    output_text,
    under_name,
)
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Run, Score, Version, as_object, as_text, time_of
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.tables.rows import Row, read_rows


def _recognises(path: Path) -> bool:
    events = ("span_id", "root_span_id"), ("span_attributes", "scores"), ("span_attributes", "expected")
    return any(names_columns(path, *columns) for columns in events)


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    left_out = 0
    for row in read_rows(path):
        if _is_root(row.cells):
            yield _result(row, path)
        else:
            left_out += 1
    if left_out:
        report.skip(Location(path.name, ""), f"spans inside of test cases: {left_out:,}")


def _is_root(cells: Mapping[str, Any]) -> bool:
    """Whether an event is a test case, and no span inside of one."""
    if (root := decoded(cells.get("is_root"))) is not None:
        return str(root).lower() == "true"
    if "root_span_id" in cells and "span_id" in cells:
        return bool(cells["root_span_id"] == cells["span_id"])
    return not decoded(cells.get("span_parents"))


def _result(row: Row, path: Path) -> Result:
    cells = row.cells
    metrics = nested(cells, "metrics")
    metadata = nested(cells, "metadata")
    failures = as_object(metadata.pop("scorer_errors", None))
    error, origin = decoded(cells.get("error")), as_object(decoded(cells.get("origin")))
    record, tags = origin.get("id") or decoded(cells.get("dataset_record_id")), decoded(cells.get("tags"))
    return Result(
        version=Version(path.stem),
        case=Case(
            inputs=under_name(cells.get("input"), "input"),
            target=under_name(cells.get("expected"), "expected") or None,
            id=id_of(record),
            tags=[as_text(tag) for tag in tags] if isinstance(tags, list) else (),
        ),
        location=Location(path.name, row.at),
        scores=list(_scores(cells, failures)),
        output=output_text(cells.get("output")),
        error=error_text(error),
        latency=_latency(metrics),
        started_at=time_of(cells.get("created")),
        prompt_tokens=count(metrics.get("prompt_tokens")),
        output_tokens=count(metrics.get("completion_tokens")),
        cached_tokens=count(metrics.get("prompt_cached_tokens")),
        reasoning_tokens=count(metrics.get("completion_reasoning_tokens")),
        cost=number(metrics.get("estimated_cost")),
        metadata=metadata,
        id=id_of(cells.get("id")),
        run=Run(as_text(cells.get("experiment_id") or "")),
    )


def _latency(metrics: Mapping[str, Any]) -> float | None:
    """`start` and `end` are seconds since 1970."""
    start, end = number(metrics.get("start")), number(metrics.get("end"))
    return number(metrics.get("duration")) if start is None or end is None else end - start


def _scores(cells: Mapping[str, Any], failures: Mapping[str, Any]) -> Iterator[Score]:
    """A null is a scorer that abstained. A scorer that failed is told in the metadata."""
    scores = nested(cells, "scores")
    for name, value in {**scores, **dict.fromkeys(failures)}.items():
        error = None if name not in failures else as_text(failures[name])
        yield Score(name, None if error else number(value), error=error, higher_is_better=True)


FORMAT = Format("braintrust", _recognises, _read)

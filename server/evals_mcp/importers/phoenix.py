"""Experiments of Phoenix (Arize), downloaded as JSON or CSV. By its documentation and source code."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evals_mcp.importers.experiments import (
    Kinds,
    columns_below,
    count,
    decoded,
    error_text,
    id_of,
    names_columns,
    number,
    output_text,
    score_of,
    under_name,
)
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Score, Version, as_object, as_text, time_of
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.tables.rows import Row, read_rows

_KINDS: Kinds = {"LLM": "llm", "CODE": "python", "HUMAN": "human"}
_FIELDS = ("label", "score", "explanation", "metadata", "annotator_kind", "trace_id", "error", "start_time", "end_time")
_PREFIX = "annotation_"


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    return (_result(row, path) for row in read_rows(path))


def _result(row: Row, path: Path) -> Result:
    cells = row.cells
    latency, error = number(cells.get("latency_ms")), decoded(cells.get("error"))
    return Result(
        version=Version(path.stem),
        case=Case(
            inputs=under_name(cells.get("input"), "input"),
            target=under_name(cells.get("reference_output"), "reference_output") or None,
            id=id_of(cells.get("example_id")),
        ),
        location=Location(path.name, row.at),
        scores=[_score(annotation) for annotation in _annotations(cells)],
        output=output_text(cells.get("output")),
        error=error_text(error),
        latency=None if latency is None else latency / 1000,
        started_at=time_of(cells.get("start_time")),
        prompt_tokens=count(cells.get("prompt_token_count")),
        output_tokens=count(cells.get("completion_token_count")),
        metadata={"repetition": decoded(cells.get("repetition_number")), "trace_id": decoded(cells.get("trace_id"))},
    )


def _annotations(cells: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of JSON are a list; in CSV each field of each annotation is a column."""
    if isinstance(cells.get("annotations"), list):
        return [annotation for annotation in cells["annotations"] if isinstance(annotation, dict)]
    found: dict[str, dict[str, Any]] = {}
    for column, value in columns_below(cells, _PREFIX).items():
        for field in _FIELDS:
            if column.endswith(f"_{field}") and value is not None:
                name = column.removesuffix(f"_{field}")
                found.setdefault(name, {"name": name})[field] = value
                break
    return list(found.values())


def _score(annotation: Mapping[str, Any]) -> Score:
    """Its score judges, else its label. The label of a score is metadata."""
    score, label, error = number(annotation.get("score")), annotation.get("label"), annotation.get("error")
    judgment = label if score is None else score
    about = {**as_object(annotation.get("metadata")), **({"label": label} if label and score is not None else {})}
    return score_of(
        annotation.get("name"),
        None if error else judgment,
        annotation.get("explanation"),
        _KINDS.get(str(annotation.get("annotator_kind"))),
        error=None if not error else as_text(error),
        metadata=about or None,
    )


FORMAT = Format(
    "phoenix", lambda path: names_columns(path, "example_id", "repetition_number", "reference_output"), _read
)

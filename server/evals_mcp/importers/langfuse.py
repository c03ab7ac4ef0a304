"""Experiments of Langfuse: items of its API, and the results that its SDKs return. By its documentation."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evals_mcp.importers.experiments import (
    Kinds,
    decoded,
    id_of,
    names_columns,
    number,
    output_text,
    score_of,
    seconds_between,
    under_name,
)
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Run, Score, Version, as_object, as_text, time_of
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.tables.rows import read_rows
from evals_mcp.importers.text_files import read_json
from evals_mcp.models.reported_figures import ReportedFigure

_KINDS: Kinds = {"ANNOTATION": "human", "EVAL": "llm"}
_ITEMS = ("item_results", "itemResults")

Json = Mapping[str, Any]


def _recognises(path: Path) -> bool:
    if names_columns(path, "experimentId", "experimentItemId"):
        return True
    return path.suffix.lower() == ".json" and any(names_columns(path, name, "evaluations") for name in _ITEMS)


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    if path.suffix.lower() == ".json":
        content = as_object(read_json(path))
        items = next((content[name] for name in _ITEMS if isinstance(content.get(name), list)), None)
        if items is not None:
            yield from _returned(content, items, path)
            return
    for row in read_rows(path):
        yield _result(row.cells, Location(path.name, row.at))


def _result(item: Json, location: Location) -> Result:
    """The result of an item of the API. Its scores come if the request asked for them."""
    failed = item.get("level") == "ERROR"
    scores = decoded(item.get("scores"))
    return Result(
        version=Version(as_text(item.get("experimentName") or item.get("experimentId") or "experiment")),
        case=Case(
            inputs=under_name(item.get("input"), "input"),
            target=under_name(item.get("expectedOutput"), "expected_output") or None,
            id=id_of(item.get("experimentItemId")),
            metadata=as_object(decoded(item.get("experimentItemMetadata"))) or None,
        ),
        location=location,
        scores=[_score(as_object(score)) for score in scores] if isinstance(scores, list) else [],
        output=output_text(item.get("output")),
        error=as_text(item.get("statusMessage") or "Its level is ERROR.") if failed else None,
        latency=seconds_between(item.get("startTime"), item.get("endTime")),
        started_at=time_of(item.get("startTime")),
        metadata={**as_object(decoded(item.get("metadata"))), "trace_id": item.get("traceId")},
        id=id_of(item.get("id") or item.get("experimentItemId")),
        run=Run(id_of(item.get("experimentId")) or ""),
    )


def _returned(content: Json, items: list[Any], path: Path) -> Iterator[Result]:
    """What `run_experiment` returned. Evaluators that failed are not in it."""
    label = str(content.get("run_name") or content.get("runName") or content.get("name") or path.stem)
    key = str(content.get("dataset_run_id") or content.get("datasetRunId") or "")
    evaluations = content.get("run_evaluations") or content.get("runEvaluations") or []
    reported = [
        ReportedFigure(name=str(figure.get("name")), value=figure["value"], source="langfuse")
        for figure in map(as_object, evaluations)
        if isinstance(figure.get("value"), int | float | str)
    ]
    for position, given in enumerate(items, 1):
        result = as_object(given)
        item = as_object(result.get("item"))
        expected = item.get("expected_output", item.get("expectedOutput", result.get("expectedOutput")))
        yield Result(
            version=Version(label),
            case=Case(
                inputs=under_name(item.get("input", result.get("input")), "input"),
                target=under_name(expected, "expected_output") or None,
                id=id_of(item.get("id")),
                metadata=as_object(item.get("metadata")) or None,
            ),
            location=Location(path.name, f"item {position}"),
            scores=[_score(as_object(score)) for score in result.get("evaluations") or []],
            output=output_text(result.get("output")),
            metadata={"trace_id": result.get("trace_id", result.get("traceId"))},
            run=Run(key, reported=reported),
        )


def _score(given: Json) -> Score:
    """A number, a boolean (1 or 0 of the type BOOLEAN), a category or a text."""
    type = str(given.get("dataType") or given.get("data_type") or "")
    value = (
        given.get("stringValue") if type in ("CATEGORICAL", "TEXT") and given.get("stringValue") else given.get("value")
    )
    if type == "BOOLEAN" and value in (0, 1):
        value = bool(value)
    if not isinstance(value, bool | str):
        value = number(value)
    return score_of(
        given.get("name"),
        value,
        given.get("comment"),
        _KINDS.get(str(given.get("source"))),
        author=given.get("authorUserId"),
        metadata=as_object(given.get("metadata")) or None,
    )


FORMAT = Format("langfuse", _recognises, _read)

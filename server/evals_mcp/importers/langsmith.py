"""Experiments of LangSmith: the tables of its SDK as CSV or JSON, and the runs of its API. By its documentation."""

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
    nested,
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

_KINDS: Kinds = {"human": "human", "app": "human", "model": "llm"}

Json = Mapping[str, Any]


def _recognises(path: Path) -> bool:
    tables = ("example_id", "execution_time"), ("run", "example", "evaluation_results")
    runs = ("runs", "session_id", "inputs"), ("runs", "reference_example_id", "inputs")
    rows = ("run", "example", "evaluationResults")
    return any(names_columns(path, *columns) for columns in (*tables, *runs, rows))


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    for row in read_rows(path):
        cells, location = row.cells, Location(path.name, row.at)
        if isinstance(cells.get("runs"), list):
            for run in map(as_object, cells["runs"]):
                yield _of_run(run, cells, _feedback(run), location)
        elif isinstance(cells.get("run"), dict):
            judged = as_object(cells.get("evaluation_results") or cells.get("evaluationResults"))
            judgments = [_score(as_object(item)) for item in judged.get("results") or []]
            yield _of_run(cells["run"], as_object(cells.get("example")), judgments, location)
        else:
            yield _of_table(cells, location, path)


def _of_table(cells: Json, location: Location, path: Path) -> Result:
    """A row of `to_pandas()` or `get_test_results()`: a column for each input, output, reference and feedback."""
    inputs = columns_below(cells, "inputs.") or columns_below(cells, "input.")
    outputs = columns_below(cells, "outputs.") or cells.get("output")
    reference = columns_below(cells, "reference.") or under_name(cells.get("reference"), "reference")
    error, id = decoded(cells.get("error")), cells.get("id") or cells.get("run_id")
    feedback = {name: value for name, value in columns_below(cells, "feedback.").items() if value is not None}
    return Result(
        version=Version(path.stem),
        case=Case(inputs=inputs, target=_given(reference), id=id_of(cells.get("example_id"))),
        location=location,
        scores=[Score(name, _judgment(value)) for name, value in feedback.items()],
        output=output_text(_given(outputs) if isinstance(outputs, dict) else outputs),
        error=error_text(error),
        latency=number(cells.get("execution_time")),
        id=id_of(id),
        run=Run(path.name),
    )


def _of_run(run: Json, example: Json, scores: list[Score], location: Location) -> Result:
    error = run.get("error")
    example_id = run.get("reference_example_id") or example.get("id")
    session = run.get("session_name") or run.get("session_id") or location.file.rpartition(".")[0]
    metadata = nested(example, "metadata")
    return Result(
        version=Version(as_text(session)),
        case=Case(
            inputs=under_name(example.get("inputs") or run.get("inputs"), "input"),
            target=under_name(example.get("outputs"), "output") or None,
            id=id_of(example_id),
            metadata=metadata or None,
        ),
        location=location,
        scores=scores,
        output=output_text(run.get("outputs")),
        error=error_text(error),
        latency=seconds_between(run.get("start_time"), run.get("end_time")),
        started_at=time_of(run.get("start_time")),
        prompt_tokens=count(run.get("prompt_tokens")),
        output_tokens=count(run.get("completion_tokens")),
        cost=number(run.get("total_cost")),
        id=id_of(run.get("id")),
        run=Run(as_text(session)),
    )


def _feedback(run: Json) -> list[Score]:
    """The feedback of a run: item by item if it is there, else its averages, or its one value."""
    if isinstance(run.get("feedback"), list):
        return [_score(as_object(item)) for item in run["feedback"]]
    scores = []
    for name, given in as_object(run.get("feedback_stats")).items():
        stats = as_object(given)
        values, comments = as_object(stats.get("values")), stats.get("comments")
        judgment: Any = number(stats.get("avg"))
        if judgment is None and len(values) == 1:
            judgment = _judgment(next(iter(values)))
        comment = comments[0] if isinstance(comments, list) and len(comments) == 1 else None
        n = count(stats.get("n")) or 0
        scores.append(score_of(name, judgment, comment, None, metadata={"n": n} if n > 1 else None))
    return scores


def _score(item: Json) -> Score:
    source = as_object(item.get("feedback_source")).get("type")
    score, value = item.get("score"), item.get("value")
    judgment = _judgment(value if score is None else score)
    return score_of(item.get("key"), judgment, item.get("comment"), _KINDS.get(str(source)))


def _judgment(value: Any) -> Any:
    if isinstance(value, bool | None):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    found = number(value)
    return as_text(value) if found is None else found


def _given(values: Json) -> dict[str, Any] | None:
    return {name: value for name, value in values.items() if value is not None} or None


FORMAT = Format("langsmith", _recognises, _read)

"""The document of a report: a comparison with its groups and datapoints, asked for with the tools' own calls."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.runs import find_run, find_runs
from evals_mcp.models.model import JsonObject
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.tools.arguments import LEAST_TOKENS
from evals_mcp.tools.compare_runs import compare_runs
from evals_mcp.tools.list_runs import list_runs

DATAPOINTS = 50
"""In each list of a report, unless it is asked for more."""

FIELDS = 3
"""The fields by which a report has groups."""

_PAGE = 50


class Asked(NamedTuple):
    """What a report is about: names as the tools take them. Without `runs`, all are compared with the baseline."""

    evaluation: str
    runs: Sequence[str] = ()
    baseline: str = ""
    where: Sequence[str] = ()


async def read_report(lookup: Lookup, asked: Asked, *, datapoints: int = 0, fields: int = 0) -> JsonObject:
    """The document of a report, with at most so many datapoints in each list, and groups by so many fields.

    `lookup` must be one with documents. With one run or none, it is the document of `list_runs`. Raises EvalsError.
    """
    evaluation = await lookup.find_evaluation(asked.evaluation)
    find_runs(evaluation, [run for run in (*asked.runs, asked.baseline) if run])
    if len(evaluation.runs) < 2:
        await list_runs(lookup, evaluation.id, where=list(asked.where), max_tokens=LEAST_TOKENS)
        return _document(lookup)
    common = _arguments(evaluation, asked)
    document = await _compare(lookup, **common, limit=1)
    document["datapoints"] = []
    document["groups"] = []
    if datapoints:
        for candidate in document["candidates"]:
            for outcomes, evaluators in _questions(evaluation.evaluators, candidate["rows"]):
                for outcome in outcomes:
                    given = {**common, "candidates": [candidate["run"]], "evaluators": evaluators, "outcome": outcome}
                    document["datapoints"].append(await _list(lookup, given, datapoints))
    for field in document["groupable"][:fields]:
        found = await _compare(lookup, **common, group_by=field)
        if any(table["groups"] for table in found["tables"]):
            document["groups"].append(found)
    return document


def _arguments(evaluation: ResolvedEvaluation, asked: Asked) -> dict[str, Any]:
    """The arguments of all calls. A run that is named as a baseline and a candidate is the baseline."""
    baseline = find_run(evaluation, asked.baseline) if asked.baseline else evaluation.reference_run
    given: dict[str, Any] = {"evaluation": evaluation.id, "where": list(asked.where)}
    if asked.baseline:
        given["baseline"] = baseline.id
    if asked.runs:
        given["candidates"] = [run.id for run in find_runs(evaluation, list(asked.runs)) if run.id != baseline.id]
    return given


def _questions(
    evaluators: Sequence[EvaluatorRow], rows: Sequence[JsonObject]
) -> list[tuple[tuple[str, ...], list[str]]]:
    """Which outcomes to list by which evaluators: better and worse, else higher and lower, else all changes."""
    changed = {row["evaluator"] for row in rows if row["changed"]}
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in evaluators:
        if row.version_id in changed:
            outcomes = ("regressed", "improved") if row.is_directed else ("changed",)
            if not row.is_directed and row.return_type == "number":
                outcomes = ("lower", "higher")
            groups.setdefault(outcomes, []).append(row.version_id)
    return list(groups.items())


async def _list(lookup: Lookup, given: dict[str, Any], most: int) -> JsonObject:
    """One list of datapoints: its first page, with the rows of the following ones."""
    page: JsonObject = (await _compare(lookup, **given, limit=min(_PAGE, most)))["datapoints"][0]
    while page["next"] and len(page["rows"]) < most:
        arguments = {key: value for key, value in page["next"]["arguments"].items() if key != "max_tokens"}
        following = (await _compare(lookup, **arguments))["datapoints"][0]
        page["rows"] += following["rows"]
        page["next"] = following["next"] if following["rows"] else None
    return page


async def _compare(lookup: Lookup, **given: Any) -> JsonObject:
    await compare_runs(lookup, **given, max_tokens=LEAST_TOKENS)
    return _document(lookup)


def _document(lookup: Lookup) -> JsonObject:
    assert lookup.document is not None, "the lookup makes no documents"
    return lookup.document

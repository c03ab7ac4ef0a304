"""The document of a comparison of runs, made of what the answer of `compare_runs` is made of."""

from collections.abc import Mapping, Sequence
from typing import Any

from evals_mcp.answers.comparison_notes import Compared, coverage_notes, judgment_notes, method_notes
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.identical_outputs import identical_notes
from evals_mcp.answers.judgments import judgment_word, verdict_words
from evals_mcp.answers.located_differences import group_word, located_notes
from evals_mcp.answers.verdict_line import verdict_words as verdict_of
from evals_mcp.models.comparisons import ComparedDatapoint, ComparisonRow
from evals_mcp.models.model import JsonObject
from evals_mcp.models.rows import JudgmentRow, LogRow
from evals_mcp.statistics.verdicts import is_constant
from evals_mcp.views.compared_runs import compared_runs
from evals_mcp.views.figures import about, comparison
from evals_mcp.views.texts import chat, fields, labelled, output


def comparison_document(
    compared: Compared, *, outcome: str, offset: int, rest: Mapping[str, object], call: Call
) -> JsonObject:
    """The document of a comparison: its verdict, a row for each candidate and evaluator, and a page of datapoints.

    `rest` are the changed arguments of the call that shows the datapoints after these; empty if there are none.
    """
    found = compared.found
    chosen = [found.baseline.run_id, *(candidate.run_id for candidate in found.candidates)]
    verdict = verdict_of(compared)
    return {
        **about("comparison", compared.evaluation),
        "call": {"name": call.tool, "arguments": call.given()},
        "verdict": {"line": verdict.line + compared.counted, "further": verdict.further},
        "filtered": compared.filtered.strip(),
        "baseline": found.baseline.run_id,
        "runs": compared_runs(compared),
        "candidates": [_candidate(compared, run_id) for run_id in chosen[1:]],
        "notes": _notes(compared),
        "slices": _slices(compared),
        "groupable": list(found.groupable),
        "datapoints": [_page(compared, outcome, offset, rest, call)],
    }


def _candidate(compared: Compared, run_id: str) -> JsonObject:
    """A candidate's comparisons: those of the answer, and which have no pairs or the same judgment everywhere."""
    run = next(item for item in compared.found.candidates if item.run_id == run_id)
    rows = [
        {**comparison(row), "label": _label(compared, row), "constant": is_constant(row, compared.found.baseline, run)}
        for row in (*run.comparisons, *run.passes, *run.measures)
        if row.pairs
    ]
    return {
        "run": run_id,
        "logs": run.logs,
        "failed_logs": run.failed_logs,
        "datapoints": run.datapoints,
        "shared": run.shared,
        "rows": rows,
        "changes": [change.model_dump() for change in run.changes],
    }


def _label(compared: Compared, row: ComparisonRow) -> str:
    """The evaluator or measure of a row, as it is called."""
    if row.measure is not None:
        return compared.subject(row)
    called = compared.evaluation.evaluator_labels[row.evaluator_version_id or ""]
    return called + (" passed" if row.passes else "")


def _notes(compared: Compared) -> list[str]:
    rows = list(compared.rows())
    return [
        *compared.evaluation.notes,
        *identical_notes(compared),
        *located_notes(compared),
        *method_notes(compared, rows),
        *coverage_notes(compared),
        *judgment_notes(compared),
    ]


def _slices(compared: Compared) -> list[JsonObject]:
    """The groups of datapoints in which a difference sits."""
    return [
        {
            "run": item.run_id,
            "evaluator": item.evaluator_version_id,
            "field": item.key or item.part,
            "value": item.value,
            "difference": item.difference,
            "pairs": item.pairs,
            "rest": item.rest,
            "others": item.others,
            "p": item.adjusted_p,
            "text": group_word(compared, item),
        }
        for item in compared.found.located
    ]


def _page(compared: Compared, outcome: str, offset: int, rest: Mapping[str, object], call: Call) -> JsonObject:
    found = compared.found
    evaluators = [tally.evaluator_version_id for tally in found.baseline.tallies]
    return {
        "run": found.shown_run_id,
        "evaluators": evaluators,
        "outcome": outcome,
        "offset": offset,
        "total": found.total,
        "rows": [_datapoint(compared, row) for row in found.datapoints],
        "next": {"name": call.tool, "arguments": call.given(**rest)} if rest else None,
    }


def _datapoint(compared: Compared, row: ComparedDatapoint) -> JsonObject:
    return {
        "id": row.id,
        "input": [*fields(row.inputs), *chat(row.messages)],
        "target": fields(row.target),
        "evaluators": row.evaluators,
        "baseline": _log(compared, row, row.baseline, compared.found.baseline.run_id),
        "candidate": _log(compared, row, row.candidate, compared.found.shown_run_id),
    }


def _log(compared: Compared, datapoint: ComparedDatapoint, log: LogRow | None, run_id: str) -> JsonObject | None:
    """A log of the datapoint, and how many others the run has for it."""
    if log is None:
        return None
    return {
        "id": log.id,
        "output": output(log),
        "failed": log.error is not None,
        "latency": log.latency,
        "cost": log.cost if log.cost is not None else log.output_cost,
        "tokens": {"in": log.prompt_tokens, "out": log.output_tokens},
        "judgments": judgments(compared.evaluation.evaluator_labels, log.judgments),
        "other_logs": sum(item.run_id == run_id for item in datapoint.other_logs),
    }


def judgments(labels: Mapping[str, str], rows: Sequence[JudgmentRow]) -> list[JsonObject]:
    """Judgments with their words, authors, and explanations or errors. Those that are missing are told, too."""
    return [
        {
            "evaluator": row.evaluator_version_id,
            "label": labels[row.evaluator_version_id],
            "state": row.state,
            "value": row.judgment,
            "word": judgment_word(row.state, row.judgment),
            "says": [*verdict_words(row.judgment, row.score, row.passed, row.threshold)],
            "author": row.author,
            "text": _explanation(row),
        }
        for row in rows
    ]


def _explanation(row: JudgmentRow) -> Any:
    return labelled("error" if row.error else "explanation", row.text) if row.text else None

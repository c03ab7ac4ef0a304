"""The tool get_logs."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from evals_mcp.answers.filter_words import filter_words
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.headlines import constant_value
from evals_mcp.answers.logs import summarize_logs
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.filters import read_filter
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.names import quoted
from evals_mcp.lookup.runs import find_runs
from evals_mcp.lookup.unmatched import Count, why_none
from evals_mcp.models.questions import Filter, LogQuestion
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.tools.arguments import Cursor, Datapoint, Evaluation, Evaluator, MaxTokens, Runs, Sort, WhereLogs
from evals_mcp.tools.judges import why_no_worst
from evals_mcp.tools.tool import Tool

Sample = Annotated[bool, Field(description="Even, repeatable sample across judgments.")]
_LIMIT = 10
_LISTED = 6
Limit = Annotated[int, Field(ge=1, le=100, description=f"Logs to show, 1–100, default {_LIMIT}.")]
_SORTED: dict[str, Quoted] = {
    "newest": "newest first",
    "latency": "slowest first",
    "cost": "highest cost first",
    "length": "longest output first",
}
_KNOWN: dict[str, Quoted] = {"latency": " that have a latency", "cost": " that have a cost"}
"""Which logs an order leaves out."""


async def get_logs(
    lookup: Lookup,
    evaluation: Evaluation,
    runs: Runs = [],
    where: WhereLogs = [],
    datapoint: Datapoint = "",
    evaluator: Evaluator = "",
    sort: Sort = "newest",
    sample: Sample = False,
    limit: Limit = _LIMIT,
    cursor: Cursor = "",
    max_tokens: MaxTokens = 4000,
) -> str:
    """Find logs by input, output, error, latency, tokens, cost or judgment, with explanations."""
    resolved = await lookup.find_evaluation(evaluation)
    run_ids = [run.id for run in find_runs(resolved, runs)]
    datapoint_id = await lookup.find_datapoint(resolved, datapoint) if datapoint else None
    filter = await read_filter(lookup, resolved, where, run_ids, datapoint_id)
    named = find_evaluator(resolved, evaluator) if evaluator else None
    judging, notes = _judging(resolved, named, filter, sort, sample=sample)
    filters = {
        "evaluation": resolved.id,
        "where": where,
        "datapoint": datapoint_id,
        "sort": sort if sort != "newest" else "",
        "sample": sample,
    }
    call = Call(
        "get_logs",
        arguments={
            **filters,
            "runs": runs and [resolved.run_labels[run_id] for run_id in run_ids],
            "evaluator": named and resolved.evaluator_labels[named.version_id],
            "limit": None if limit == _LIMIT else limit,
        },
        listed={**filters, "runs": runs and run_ids, "evaluator": named and named.version_id},
    )
    position = call.position(cursor)
    question = LogQuestion(
        filter=filter,
        evaluator_version_id=judging.version_id if judging else None,
        sort=sort,
        sample=sample,
        limit=limit,
        following=None if position is None else [float(str(part)) for part in position],
        characters=max_tokens * 4,
    )
    resolved, rows = await (await lookup.rows()).find_logs(resolved, question)
    if datapoint_id and not rows.total and not await _has_logs(lookup, resolved, datapoint_id):
        raise NotFound(f"datapoint: no log exists for {quoted(datapoint_id)}. list_datapoints lists datapoint ids.")
    if not rows.total:
        notes += await why_none(lookup, resolved, where, _counting(lookup, resolved, run_ids, datapoint_id))
    filtered = _in_words(resolved, question, judging, rows.total)
    return summarize_logs(resolved, rows, max_tokens, filtered=filtered, call=call, notes=notes)


def _counting(lookup: Lookup, evaluation: ResolvedEvaluation, run_ids: list[str], datapoint_id: str | None) -> Count:
    """Counts the logs of runs, or of a datapoint in them, that meet conditions."""

    async def count_matches(where: list[str]) -> int:
        filter = await read_filter(lookup, evaluation, where, run_ids, datapoint_id)
        question = LogQuestion(filter=filter, limit=1, characters=1)
        return (await (await lookup.rows()).find_logs(evaluation, question))[1].total

    return count_matches


async def _has_logs(lookup: Lookup, evaluation: ResolvedEvaluation, datapoint_id: str) -> bool:
    """Whether any log of an evaluation is for a datapoint."""
    question = LogQuestion(filter=Filter(datapoint_id=datapoint_id), limit=1, characters=1)
    return bool((await (await lookup.rows()).find_logs(evaluation, question))[1].total)


def _judging(
    evaluation: ResolvedEvaluation, named: EvaluatorRow | None, filter: Filter, sort: str, *, sample: bool
) -> tuple[EvaluatorRow | None, list[Quoted]]:
    """The evaluator to sort or sample by, and a note if we chose it."""
    if sample and sort != "newest":
        raise Invalid("sort: cannot be combined with sample, which has its own order.")
    condition = filter.judgment
    by = None if condition is None else condition.evaluator_version_id
    if named is None and by is not None and (sort == "worst" or sample):
        named = next(row for row in evaluation.evaluators if row.version_id == by)
    if sort == "worst" and condition is not None and condition.state != "judged" and _is_by(named, by):
        raise Invalid(f"sort: logs with a {condition.state} judgment cannot be sorted by it. Use another sort.")
    if named is not None:
        return named, [] if sort != "worst" else _require_order(evaluation, named)
    if sort != "worst" and not sample:
        return None, []
    able = [row for row in evaluation.evaluators if sample or _is_ordered(row)]
    if sample and condition is not None and (types := condition.return_types()) is not None:
        able = [row for row in able if row.return_type in types]
    if not able:
        raise Invalid(
            "sample: no evaluator has judgments to sample."
            if sample
            else "sort: no evaluator here can rank judgments. Options need a valence (options[].valence), and texts "
            "have no order. Filter with where=, or sort by latency, cost, length or newest."
        )
    chosen = max(able, key=lambda row: _informative(evaluation, filter.run_ids, row))
    notes = [] if sample else _require_order(evaluation, chosen)
    others = [name(evaluation.evaluator_labels[row.version_id]) for row in able if row is not chosen]
    if not others:
        return chosen, notes
    done = "Sampled by" if sample else "Sorted by"
    label = name(evaluation.evaluator_labels[chosen.version_id])
    return chosen, [f"{done} {label}. Use evaluator= for another: {', '.join(others)}.", *notes]


def _is_ordered(row: EvaluatorRow) -> bool:
    """Whether its judgments can be sorted: the worst first, or the lowest if no direction is declared."""
    return row.is_directed or (row.return_type == "number" and not row.neutral)


def _require_order(evaluation: ResolvedEvaluation, row: EvaluatorRow) -> list[Quoted]:
    """A note on options that cannot be sorted. Raises Invalid if no judgment is worse than another."""
    label = name(evaluation.evaluator_labels[row.version_id])
    if not _is_ordered(row):
        why = why_no_worst(row)
        raise Invalid(f"sort: nothing is worst by {label}: {why}. Or sort by latency, cost, length or newest.")
    others = [name(option) for option in row.options if option not in row.valences]
    if row.return_type != "select" or not others:
        return []
    return [f"Not sorted, because {label} gives them no valence (options[].valence): {listed(others, _LISTED)}."]


def _is_by(named: EvaluatorRow | None, version_id: str | None) -> bool:
    """Whether a judgment by an evaluator (None: any) can be one by the named evaluator."""
    return named is None or version_id in (None, named.version_id)


def _informative(
    evaluation: ResolvedEvaluation, run_ids: Sequence[str] | None, row: EvaluatorRow
) -> tuple[bool, bool, int]:
    """How informative an evaluator is in these runs: whether its judgments vary and have a direction; their number."""
    index = evaluation.index_of(row.version_id)
    stats = [run.stats[index] for run in evaluation.runs if run_ids is None or run.id in run_ids]
    return constant_value(stats) is None, row.is_directed, sum(item.num_judgments for item in stats)


def _in_words(
    evaluation: ResolvedEvaluation, question: LogQuestion, judging: EvaluatorRow | None, total: int
) -> Quoted:
    """The filter and, of several logs, the order in words, to follow `N logs`."""
    words = filter_words(question.filter, evaluation)
    label = "" if judging is None else name(evaluation.evaluator_labels[judging.version_id])
    if question.sample:
        return f"{words}, sampled evenly across judgments of {label}"
    if question.sort != "worst" or judging is None:
        if total < 2:
            return f"{words}{_KNOWN.get(question.sort, '')}"
        return f"{words}{_KNOWN.get(question.sort, '')}, {_SORTED[question.sort]}"
    first: Quoted = "worst judgment first" if judging.is_directed else "lowest judgment first"
    direction = _direction(judging)
    if question.filter.names() == ["run_ids"]:
        return f"{words} judged by {label}, {first} ({direction})"
    condition = question.filter.judgment
    if condition is None or condition.evaluator_version_id != judging.version_id:
        direction += "; logs that it did not judge come last"
    return f"{words}, {first} by {label} ({direction})"


def _direction(row: EvaluatorRow) -> Quoted:
    """Which judgments of an evaluator come first."""
    if row.return_type == "boolean":
        return f"{'true' if row.lower_is_better else 'false'} is worst"
    if row.return_type == "number" and not row.is_directed:
        return "not set whether higher is better, so low is not called worst"
    if row.return_type == "number":
        return f"{'high' if row.lower_is_better else 'low'} is worst"
    return "negative options first" if row.return_type == "select" else "by the sum of valences"


TOOL = Tool(function=get_logs, title="Search logs", search_hint="humanloop, failed test cases")

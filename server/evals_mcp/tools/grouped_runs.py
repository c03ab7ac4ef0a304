"""Runs in groups of datapoints or over some logs: the arguments of tools as a question, and its answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from evals_mcp.answers.filter_words import filter_words
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.detail import cost
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.judgments import missing_words
from evals_mcp.answers.run_groups import filtered_runs, no_logs, summarize_run_groups
from evals_mcp.answers.runs import summarize_runs
from evals_mcp.lookup.filters import read_filter
from evals_mcp.lookup.groups import read_group_by
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.unmatched import why_none
from evals_mcp.models.groups import ChosenRunFigures, GroupedComparisonQuestion, RunFiguresQuestion
from evals_mcp.models.resolved import ResolvedEvaluation

_CHANGED: Quoted = "Written to since the page before, so rows may have moved. Without cursor, the list begins anew.\n"


def change_words(call: Call, cursor: str) -> Quoted:
    """What precedes a page if the evaluation changed since the page before: figures decide about the order of rows."""
    return _CHANGED if call.has_changed(cursor) else ""


async def compare_groups(
    lookup: Lookup,
    evaluation: ResolvedEvaluation,
    group_by: str,
    asked: Mapping[str, Any],
    arguments: Mapping[str, object],
    cursor: str,
    max_tokens: int,
) -> str:
    """Compare runs in groups. `asked` are other fields of the question, `arguments` those of the call."""
    from evals_mcp.answers.comparison_groups import ComparedGroups, summarize_groups  # other tools should not wait

    question = GroupedComparisonQuestion(**asked, group_by=await read_group_by(lookup, evaluation, group_by))
    arguments = {**arguments, "group_by": group_by}
    listed = {"evaluation": evaluation.id, **question.model_dump(exclude_defaults=True)}
    call = Call("compare_runs", arguments, listed, evaluation.token)
    offset = call.offset(cursor)
    changed = change_words(call, cursor)
    max_tokens -= cost(changed)
    evaluation, found = await (await lookup.rows()).compare_groups(evaluation, question)
    compared = ComparedGroups(
        evaluation,
        question.baseline_run_id,
        question.group_by,
        found,
        filter_words(question.filter, evaluation),
        not question.evaluator_version_ids,
        missing_words(question.missing, evaluation),
    )
    lookup.show(lambda: _groups_document(compared, call))
    return changed + summarize_groups(compared, max_tokens, offset=offset, call=call)


def _groups_document(compared: Any, call: Call) -> Any:
    from evals_mcp.views.groups_document import groups_document  # only where there is a view

    return groups_document(compared, call)


def _runs_document(evaluation: ResolvedEvaluation, filtered: Quoted, call: Call) -> Any:
    from evals_mcp.views.runs_document import runs_document

    return runs_document(evaluation, filtered=filtered, call=call)


async def list_filtered_runs(
    lookup: Lookup, evaluation: ResolvedEvaluation, where: Sequence[str], group_by: str, cursor: str, max_tokens: int
) -> str:
    """The runs over the logs that meet all conditions, in groups if asked."""
    filter = await read_filter(lookup, evaluation, where)
    by = await read_group_by(lookup, evaluation, group_by) if group_by else None
    question = RunFiguresQuestion(filter=filter, group_by=by)
    call = Call(
        "list_runs",
        {"evaluation": evaluation.id, "where": where, "group_by": group_by},
        {"evaluation": evaluation.id, **question.model_dump(exclude_defaults=True)},
        evaluation.token,
    )
    offset = call.offset(cursor)
    changed = change_words(call, cursor)
    max_tokens -= cost(changed)
    evaluation, found = await (await lookup.rows()).find_run_figures(evaluation, question)
    words = filter_words(filter, evaluation)
    if not _logs(found):
        return no_logs(evaluation, words, await _why(lookup, evaluation, where), max_tokens)
    if by is not None:
        return changed + summarize_run_groups(evaluation, found, by, words, max_tokens, offset=offset, call=call)
    shown = filtered_runs(evaluation, found, same_datapoints=filter.is_on_datapoints and not filter.text)
    lookup.show(lambda: _runs_document(shown, words, call))
    return changed + summarize_runs(shown, max_tokens, filtered=words, offset=offset, call=call)


async def _why(lookup: Lookup, evaluation: ResolvedEvaluation, where: Sequence[str]) -> list[Quoted]:
    async def count_matches(tried: list[str]) -> int:
        question = RunFiguresQuestion(filter=await read_filter(lookup, evaluation, tried))
        return _logs((await (await lookup.rows()).find_run_figures(evaluation, question))[1])

    return await why_none(lookup, evaluation, where, count_matches)


def _logs(found: ChosenRunFigures) -> int:
    return sum(run.logs_count for group in found.groups for run in group.runs)

"""The tool list_datapoints."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from evals_mcp.answers.datapoints import summarize_datapoints
from evals_mcp.answers.filter_words import filter_words
from evals_mcp.answers.frame.calls import Call, next_call
from evals_mcp.answers.frame.figures import count, listed
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.errors import NotFound
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.filters import read_filter
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.names import quoted
from evals_mcp.lookup.runs import find_runs
from evals_mcp.lookup.unmatched import Count, why_none
from evals_mcp.models.conditions import EvaluatorScale
from evals_mcp.models.questions import DatapointQuestion, DatapointShow, Filter
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow, RunRow
from evals_mcp.tools.arguments import Cursor, Datapoint, Evaluation, Evaluator, MaxTokens, Runs, Where
from evals_mcp.tools.judges import known_untold, read_judges, show_words
from evals_mcp.tools.near_words import SHOWN, understood
from evals_mcp.tools.tool import Tool

_MOST_BY_DEFAULT = 3
_ONLY_SOME: Quoted = "Showing the control (or oldest) run and the two newest. Use runs= for others."
_ONLY_NAMED: Quoted = "Showing the runs that the conditions name. Use runs= for others."
Show = Annotated[
    DatapointShow,
    understood(SHOWN),
    Field(
        description="all (default); disagreement of runs or evaluators; all_fail: every run fails; or such judgments."
    ),
]
_LIMIT = 20
_LISTED = 3
Limit = Annotated[int, Field(ge=1, le=100, description=f"Datapoints to show, 1–100, default {_LIMIT}.")]


async def list_datapoints(
    lookup: Lookup,
    evaluation: Evaluation,
    runs: Runs = [],
    show: Show = "all",
    evaluator: Evaluator = "",
    where: Where = [],
    datapoint: Datapoint = "",
    limit: Limit = _LIMIT,
    cursor: Cursor = "",
    max_tokens: MaxTokens = 4000,
) -> str:
    """List datapoints with input, target and judgments: all, or where runs disagree, all fail, or judgments are
    missing."""
    resolved = await lookup.find_evaluation(evaluation)
    chosen = [run.id for run in find_runs(resolved, runs)]
    datapoint_id = await _datapoint_id(lookup, resolved, datapoint) if datapoint else None
    filter = await read_filter(lookup, resolved, where, chosen, datapoint_id)
    shown, filter, unchosen = _shown_runs(resolved, filter, show, runs)
    named = find_evaluator(resolved, evaluator) if evaluator else None
    versions, notes = _datasets(resolved, shown if runs else resolved.runs)
    judges, rules = read_judges(resolved, shown, show, named)
    chosen = _shown_evaluators(show, named, judges)
    filters = {"evaluation": resolved.id, "show": _given(show), "datapoint": datapoint_id, "where": where}
    call = Call(
        "list_datapoints",
        arguments={
            **filters,
            "runs": runs and [resolved.run_labels[run.id] for run in shown],
            "evaluator": named and resolved.evaluator_labels[named.version_id],
            "limit": None if limit == _LIMIT else limit,
        },
        listed={**filters, "runs": runs and [run.id for run in shown], "evaluators": chosen, "datasets": versions},
    )
    question = DatapointQuestion(
        filter=filter,
        dataset_version_id=versions[0],
        other_dataset_version_ids=versions[1:],
        show=show,
        evaluator_version_id=named.version_id if named and show == "disagreement" else None,
        scales=judges,
        limit=limit,
        **_page_start(call, cursor),
        characters=max_tokens * 4,
    )
    resolved, rows = await (await lookup.rows()).find_datapoints(resolved, question)
    if not rows.total:
        notes += await why_none(lookup, resolved, where, _counting(lookup, resolved, question, datapoint_id))
    return summarize_datapoints(
        resolved,
        rows,
        shown,
        max_tokens,
        filtered=_in_words(resolved, question, chosen),
        untold=known_untold(show, resolved, judges),
        only=chosen,
        offset=question.offset if rows.offset is None else rows.offset,
        call=call,
        notes=[*notes, *rules, *unchosen, *_outputs(resolved, filter.text)],
    )


def _page_start(call: Call, cursor: str) -> dict[str, Any]:
    """The offset in a cursor, and the last datapoint of the page before if the list may change."""
    offset, *following = call.position(cursor) or [0]
    return {"offset": offset, "following": following[0] if following else None}


def _counting(
    lookup: Lookup, evaluation: ResolvedEvaluation, question: DatapointQuestion, datapoint_id: str | None
) -> Count:
    """Counts the datapoints, or one of them, for a question with other conditions."""

    async def count_matches(where: list[str]) -> int:
        filter = await read_filter(lookup, evaluation, where, question.filter.run_ids, datapoint_id)
        asked = question.model_copy(
            update={"filter": filter, "limit": 1, "characters": 1, "offset": 0, "following": None}
        )
        return (await (await lookup.rows()).find_datapoints(evaluation, asked))[1].total

    return count_matches


def _shown_evaluators(show: DatapointShow, named: EvaluatorRow | None, judges: Sequence[EvaluatorScale]) -> list[str]:
    """The only evaluators to show, as version ids: the named one, and those that can contradict it; empty for all."""
    if named is None or show != "disagreement":
        return [named.version_id] if named else []
    return [judge.evaluator_version_id for judge in judges]


def _given(show: DatapointShow) -> str:
    return "" if show == "all" else show


async def _datapoint_id(lookup: Lookup, evaluation: ResolvedEvaluation, word: str) -> str:
    """The id of a datapoint. Raises NotFound."""
    found = await lookup.find_datapoint(evaluation, word)
    if not await (await lookup.rows()).find_datapoint_ids(evaluation.id, found, limit=1):
        raise NotFound(f"datapoint: the dataset has no {quoted(found)}. list_datapoints lists datapoint ids.")
    return found


def _in_words(evaluation: ResolvedEvaluation, question: DatapointQuestion, version_ids: Sequence[str]) -> Quoted:
    """The filter in words, to follow `N datapoints`; empty if all are listed."""
    labels = [evaluation.evaluator_labels[version_id] for version_id in version_ids]
    # The columns say in which runs.
    chosen = question.filter.model_copy(update={"run_ids": None, "datapoint_id": None})
    one = f" {name(question.filter.datapoint_id)}" if question.filter.datapoint_id else ""
    searched = " in inputs or targets" if question.filter.text else ""
    return (
        one
        + show_words(question.show, labels, runs=len(question.filter.run_ids or []))
        + filter_words(chosen, evaluation)
        + searched
    )


def _outputs(evaluation: ResolvedEvaluation, text: str | None) -> list[Quoted]:
    """How to search the logs of the datapoints, too."""
    return (
        [f"Search outputs, too: {next_call('get_logs', evaluation=evaluation.id, where=[f'text~{text}'])}"]
        if text
        else []
    )


def _shown_runs(
    evaluation: ResolvedEvaluation, filter: Filter, show: DatapointShow, named: Sequence[str]
) -> tuple[list[RunRow], Filter, list[Quoted]]:
    """The runs to show, the filter for them, and a note where these are only some.

    Conditions on logs look at all runs that the call names.
    """
    shown = [evaluation.run(run_id) for run_id in filter.run_ids or ()]
    if show != "all" or named or not filter.is_on_datapoints or len(shown) < len(evaluation.runs):
        return shown, filter, []
    some = [run for run in shown if run.id in filter.passing_run_ids] or _default_runs(shown)
    note = _ONLY_NAMED if filter.passing_run_ids else _ONLY_SOME
    return some, filter.model_copy(update={"run_ids": [run.id for run in some]}), [note] if some != shown else []


def _default_runs(runs: list[RunRow]) -> list[RunRow]:
    """All runs if there are few, else the control (or oldest) run and the two newest."""
    if len(runs) <= _MOST_BY_DEFAULT:
        return runs
    control = next((run for run in runs if run.control), runs[0])
    return [control, *[run for run in runs if run is not control][1 - _MOST_BY_DEFAULT :]]


def _datasets(evaluation: ResolvedEvaluation, runs: Sequence[RunRow]) -> tuple[list[str], list[Quoted]]:
    """The dataset versions of these runs, that of which the first run is newest first, and a note on others.

    Raises NotFound if the runs have none.
    """
    over: dict[str, list[RunRow]] = {}
    for run in runs:
        if run.dataset_version_id is not None:
            over.setdefault(run.dataset_version_id, []).append(run)
    if not over:
        raise NotFound("evaluation: its runs have no dataset, so there are no datapoints. Use get_logs for the logs.")
    newest_first = list(over)[::-1]
    notes: list[Quoted] = []
    if len(over) > 1:
        first, *others = [_over(evaluation, over[version_id]) for version_id in newest_first]
        others_listed = listed(others, _LISTED)
        notes.append(f"{count(len(over), 'dataset version')}: first {first}, then datapoints only in {others_listed}.")
    if any(run.dataset_version_id not in (None, *over) for run in evaluation.runs):
        notes.append("Only the dataset versions of these runs are listed; other runs have others.")
    return newest_first, notes


def _over(evaluation: ResolvedEvaluation, runs: Sequence[RunRow]) -> Quoted:
    """A dataset version by its runs."""
    labels = [name(evaluation.run_labels[run.id]) for run in runs]
    return f"that of {listed(labels, _LISTED)} ({count(runs[0].datapoints_count or 0, 'datapoint')})"


TOOL = Tool(function=list_datapoints, title="List datapoints", search_hint="failed test cases")

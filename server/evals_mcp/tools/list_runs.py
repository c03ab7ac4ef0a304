"""The tool list_runs."""

from typing import Annotated

from pydantic import Field

from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.detail import cost
from evals_mcp.answers.frame.quoting import name
from evals_mcp.errors import Invalid
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.tools.arguments import AS_SHOWN, Cursor, Evaluation, Evaluator, GroupedBy, MaxTokens, Where
from evals_mcp.tools.grouped_runs import change_words, list_filtered_runs
from evals_mcp.tools.run_views import ONE_EVALUATOR_VIEWS, RUN_VIEWS, RunViewCall, Show
from evals_mcp.tools.tool import Tool

Cluster = Annotated[str, Field(max_length=500, description="Agreement: field that errors are by."), AS_SHOWN]


async def list_runs(
    lookup: Lookup,
    evaluation: Evaluation,
    show: Show = "runs",
    where: Where = [],
    group_by: GroupedBy = "",
    evaluator: Evaluator = "",
    cluster: Cluster = "",
    cursor: Cursor = "",
    max_tokens: MaxTokens = 4000,
) -> str:
    """Show runs side by side: version, status, logs, each evaluator's rate, mean or top options, difference from the
    control."""
    resolved = await lookup.find_evaluation(evaluation)
    judge = find_evaluator(resolved, evaluator) if evaluator else None
    if judge is not None and show not in ONE_EVALUATOR_VIEWS:
        views = ", ".join(name(view) for view in ONE_EVALUATOR_VIEWS)
        raise Invalid(f"evaluator: show={name(show)} always has all evaluators. Omit it, or use show={views}.")
    if show == "runs" and (where or group_by):
        return await list_filtered_runs(lookup, resolved, where, group_by, cursor, max_tokens)
    if group_by:
        raise Invalid(f"group_by: show={name(show)} takes no groups. Look at one group with where=.")
    if cluster and show != "agreement":
        raise Invalid(f"cluster: show={name(show)} has no clusters. It is for show=agreement.")
    label = "" if judge is None else resolved.evaluator_labels[judge.version_id]
    given = {"evaluation": resolved.id, "show": "" if show == "runs" else show, "where": where, "evaluator": label}
    given |= {"cluster": cluster}
    call = Call("list_runs", given, given, resolved.token)
    changed = change_words(call, cursor)
    max_tokens -= cost(changed)
    return changed + await RUN_VIEWS[show](
        RunViewCall(lookup, resolved, where, judge, cluster, call.offset(cursor), call, max_tokens)
    )


TOOL = Tool(
    function=list_runs,
    title="List runs",
    search_hint="humanloop, which prompt is better, inter-rater",
    view="comparison",
)

"""The tool list_runs."""

from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.runs import summarize_runs
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.tools.arguments import Cursor, Evaluation, MaxTokens
from evals_mcp.tools.tool import Tool


async def list_runs(lookup: Lookup, evaluation: Evaluation, cursor: Cursor = "", max_tokens: MaxTokens = 4000) -> str:
    """Show an evaluation's runs side by side: version, status, logs, and each evaluator's rate of true, mean or top
    options with the difference from the control run."""
    resolved = await lookup.find_evaluation(evaluation)
    call = Call("list_runs", {"evaluation": resolved.id}, {"evaluation": resolved.id})
    return summarize_runs(resolved, max_tokens, offset=call.offset(cursor), call=call)


TOOL = Tool(
    function=list_runs,
    title="List an evaluation's runs",
    search_hint="humanloop, which prompt is better",
)

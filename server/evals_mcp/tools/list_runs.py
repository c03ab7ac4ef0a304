"""The tool list_runs."""

from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.runs import summarize_runs
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.tools.arguments import Cursor, Evaluation, MaxTokens
from evals_mcp.tools.tool import Tool


async def list_runs(lookup: Lookup, evaluation: Evaluation, cursor: Cursor = "", max_tokens: MaxTokens = 4000) -> str:
    """Show the runs of an evaluation side by side: version, status, logs, each evaluator's rate of true, mean or
    leading options with the difference to the control run, and which judgments failed, abstained, are missing or are
    all the same."""
    resolved = await lookup.find_evaluation(evaluation)
    call = Call("list_runs", {"evaluation": resolved.id}, {"evaluation": resolved.id})
    return summarize_runs(resolved, max_tokens, offset=call.offset(cursor), call=call)


TOOL = Tool(function=list_runs, title="Compare the runs of an evaluation")

"""The tool list_runs."""

from evals_mcp.answers.frame import cursors
from evals_mcp.answers.runs import summarize_runs
from evals_mcp.lookup.review import Review
from evals_mcp.tools.arguments import Cursor, Evaluation, MaxTokens
from evals_mcp.tools.tool import Tool


async def list_runs(review: Review, evaluation: Evaluation, cursor: Cursor = "", max_tokens: MaxTokens = 4000) -> str:
    """Show the runs of an evaluation side by side: version, status, logs, each evaluator's rate of true, mean or
    leading options with the difference to the control run, and which judgments failed, abstained, are missing or are
    all the same."""
    subject = await review.find_evaluation(evaluation)
    question = {"tool": "list_runs", "evaluation": subject.id}
    offset = int(str(cursors.decode(cursor, question)[0])) if cursor else 0
    return summarize_runs(
        subject.overview,
        subject.run_labels,
        subject.evaluator_labels,
        max_tokens,
        offset=offset,
        cursor_at=lambda at: cursors.encode([at], question),
    )


TOOL = Tool(function=list_runs, title="Compare the runs of an evaluation")

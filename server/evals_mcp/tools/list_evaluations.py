"""The tool list_evaluations."""

from typing import Annotated

from pydantic import Field

from evals_mcp.answers.evaluations import summarize_evaluations
from evals_mcp.answers.frame import cursors
from evals_mcp.answers.frame.answer import next_call
from evals_mcp.lookup.review import Review
from evals_mcp.tools.arguments import Cursor, MaxTokens
from evals_mcp.tools.tool import Tool

Filter = Annotated[str, Field(max_length=500, description="Part of a name, file path or evaluator.")]
Limit = Annotated[int, Field(ge=1, le=100, description="Evaluations to show, 1–100, default 20.")]


async def list_evaluations(
    review: Review, text: Filter = "", limit: Limit = 20, cursor: Cursor = "", max_tokens: MaxTokens = 4000
) -> str:
    """List evaluations, the last changed first: name, file, number of runs, status. Start here if you do not know
    the evaluation's name."""
    question = {"tool": "list_evaluations", "text": text}
    offset = int(str(cursors.decode(cursor, question)[0])) if cursor else 0
    found = await (await review.source()).list_evaluations(text or None, limit, offset)

    def next_page(shown: int) -> str:
        return next_call("list_evaluations", text=text or None, cursor=cursors.encode([offset + shown], question))

    return summarize_evaluations(found, max_tokens, text=text or None, offset=offset, next_page=next_page)


TOOL = Tool(function=list_evaluations, title="List evaluations")

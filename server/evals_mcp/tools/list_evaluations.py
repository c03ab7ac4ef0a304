"""The tool list_evaluations."""

from typing import Annotated

from pydantic import Field

from evals_mcp.answers.evaluations import summarize_evaluations, summarize_no_evaluations
from evals_mcp.answers.frame.calls import Call
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.tools.arguments import AS_SHOWN, Cursor, MaxTokens
from evals_mcp.tools.tool import Tool

Filter = Annotated[str, Field(max_length=500, description="Part of a name, file or evaluator."), AS_SHOWN]
Limit = Annotated[int, Field(ge=1, le=100, description="Evaluations to show, 1–100, default 20.")]


async def list_evaluations(
    lookup: Lookup, text: Filter = "", limit: Limit = 20, cursor: Cursor = "", max_tokens: MaxTokens = 4000
) -> str:
    """List evaluations, last changed first: name, file, runs, status. Start here if you do not know a name."""
    call = Call("list_evaluations", {"text": text}, {"text": text})
    position = [int(str(part)) for part in call.position(cursor) or [0]]
    rows = await lookup.rows()
    found = await rows.list_evaluations(text or None, limit=limit, offset=position[0], following=position[1:] or None)
    if not found.total and not (text and (await rows.list_evaluations(limit=1)).rows):
        return summarize_no_evaluations(lookup.why_empty(), max_tokens)
    return summarize_evaluations(found, max_tokens, text=text or None, position=position, call=call)


TOOL = Tool(function=list_evaluations, title="List evaluations", search_hint="humanloop")

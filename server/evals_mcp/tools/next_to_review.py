"""The tool next_to_review."""

from typing import Annotated

from pydantic import Field

from evals_mcp.answers.filter_words import filter_words
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.review_items import summarize_review
from evals_mcp.errors import Invalid
from evals_mcp.lookup.filters import read_filter
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.scales import scale_of
from evals_mcp.models.model import JsonObject
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.review_queue import ReviewAnswer, ReviewOrder, ReviewRequest
from evals_mcp.tools.arguments import AS_SHOWN, Evaluation, Where
from evals_mcp.tools.near_words import REVIEW_ORDERS, understood
from evals_mcp.tools.tool import Tool

Who = Annotated[str, Field(min_length=1, max_length=200, description="A name."), AS_SHOWN]
Order = Annotated[ReviewOrder, understood(REVIEW_ORDERS), Field(description="auto (default): in turn.")]
Skip = Annotated[bool, Field(description="Get another.")]
Blind = Annotated[bool, Field(description="Hide judgments.")]


async def next_to_review(
    lookup: Lookup,
    evaluation: Evaluation,
    reviewer: Who,
    order: Order = "auto",
    where: Where = [],
    skip: Skip = False,
    blind: Blind = False,
) -> str:
    """Get the next log to label, yours for 15 minutes, and the progress."""
    if await lookup.rows() is not lookup.client.reviews:
        raise Invalid("This server has no review queue. Find logs with get_logs(sample=true).")
    resolved = await lookup.find_evaluation(evaluation)
    filter = await read_filter(lookup, resolved, where)
    request = ReviewRequest(
        filter=filter,
        reviewer=reviewer.strip(),
        order=order,
        scales=[scale_of(resolved, row, named=False) for row in resolved.evaluators],
        skip=skip,
        blind=blind,
        characters=lookup.max_tokens * 4,
    )
    found = await lookup.client.review_queue.next(resolved.id, request)
    asked = {"evaluation": resolved.id, "reviewer": request.reviewer, "where": where, "blind": blind}
    lookup.show(lambda: _document(resolved, found, request, filter_words(filter, resolved)))
    call = Call("next_to_review", {**asked, "order": "" if order == "auto" else order}, {})
    return summarize_review(
        resolved,
        found,
        request.reviewer,
        order,
        lookup.max_tokens,
        filtered=filter_words(filter, resolved),
        blind=blind,
        call=call,
    )


def _document(
    evaluation: ResolvedEvaluation, found: ReviewAnswer, request: ReviewRequest, filtered: Quoted
) -> JsonObject:
    from evals_mcp.views.labelling_document import labelling_document  # only where there is a view

    return labelling_document(evaluation, found, request, filtered=filtered)


TOOL = Tool(
    function=next_to_review,
    title="Next log to review",
    search_hint="humanloop, annotation queue",
    read_only=False,
    labels=True,
    idempotent=False,
    needs_extension=True,
    view="labelling",
)

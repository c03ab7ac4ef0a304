"""The review queue, for servers with our route."""

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.review_queue import ReviewAnswer, ReviewRequest

_ANSWER = TypeAdapter(ReviewAnswer)


class ReviewQueue(Endpoints):
    """Our route that hands out logs."""

    async def next(self, evaluation_id: str, request: ReviewRequest) -> ReviewAnswer:
        """Get the next log for a reviewer. Raises NotFound and Invalid."""
        return await self._connection.send("POST", ("review", "evaluations", evaluation_id, "next"), _ANSWER, request)

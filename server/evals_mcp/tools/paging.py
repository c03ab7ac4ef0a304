"""What an answer says when a server without the extension had to be read page by page."""

from evals_mcp.review.review import Review


def paging_note(review: Review) -> list[str]:
    """A note if logs were paged through for this answer."""
    if not review.logs_read:
        return []
    return [f"Read by paging through {review.logs_read:,} logs: the server has only the documented API."]

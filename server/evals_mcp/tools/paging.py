"""Going on with a list: the call for the next page, and what is said when a server had to be read page by page."""

from collections.abc import Mapping, Sequence
from typing import Any

from evals_mcp.answers.frame import cursors
from evals_mcp.answers.frame.answer import next_call
from evals_mcp.lookup.review import Review, Subject

_NOT_ARGUMENTS = ("dataset",)


def call_from(tool: str, subject: Subject, asked: Mapping[str, Any], limit: int | None, state: Sequence[object]) -> str:
    """The call that goes on from a state in the list that `asked` decides, with names in the place of its ids.

    `limit` is what the caller gave, or None for the default.
    """
    arguments = {key: value for key, value in asked.items() if key not in _NOT_ARGUMENTS}
    if runs := arguments.get("runs"):
        arguments["runs"] = [subject.run_labels[run_id] for run_id in runs]
    if version_id := arguments.get("evaluator"):
        arguments["evaluator"] = subject.evaluator_labels[version_id]
    return next_call(tool, **arguments, limit=limit, cursor=cursors.encode(state, asked))


def paging_note(review: Review) -> list[str]:
    """A note if logs were paged through for this answer."""
    if not review.logs_read:
        return []
    return [f"Read by paging through {review.logs_read:,} logs: the server has only the documented API."]

"""Which logs of an evaluation meet a filter."""

from evals_mcp.client.row_sources import RowSource
from evals_mcp.models.questions import Filter, LogQuestion
from evals_mcp.models.resolved import ResolvedEvaluation

_PAGE = 1_000


async def select_logs(rows: RowSource, evaluation: ResolvedEvaluation, filter: Filter) -> set[tuple[str, str]]:
    """The run ids and log ids of the logs that meet a filter. Reads no texts. Raises EvalsError."""
    found: set[tuple[str, str]] = set()
    following = None
    while True:
        question = LogQuestion(filter=filter, limit=_PAGE, following=following, characters=0)
        _, page = await rows.find_logs(evaluation, question)
        found.update((row.run_id, row.id) for row in page.rows)
        if not page.more:
            return found
        following = page.after[-1]

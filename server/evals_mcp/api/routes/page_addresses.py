"""The address of an evaluation's page in responses: the official SDK prints it for people to open."""

from typing import Annotated

from fastapi import Depends, Request

from evals_mcp.models.evaluations import EvaluationResponse
from evals_mcp.models.run_labels import run_labels
from evals_mcp.models.stats import EvaluationStats
from evals_mcp.store.store import Store


async def _page_root(request: Request) -> str | None:
    return None if request.app.state.is_embedded else f"{request.base_url}evaluations/"


PageRoot = Annotated[str | None, Depends(_page_root)]
"""The address that all pages begin with, as a handler parameter; None in process, where nobody can open a page."""


def with_page(evaluation: EvaluationResponse, root: str | None) -> EvaluationResponse:
    """The evaluation with the address of its page."""
    return evaluation if root is None else evaluation.model_copy(update={"url": root + evaluation.id})


def with_page_in_report(stats: EvaluationStats, evaluation_id: str, root: str | None) -> EvaluationStats:
    """The statistics with the address of the page at the end of the report."""
    if root is None or stats.report is None:
        return stats
    report = stats.report.removesuffix(f"evals://evaluations/{evaluation_id}\n")
    return stats.model_copy(update={"report": f"{report}{root}{evaluation_id}\n"})


def read_stats(store: Store, evaluation_id: str) -> EvaluationStats:
    """The statistics of an evaluation, whose report calls runs as answers do. Raises NotFound."""
    overview = store.overviews.get(evaluation_id).overview
    return store.stats.get(evaluation_id, run_labels(overview.runs) if overview else None)

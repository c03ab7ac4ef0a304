"""The web page of an evaluation, and its address in responses: the official SDK prints it for people to open."""

from html import escape
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from evals_mcp.api.access import CurrentStore
from evals_mcp.models.evaluations import EvaluationResponse
from evals_mcp.models.run_labels import run_labels
from evals_mcp.models.stats import EvaluationStats
from evals_mcp.store.store import Store

router = APIRouter(tags=["evaluations"])

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


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


@router.get("/evaluations/{id}", response_class=HTMLResponse)
def show_evaluation_page(store: CurrentStore, id: str) -> HTMLResponse:
    """Show the report of an evaluation to a person. A server with keys takes the key as a password."""
    evaluation, stats = store.evaluations.get(id), read_stats(store, id)
    title = escape(evaluation.name or evaluation.id)
    report = (stats.report or "").removesuffix(f"evals://evaluations/{id}\n")
    texts = "\n".join(f"<pre>{escape(text)}</pre>" for text in (report, stats.progress or ""))
    page = (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>\n'
        "<style>body { font-family: sans-serif; margin: 2rem } pre { overflow-x: auto }</style></head>\n"
        f"<body>\n<h1>{title}</h1>\n<p>{escape(evaluation.id)}: {escape(stats.status)}</p>\n{texts}\n</body>\n</html>\n"
    )
    return HTMLResponse(page, headers=_HEADERS)

"""Health checks: does the server answer, and can it reach its data?"""

from fastapi import APIRouter, Request

from evals_mcp.api.grants import Access

router = APIRouter(tags=["health"])


@router.get("/health")
def get_health() -> dict[str, str]:
    """Answer without reading the data."""
    return {"status": "ok"}


@router.get("/ready")
def get_ready(request: Request) -> dict[str, str]:
    """Answer 503 if the data cannot be reached."""
    access: Access = request.app.state.access
    access.check()
    return {"status": "ok"}

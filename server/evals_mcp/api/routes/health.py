"""Health checks: does the server answer, and can it reach its data?"""

from typing import Annotated

from fastapi import APIRouter, Header, Request

from evals_mcp.api.readiness import Readiness

router = APIRouter(tags=["health"])


@router.get("/health")
async def get_health() -> dict[str, str]:
    """Answer without reading the data."""
    return {"status": "ok"}


@router.get("/ready")
async def get_ready(request: Request, x_api_key: Annotated[str | None, Header()] = None) -> dict[str, str]:
    """Answer 503, and what is not ready, if the data cannot be reached within seconds. A key asks for its workspace."""
    readiness: Readiness = request.app.state.readiness
    await readiness.check(x_api_key)
    return {"status": "ok"}

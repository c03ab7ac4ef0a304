"""The route that receives spans from the official SDK's decorators."""

from fastapi import APIRouter

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.models.traces import TracesRequest, TracesResponse
from evals_mcp.otel.traced_logs import read_traces

# The SDK's exporter sends no content type.
router = APIRouter(prefix="/import/otel", tags=["traces"], strict_content_type=False)


@router.post("/v1/traces")
def import_traces(store: CurrentStore, runner: CurrentRunner, request: TracesRequest) -> TracesResponse:
    """Create or complete logs from spans. Sending a span again changes nothing."""
    recorded = store.traces.record(read_traces(request))
    runner.wake(store, sorted({run_id for log in recorded for run_id in log.run_ids}))
    return TracesResponse(records=[log.id for log in recorded])

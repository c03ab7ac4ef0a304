"""The route that receives spans from the official SDK's decorators."""

from fastapi import APIRouter

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.models.traces import TracesRequest, TracesResponse
from evals_mcp.otel.traced_logs import read_traces
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.logs.traces import LogRecord

# The SDK's exporter sends no content type.
router = APIRouter(prefix="/import/otel", tags=["traces"], strict_content_type=False)


@router.post("/v1/traces")
def import_traces(store: CurrentStore, runner: CurrentRunner, request: TracesRequest) -> TracesResponse:
    """Create or complete logs from spans. Sending a span again changes nothing."""
    records = [
        LogRecord(
            log.file_type,
            LogTarget(file_id=log.file_id, path=log.path, kernel=log.kernel),
            log.fields,
            log.run_id,
            None if log.trace_id is None or log.span_id is None else (log.trace_id, log.span_id),
        )
        for log in read_traces(request)
    ]
    recorded = store.traces.record(records)
    runner.wake(store, sorted({run_id for log in recorded for run_id in log.run_ids}))
    return TracesResponse(records=[log.id for log in recorded])

"""The route that receives spans from the official SDK's decorators."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import BoundedRoute, PrefixedRouter
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.models.traces import TracesRequest, TracesResponse
from evals_mcp.otel.traced_logs import read_traces


class _ReadsTextAsJson(BoundedRoute):
    """A route that reads a body declared as plain text as if nothing were declared, which is as JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of requests, behind this reading of the content type."""
        handle = super().get_route_handler()

        async def handle_text(request: Request) -> Response:
            if request.headers.get("content-type", "").lower().startswith("text/plain"):
                headers = [item for item in request.scope["headers"] if item[0] != b"content-type"]
                request = Request({**request.scope, "headers": headers}, request.receive)
            return await handle(request)

        return handle_text


# The Python SDK's exporter sends no content type. Node's fetch sends the other SDK's JSON as plain text.
router = PrefixedRouter(prefix="/import/otel", tags=["traces"], strict_content_type=False, route_class=_ReadsTextAsJson)


@router.post("/v1/traces")
def import_traces(store: CurrentStore, runner: CurrentRunner, request: TracesRequest) -> TracesResponse:
    """Create or complete logs from spans. Sending a span again changes nothing."""
    recorded = store.traces.record(read_traces(request))
    runner.wake(store, sorted({run_id for log in recorded for run_id in log.run_ids}))
    return TracesResponse(records=[log.id for log in recorded])

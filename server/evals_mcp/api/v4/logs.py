"""Routes of v4 logs, feedback and sessions."""

from typing import Annotated

from fastapi import APIRouter, Query

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import BoundedRoute
from evals_mcp.api.routes.parameters import Size
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.api.v4.config_requests import config_content
from evals_mcp.api.v4.log_requests import feedback_item, log_fields
from evals_mcp.api.v4.log_responses import log_response, result_response
from evals_mcp.api.v4.queries import Page
from evals_mcp.errors import Invalid
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.v4.logs import (
    V4CreateLogResponse,
    V4CreateSessionResponse,
    V4FeedbackRequest,
    V4FeedbackResponse,
    V4LogRequest,
    V4LogResponse,
    V4UpdateLogRequest,
)
from evals_mcp.store.database.identity import new_id
from evals_mcp.store.v4.project_logs import NewLog
from evals_mcp.store.v4.run_datapoints import RunLog

router = APIRouter(tags=["v4 logs"], route_class=BoundedRoute)


@router.post("/logs", response_model_exclude_none=True)
def create_v4_logs(
    store: CurrentStore, runner: CurrentRunner, request: V4LogRequest | list[V4LogRequest]
) -> V4CreateLogResponse | list[V4CreateLogResponse]:
    """Log one generation or several to projects: all or none."""
    given = request if isinstance(request, list) else [request]
    fields = [log_fields(item) for item in given]
    created = store.project_logs.create([_new_log(item, of_it) for item, of_it in zip(given, fields, strict=True)])
    runner.wake(store, sorted({run_id for log in created for run_id in log.run_ids}))
    responses = [
        V4CreateLogResponse(id=log.id, project_id=log.file_id, session_id=of_it.get("session_id"))
        for log, of_it in zip(created, fields, strict=True)
    ]
    return responses if isinstance(request, list) else responses[0]


@router.get("/logs", response_model_exclude_none=True)
def list_v4_logs(
    store: CurrentStore,
    project_id: Annotated[str, Query(description="The project, by id or path.")],
    page: Page = 1,
    size: Size = 10,
) -> PaginatedData[V4LogResponse]:
    """List the logs of a project, newest first."""
    found = store.project_logs.page(project_id, page, size)
    records = [_response(item) for item in found.records]
    return PaginatedData[V4LogResponse](records=records, page=page, size=size, total=found.total)


@router.get("/logs/{id:path}", response_model_exclude_none=True)
def get_v4_log(store: CurrentStore, id: str) -> V4LogResponse:
    """Get a log with its results and feedback."""
    return _response(store.project_logs.get(id))


@router.patch("/logs/{id:path}", response_model_exclude_none=True)
def update_v4_log(store: CurrentStore, id: str, request: V4UpdateLogRequest) -> V4LogResponse:
    """Change the output, error or duration of a log."""
    fields = request.given()
    if "duration" in fields:
        fields["provider_latency"] = fields.pop("duration")
    return _response(store.project_logs.update(id, fields))


@router.post("/feedback", response_model_exclude_none=True)
def add_v4_feedback(
    store: CurrentStore, request: V4FeedbackRequest | list[V4FeedbackRequest]
) -> V4FeedbackResponse | list[V4FeedbackResponse]:
    """Give feedback on logs, by `data_id`: all or none. With `unset`, take feedback of the same value back."""
    given = request if isinstance(request, list) else [request]
    items = [feedback_item(item) for item in given]
    for at, item in enumerate(given):
        if item.data_id is None:
            location = ("body", at, "data_id") if isinstance(request, list) else ("body", "data_id")
            raise Invalid("Give `data_id`, the id of the log.", location)
    store.project_logs.change_feedback(
        [(item["data_id"], item, bool(asked.unset)) for item, asked in zip(items, given, strict=True)]
    )
    responses = [V4FeedbackResponse.model_validate(item) for item in items]
    return responses if isinstance(request, list) else responses[0]


@router.post("/sessions", status_code=201)
def create_v4_session(store: CurrentStore) -> V4CreateSessionResponse:
    """Make an id for a session. Its logs name it as `session_id`."""
    return V4CreateSessionResponse(id=new_id("sesh"))


def _new_log(request: V4LogRequest, fields: dict[str, object]) -> NewLog:
    config = None if request.config is None else config_content(request.config)
    return NewLog(request.project_id, request.project, request.config_id, config, fields)


def _response(item: RunLog) -> V4LogResponse:
    return log_response(item, [result_response(judgment) for judgment in item.judgments])

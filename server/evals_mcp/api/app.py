"""The Evaluations API as an ASGI application. Routes are in one file per noun."""

import contextlib
import functools
import gc
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp import __version__
from evals_mcp.api.acts import entry_headers, route_template
from evals_mcp.api.failures import evals_error, http_error, unexpected_error, validation_error
from evals_mcp.api.grants import Access
from evals_mcp.api.middleware.api_key import OPEN_PATHS, KeyGate, describe_keys
from evals_mcp.api.middleware.bodies import BodyGuard
from evals_mcp.api.middleware.large_bodies import LargeBodies
from evals_mcp.api.middleware.limits import LimitGate
from evals_mcp.api.middleware.races import RetryRaces
from evals_mcp.api.readiness import Readiness
from evals_mcp.api.routes import examples, health, questions
from evals_mcp.errors import EvalsError
from evals_mcp.runner.refusals import RefusingRunner
from evals_mcp.runner.runner import Runner
from evals_mcp.store.database.acts import without_act
from evals_mcp.variables import LARGEST_BODY

if TYPE_CHECKING:
    from evals_mcp.store.teams.control import Control


def create_app(
    access: Access,
    largest_body: int = LARGEST_BODY,
    runner: Runner | None = None,
    *,
    is_embedded: bool = False,
    patience: float = 0.0,
    keys: "Control | None" = None,
    bodies: LargeBodies | None = None,
) -> FastAPI:
    """Create the application over the stores of `access`, which must be open.

    `runner` generates logs and judgments for runs; the default answers with errors. Set `is_embedded` if the only
    caller is in this process. Statistics wait up to `patience` seconds for judgments that are still coming in. Where
    there are `keys`, administrators reach those of their workspace. Large `bodies` wait with those of the server's
    other applications.
    """
    # FastAPI gives each body parameter an alias, and Pydantic warns about that for models built on first use.
    warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
    app = _Api(
        title="evals-mcp",
        summary="An implementation of Humanloop's Evaluations API.",
        version=__version__,
        middleware=[
            Middleware(_Signature),
            Middleware(KeyGate, access=access, is_embedded=is_embedded),
            Middleware(LimitGate, is_embedded=is_embedded),
            Middleware(BodyGuard, largest_body=largest_body, bodies=bodies, is_embedded=is_embedded),
            Middleware(RetryRaces),
        ],
        exception_handlers={
            EvalsError: evals_error,
            RequestValidationError: validation_error,
            HTTPException: http_error,
            Exception: unexpected_error,
        },
    )
    app.state.readiness = Readiness(access)
    app.state.is_embedded = is_embedded
    app.state.patience = patience
    app.state.runner = runner or RefusingRunner()
    app.router.routes.extend(_own_routes())
    if keys is not None:
        app.state.keys = keys
        app.router.routes.extend(_key_routes())
    if is_embedded:
        _include_when_asked(app)
    else:
        _include_documented(app)
    return app


def _include_when_asked(app: FastAPI) -> None:
    """Add the documented routes with the first request for one: making them takes longer than a first answer may."""
    not_found = app.router.default

    async def include(scope: Scope, receive: Receive, send: Send) -> None:
        if app.router.default is include:
            app.router.default = not_found
            _include_documented(app)
        await app.router(scope, receive, send)

    app.router.default = include


def _include_documented(app: FastAPI) -> None:
    app.router.routes.extend(_documented_routes())


# All applications of a process share the routes, because FastAPI takes long to prepare them.


@functools.cache
def _own_routes() -> list[BaseRoute]:
    own = APIRouter()
    for router in (questions.router, questions.logs_router, questions.datapoints_router, examples.router):
        own.include_router(router, prefix="/v5")
    own.include_router(health.router)
    return own.routes


@functools.cache
def _key_routes() -> list[BaseRoute]:
    from evals_mcp.api.routes import keys

    return keys.router.routes


@functools.cache
def _documented_routes() -> list[BaseRoute]:
    with _nothing_is_garbage():
        _build_common_responses()
        from evals_mcp.api.documented import V4_ROUTERS, V5_ROUTERS

        documented = APIRouter()
        for router in V5_ROUTERS:
            documented.include_router(router, prefix="/v5")
        for v4_router in V4_ROUTERS:
            documented.include_router(v4_router, prefix="/v4")
        return documented.routes


def _build_common_responses() -> None:
    """Build what many responses contain once: each route would build it again, which takes a quarter of their time."""
    from evals_mcp.models import agents, datasets, environments, evaluators, files, flows, prompts, tools

    for model in (
        environments.EnvironmentResponse,
        evaluators.EvaluatorResponse,
        evaluators.MonitoringEvaluatorResponse,
        prompts.PromptResponse,
        tools.ToolResponse,
        flows.FlowResponse,
        agents.AgentResponse,
        datasets.DatasetResponse,
        files.FileEnvironmentResponse,
    ):
        model.model_rebuild()


@contextlib.contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """Look for none meanwhile: routes live as long as the process, and the search takes a quarter of their time."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, built once."""
        if self.openapi_schema is None:
            from evals_mcp.api.routes.bulk import describe_records

            document = super().openapi()
            describe_keys(document)
            describe_records(document)
        return super().openapi()


class _Signature:
    """Adds the header that tells clients that this server has our extension of the API, and those of a write."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"x-evals-mcp", __version__.encode()),
                    *entry_headers(scope, message["status"]),
                ]
            await send(message)

        # In process, the caller's own transactions after this request do not belong to it.
        with without_act():
            try:
                await self._app(scope, receive, signed)
            finally:
                _note_route(scope)


def _note_route(scope: Scope) -> None:
    """Keep the template of the route for figures: of who is outside, the scope may be a copy, but not its state."""
    if "route" in scope:
        scope.setdefault("state", {})["route"] = route_template(scope)
    elif scope["path"] in OPEN_PATHS:
        scope.setdefault("state", {})["route"] = scope["path"]

"""Routers that reject a path of another noun at once, and read large JSON that is only stored part by part."""

from collections.abc import Callable, Coroutine
from typing import Any

from anyio import to_thread
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope

from evals_mcp.models.large_json import LARGE_JSON, compact_names, read_large


class PrefixedRouter(APIRouter):
    """A router that tries its routes only on paths with its prefix. FastAPI tries every route of every router."""

    def __init__(self, *, route_class: type[APIRoute] | None = None, **options: Any) -> None:
        super().__init__(route_class=route_class or _LargeJsonRoute, **options)
        self._start = self.prefix.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a route matches, and what it adds to the scope."""
        return super().matches(scope) if self._start in scope.get("path", "") else (Match.NONE, {})


class _LargeJsonRoute(APIRoute):
    """A route that takes large fields of its body as `CompactJson` where its model does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        answer = super().get_route_handler()
        bodies = self.dependant.body_params
        names = compact_names(bodies[0].field_info.annotation) if len(bodies) == 1 else ()
        if not names:
            return answer

        async def handler(request: Request) -> Response:
            return await answer(_LargeJsonRequest(request.scope, request.receive, names))

        return handler


class _LargeJsonRequest(Request):
    def __init__(self, scope: Scope, receive: Receive, names: frozenset[str]) -> None:
        super().__init__(scope, receive)
        self._names = names

    async def json(self) -> Any:
        """The body as JSON. Reading a large one lets others go on."""
        body = await self.body()
        if len(body) > LARGE_JSON and not hasattr(self, "_json"):
            content = await to_thread.run_sync(read_large, body, self._names)
            if content is not None:
                self._json = content
        return await super().json()

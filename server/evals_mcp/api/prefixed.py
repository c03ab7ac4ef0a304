"""Routers that reject a path of another noun at once, and routes that read large JSON within its bounds."""

import json
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, HTTPException
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope

from evals_mcp.api.wrong_values import is_too_much, told
from evals_mcp.errors import TooManyValues
from evals_mcp.models.json_structure import most_values
from evals_mcp.models.json_values import MANY_VALUES, MOST_VALUES
from evals_mcp.models.large_json import LARGE_JSON, compact_names, read_large, require_few_values


class PrefixedRouter(APIRouter):
    """A router that tries its routes only on paths with its prefix. FastAPI tries every route of every router."""

    def __init__(self, *, route_class: type[APIRoute] | None = None, **options: Any) -> None:
        super().__init__(route_class=route_class or BoundedRoute, **options)
        self._start = self.prefix.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a route matches, and what it adds to the scope."""
        return super().matches(scope) if self._start in scope.get("path", "") else (Match.NONE, {})


class BoundedRoute(APIRoute):
    """A route that takes no more values than a request may have.

    Large fields may come as `CompactJson` where its model has them, and do not count.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        answer = super().get_route_handler()
        bodies = self.dependant.body_params
        if len(bodies) != 1:
            return answer
        expected = _Expected(bodies[0].field_info.annotation)

        async def handler(request: Request) -> Response:
            return await answer(_BoundedRequest(request.scope, request.receive, expected))

        return handler


def most_values_of(request: Request) -> int | None:
    """The most JSON values that a request may have; None without a bound, as where the only caller is in process."""
    return None if request.app.state.is_embedded else MOST_VALUES


class _Expected:
    """What a route takes as its body."""

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation
        self._names = compact_names(annotation)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self._annotation)

    def read(self, body: bytes, most: int | None) -> Any:
        """A body as what the route takes, or as JSON for FastAPI to tell what is wrong.

        Raises TooManyValues, ValidationError if too much is wrong to be told, and ValueError if it is no JSON.
        """
        content = read_large(body, self._names, most=most) if self._names and len(body) > LARGE_JSON else None
        if content is None:
            require_few_values(body, most)
            content = json.loads(body)
        try:
            return self._adapter.validate_python(content)
        except ValidationError as error:
            if is_too_much(error):
                raise
        return content


class _BoundedRequest(Request):
    def __init__(self, scope: Scope, receive: Receive, expected: _Expected) -> None:
        super().__init__(scope, receive)
        self._expected = expected

    async def json(self) -> Any:
        """The body as JSON, or what the route makes of it: reading many values lets others go on.

        Raises HTTPException (413, 422), because FastAPI passes on no other, and ValueError.
        """
        body = await self.body()
        is_large = len(body) > LARGE_JSON or most_values(body) > MANY_VALUES
        if is_large and not hasattr(self, "_json"):
            try:
                self._json = await to_thread.run_sync(self._expected.read, body, most_values_of(self))
            except TooManyValues as error:
                raise HTTPException(error.status, str(error)) from None
            except ValidationError as error:
                raise HTTPException(422, told(error)) from None
        return await super().json()

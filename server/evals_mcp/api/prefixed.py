"""Routers that reject a path of another noun at once."""

from typing import Any

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class PrefixedRouter(APIRouter):
    """A router that tries its routes only on paths with its prefix. FastAPI tries every route of every router."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._start = self.prefix.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a route matches, and what it adds to the scope."""
        return super().matches(scope) if self._start in scope.get("path", "") else (Match.NONE, {})

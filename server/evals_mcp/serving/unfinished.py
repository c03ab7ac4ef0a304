"""Requests that a server which stops does not finish."""

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TOLD = "The server stops, and did not finish this request. What it was to write may be there."


class UnfinishedRequests:
    """Answers 503 to a request that is cancelled, as by a server that stops. An answer that has begun breaks off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        has_begun = False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:
            if not has_begun:
                await JSONResponse({"detail": _TOLD}, 503, {"Connection": "close"})(scope, receive, send)

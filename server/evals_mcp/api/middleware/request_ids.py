"""Gives each request an id, which its answer, its errors and the log repeat."""

import logging
import re
import secrets
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp.request_ids import answering, internal_error
from evals_mcp.store.teams.keys import without_keys

HEADER = "X-Request-ID"
_OF_CALLERS = (HEADER, "Idempotency-Key")  # the journal has the second one
_HARMLESS = re.compile(r"[\w.:=+/@-]{1,128}", re.ASCII)
_log = logging.getLogger(__name__)


class RequestIds:
    """Takes the id that a caller or a proxy gave, if nothing in it can harm a log, else makes one.

    It is in the header `X-Request-ID` of every answer, and in the body of JSON errors beside the `detail`. An error
    that no application has caught is logged, and answered with 500.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its id, as `request_id` in its state."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given(Headers(scope=scope)) or secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, request_id)
        with answering(request_id):
            try:
                await self._app(scope, receive, answer.send)
            except Exception as error:
                if answer.ended:
                    return  # Starlette raises again what it has answered, and what is logged
                where = f"{scope['method']} {without_keys(scope['path'])!r}"
                _log.error("Internal error %s in %s", request_id, where, exc_info=error)
                if answer.started:
                    raise
                await JSONResponse({"detail": internal_error(request_id)}, 500)(scope, receive, answer.send)


class _Answer:
    """The answer to a request, which gets its id on the way."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self._held: Message | None = None
        self.started = self.ended = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(raw=list(message["headers"]))
            headers[HEADER] = self._request_id
            message = {**message, "headers": headers.raw}
            if message["status"] >= 400 and headers.get("content-type") == "application/json":
                self._held = message
                return
        elif message["type"] == "http.response.body":
            self.ended = not message.get("more_body", False)
            if self._held is not None:
                message = await self._send_head(self._held, message)
        await self._send(message)

    async def _send_head(self, head: Message, message: Message) -> Message:
        """Send the head that was held back; the body, with the id if it is an error of ours."""
        self._held = None
        body: bytes = message.get("body", b"")
        if self.ended and body.startswith(b'{"detail":') and body.endswith(b"}"):
            body = b'%b,"request_id":"%b"}' % (body[:-1], self._request_id.encode())
            message = {**message, "body": body}
            MutableHeaders(raw=head["headers"])["content-length"] = str(len(body))
        await self._send(head)
        return message


def _given(headers: Any) -> str | None:
    """The id that a request brings. One like a key is none: the log must not have it."""
    found = [value for name in _OF_CALLERS if (value := headers.get(name)) is not None]
    return next((value for value in found if _HARMLESS.fullmatch(value) and without_keys(value) == value), None)

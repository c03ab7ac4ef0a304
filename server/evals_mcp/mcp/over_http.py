"""MCP over HTTP: the same servers as on stdio, each request on its own, for those whom an API key lets in.

It stands before the API, on a path that it does not have. Nothing is kept between requests, so that any server of a
database can answer the next one.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import anyio
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp.errors import EvalsError, InsufficientScope
from evals_mcp.mcp.called_tools import noting_calls

PATHS = ("/mcp", "/mcp/")
LARGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes. A larger message is refused with 413."""

_NO_KEY = "This server requires an API key, as `X-API-KEY: KEY` or `Authorization: Bearer KEY`."
_ONLY_POST = "MCP over HTTP takes POST here: nothing is kept between requests, so there is no stream to open or to end."
_OF_GUARD = (413, 429, 503)  # too large, too many in a minute, and too many at once
_TOLD_OF_GUARD = ("retry-after", "ratelimit", "ratelimit-policy")
_INVALID_REQUEST = -32600  # of JSON-RPC
_FIRST_WITHOUT_HANDSHAKE = "2026-07-28"


class ServedServer(Protocol):
    """What is served: no module of the SDK is loaded before there is one."""

    @property
    def low_level(self) -> Any:
        """The SDK's server beneath, which transports drive."""
        ...


class Guest(NamedTuple):
    """Somebody who is let in: the server that answers, the id of their key (not a secret), a context in which what that
    server reads and writes is theirs, and what counts the requests of their workspace."""

    server: ServedServer
    key_id: str | None
    acting: Callable[[], AbstractContextManager[None]]
    meter: Any = None


Enter = Callable[[str | None], Awaitable[Guest]]
"""Lets in who has a key, or None. Raises EvalsError: Unauthorized, and Unavailable."""


class SignIn(NamedTuple):
    """How clients sign in: the parameters of `WWW-Authenticate` that tell them, and a sentence for people."""

    challenge: str
    advice: str


class McpOverHttp:
    """An application that answers MCP at `PATHS`, and passes all other requests on to `others`.

    `guard` wraps what answers a request whose key is known: it reads the body within its limits. With `sign_in`,
    clients can also sign in. `needs_key` says that nobody enters without a key or a token: then pages of every origin
    may ask, since the page itself has to send it, and the browser adds none.
    """

    def __init__(
        self,
        others: ASGIApp,
        enter: Enter,
        guard: Callable[[ASGIApp], ASGIApp],
        sign_in: SignIn | None = None,
        *,
        needs_key: bool,
    ) -> None:
        self._others = others
        self._enter = enter
        self._sign_in = sign_in
        self._guarded = guard(_answer)
        self._guarded_refusal = guard(JSONResponse({"detail": _ONLY_POST}, status_code=405, headers={"Allow": "POST"}))
        self._entrance: ASGIApp = _open_to_pages(self._let_in) if needs_key else self._let_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an MCP request, or pass the request on."""
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self._others(scope, receive, send)
            return
        scope.setdefault("state", {})["route"] = PATHS[0]
        await self._entrance(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(Headers(scope=scope))
        state = scope.setdefault("state", {})

        async def let_in() -> ASGIApp | None:
            try:
                state["grant"] = await self._enter(key)
            except EvalsError as error:
                return _refusal(error, self._sign_in, has_key=key is not None)
            return None

        refusal = await let_in()
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        state["let_in"] = let_in  # for the guard: a key may end while the body comes in
        answer = self._guarded if scope["method"] == "POST" else self._guarded_refusal
        await answer(scope, receive, _telling(scope, receive, send))


def _open_to_pages(app: ASGIApp) -> ASGIApp:
    return CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST", "DELETE"],
        allow_headers=["*"],
        expose_headers=["WWW-Authenticate", "Mcp-Session-Id", "MCP-Protocol-Version", "Retry-After", "X-Request-ID"],
        max_age=600,
    )


def _key(headers: Headers) -> str | None:
    """The key of a request: in our own header, or as OAuth sends tokens."""
    if key := headers.get("x-api-key"):
        return key
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _refusal(error: EvalsError, sign_in: SignIn | None, *, has_key: bool) -> JSONResponse:
    status = error.status or 503
    detail = str(error)
    if status == 401 and not has_key:
        detail = _NO_KEY if sign_in is None else sign_in.advice
    headers = None
    if status == 401 or isinstance(error, InsufficientScope):
        code = "insufficient_scope" if status == 403 else "invalid_token" if has_key else None
        headers = {"WWW-Authenticate": _challenge(sign_in, code, detail)}
    return JSONResponse({"detail": detail, **_error(detail)}, status, headers)


def _challenge(sign_in: SignIn | None, code: str | None, detail: str) -> str:
    """The header that tells a client what to send, and what is wrong with what it sent."""
    parameters = ['Bearer realm="evals-mcp"']
    if code is not None:
        parameters.append(f'error="{code}"')
    if sign_in is not None:
        parameters.append(sign_in.challenge)
        if code is not None:
            plain = detail.translate({ord('"'): "'", ord("\\"): "/"}).encode("ascii", "replace").decode()
            parameters.append(f'error_description="{plain}"')
    return ", ".join(parameters)


def _error(detail: str) -> dict[str, Any]:
    """An error of MCP, as hosts show it: they show no other. It is of no certain request."""
    return {"jsonrpc": "2.0", "id": None, "error": {"code": _INVALID_REQUEST, "message": detail}}


def _telling(scope: Scope, receive: Receive, send: Send) -> Send:
    """Send what the guard says about a body that it does not take as an error of MCP: hosts show no other."""
    refused: int | None = None
    headers: dict[str, str] = {}

    async def tell(message: Message) -> None:
        nonlocal refused
        if message["type"] == "http.response.start" and message["status"] in _OF_GUARD:
            refused = message["status"]
            headers.update({name.decode(): value.decode() for name, value in message["headers"]})
        elif refused is None:
            await send(message)
        else:
            detail = json.loads(message["body"])["detail"]
            told = {name: value for name, value in headers.items() if name in _TOLD_OF_GUARD}
            await JSONResponse(_error(detail), status_code=refused, headers=told)(scope, receive, send)

    return tell


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request, until its client goes away: that ends the call, in both eras of the protocol."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # with the SDK, for the first request

    guest: Guest = scope["state"]["grant"]
    body = await Request(scope, receive).body()
    manager = StreamableHTTPSessionManager(
        guest.server.low_level,
        stateless=True,
        json_response=_takes_json(Headers(scope=scope), body),
        max_request_body_size=LARGEST_MESSAGE,
    )
    parts, gone = [body], anyio.Event()

    async def again() -> Message:
        if parts:
            return {"type": "http.request", "body": parts.pop(), "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()
        tasks.cancel_scope.cancel()

    with guest.acting(), noting_calls() as scope["state"]["tool_calls"]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            async with manager.run():
                await manager.handle_request(scope, again, _telling_what_is_wrong(body, scope, receive, send))
            tasks.cancel_scope.cancel()


def _telling_what_is_wrong(body: bytes, scope: Scope, receive: Receive, send: Send) -> Send:
    """Send 400 with a sentence where the SDK takes a message for none, or lists what it expected of each kind."""
    refused = False

    async def tell(message: Message) -> None:
        nonlocal refused
        is_doubtful = message["type"] == "http.response.start" and message["status"] in (202, 400)
        if is_doubtful and (detail := _wrong(body)) is not None:
            refused = True
            await JSONResponse(_error(detail), status_code=400)(scope, receive, send)
        if not refused:
            await send(message)

    return tell


def _wrong(body: bytes) -> str | None:
    """What is wrong with the form of a message, if it is a batch or a request whose id is none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(content, list):
        return "Batches of messages are not taken. Send each message in a request of its own."
    if isinstance(content, dict) and "method" in content and "id" in content:
        id = content["id"]
        if not isinstance(id, str | int) or isinstance(id, bool):
            return "The `id` of a request must be a text or a whole number. Nothing was done."
    return None


def _takes_json(headers: Headers, body: bytes) -> bool:
    """Whether the answer is JSON from the start. Else it may become a stream, for progress.

    In the era without handshakes, the SDK itself answers with JSON unless there is progress, or a long wait.
    """
    if "text/event-stream" not in headers.get("accept", ""):
        return True
    is_modern = headers.get("mcp-protocol-version", "") >= _FIRST_WITHOUT_HANDSHAKE
    return not is_modern and b'"progressToken"' not in body

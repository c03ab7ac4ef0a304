"""Holds a workspace to its limits, before a body is read, and tells what is left of them in each answer.

Requests are counted as in the IETF's draft of RateLimit header fields. Storage is told of in a header of ours, with the
same words, once most of it is used.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from anyio import to_thread
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp.api.needs import need_of
from evals_mcp.errors import EvalsError
from evals_mcp.models.roles import Role
from evals_mcp.store.database.meter import Allowance, Meter

LIMITS_HEADER = "x-evals-limits"
"""What is left of the limits of storage, as in `"logs";q=1000000;r=150000`."""

_ADDS_LOGS = re.compile(
    r"/v[45]/(?!datasets/).*(?:/log|/logs|/bulk|/outputs|/labels|/traces|/feedback|/result)|/v5/bulk|/v4/logs"
)
_MAY_BE_TRIED = re.compile(r"/v5/(?:evaluations/[^/]+/(?:labels|runs/[^/]+/(?:logs|outputs))|set-ups)")
_TAKES_AWAY = re.compile(r"/v5/journal/[^/]+/undo")

Headers = list[tuple[bytes, bytes]]


class LimitGate:
    """Answers 429 to one request too many in a minute, and 507 to a write where there is no room. Reads go on.

    What administers keys is free for whoever may: a key that is stolen must not use up what it takes to revoke it. A
    request that may only try whether it can be done is held to the storage when it writes.

    Requests in process are part of another one, which was counted: an `is_embedded` API counts none. What only reads or
    looks after its storage by itself `is_free_of_storage`.
    """

    def __init__(self, app: ASGIApp, *, is_embedded: bool = False, is_free_of_storage: bool = False) -> None:
        self._app = app
        self._counts = not is_embedded
        self._keeps_room = not is_free_of_storage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its workspace has room for it."""
        meter = _meter(scope)
        if meter is None or _administers(scope):
            await self._app(scope, receive, send)
            return
        writes = self._keeps_room and may_add(scope["method"], scope["path"])
        headers: Headers = []
        try:
            if meter.is_due:
                await to_thread.run_sync(meter.renew)
            if self._counts and (allowance := meter.take_request()) is not None:
                headers = _request_headers(allowance)
                if allowance.is_over:
                    await _refuse_request(allowance, headers)(scope, receive, send)
                    return
            if writes:
                require = partial(meter.require_room, for_logs=may_add_logs(scope["path"]))
                if may_be_tried(scope["path"]):
                    scope["state"]["require_room"] = require
                else:
                    require()
        except EvalsError as error:
            refusal = JSONResponse({"detail": str(error)}, status_code=error.status)
            await refusal(scope, receive, _with_headers(send, headers, meter))
            return

        async def counted() -> Message:
            message = await receive()
            meter.take_bytes(len(message.get("body", b"")))
            return message

        await self._app(scope, counted if writes else receive, _with_headers(send, headers, meter))


def may_add(method: str, path: str) -> bool:
    """Whether a request may add data: it writes, and is none that takes data away."""
    return method != "DELETE" and need_of(method, path) > Role.READ and _TAKES_AWAY.fullmatch(path) is None


def may_add_logs(path: str) -> bool:
    """Whether a request to a path that may add data may add logs."""
    return _ADDS_LOGS.fullmatch(path) is not None


def may_be_tried(path: str) -> bool:
    """Whether a request with this path can have `dry_run`, and then writes nothing."""
    return _MAY_BE_TRIED.fullmatch(path) is not None


def _administers(scope: Scope) -> bool:
    role = getattr(scope["state"]["grant"], "role", None)
    return role is Role.ADMIN and need_of(scope["method"], scope["path"]) is Role.ADMIN


def _meter(scope: Scope) -> Meter | None:
    """The meter of the workspace that the request's key opens."""
    grant: Any = scope.get("state", {}).get("grant") if scope["type"] == "http" else None
    found: Meter | None = getattr(getattr(grant, "store", None), "meter", None) or getattr(grant, "meter", None)
    return found


def _with_headers(send: Send, headers: Sequence[tuple[bytes, bytes]], meter: Meter) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers, *_storage_headers(meter)]
        await send(message)

    return told


def _request_headers(allowance: Allowance) -> Headers:
    policy, left = f'"requests";q={allowance.most};w=60', f'"requests";r={allowance.left};t={allowance.seconds}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]


def _storage_headers(meter: Meter) -> Headers:
    told = ", ".join(f'"{item.name}";q={item.most};r={item.left}' for item in meter.remainders())
    return [(LIMITS_HEADER.encode(), told.encode())] if told else []


def _refuse_request(allowance: Allowance, headers: Headers) -> JSONResponse:
    detail = (
        f"The workspace has reached its limit of {allowance.most:,} requests a minute. Wait {allowance.seconds} s, "
        "then repeat the request."
    )
    named = {name.decode(): value.decode() for name, value in headers}
    return JSONResponse({"detail": detail}, status_code=429, headers={"Retry-After": str(allowance.seconds), **named})

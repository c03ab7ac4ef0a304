"""Tells of each answered request, without keys, query and body."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple, Protocol
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp.store.teams.keys import without_keys

_MOST_ENCODINGS = 10
_HIDDEN_PATH = "/***"


class _ToolCall(Protocol):
    """A call of a tool, as whoever answers `/mcp` notes it."""

    @property
    def name(self) -> str: ...

    @property
    def succeeded(self) -> bool: ...


class AnsweredRequest(NamedTuple):
    """A request that was answered in `seconds`. `status` is None if its client went away before the answer."""

    scope: Scope
    status: int | None
    seconds: float

    @property
    def client(self) -> str | None:
        """The client's address, without its port."""
        client = self.scope.get("client")
        return client[0] if client else None

    @property
    def method(self) -> str:
        """The method."""
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        """The path, encoded and without keys."""
        return logged_path(self.scope.get("raw_path", b"-").decode("ascii", errors="backslashreplace"))

    @property
    def key_id(self) -> str | None:
        """The id of the key (not a secret); None without one."""
        return getattr(self.scope.get("state", {}).get("grant"), "key_id", None)

    @property
    def request_id(self) -> str | None:
        """The id of the request."""
        found: str | None = self.scope.get("state", {}).get("request_id")
        return found

    @property
    def tool(self) -> str | None:
        """The tool that a request to `/mcp` called, `unknown` if there is none of that name; None without a call."""
        return ",".join(call.name for call in self._tool_calls) or None

    @property
    def outcome(self) -> Literal["answer", "error"] | None:
        """What the caller of a tool got: the status is the same for both."""
        if not self._tool_calls:
            return None
        return "answer" if all(call.succeeded for call in self._tool_calls) else "error"

    @property
    def _tool_calls(self) -> "Sequence[_ToolCall]":
        calls: Sequence[_ToolCall] = self.scope.get("state", {}).get("tool_calls", ())
        return calls

    def line(self) -> str:
        """One line, with `-` for missing values. A call of a tool has two words more."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        milliseconds = f"{self.seconds * 1000:.0f}ms"
        values = (now, self.client, self.key_id, self.method, self.path, self.status, milliseconds, self.request_id)
        called = () if self.outcome is None else (self.tool, self.outcome)
        return " ".join("-" if value is None else str(value) for value in (*values, *called))


class RequestLog:
    """Tells of each answered request when its answer has ended."""

    def __init__(self, app: ASGIApp, tell: Callable[[AnsweredRequest], None]) -> None:
        self._app = app
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and tell of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status: int | None = None

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._tell(AnsweredRequest(scope, status, time.perf_counter() - started))


def logged_path(path: str) -> str:
    """A percent-encoded path for a log: without keys that somebody put into it, however they are encoded.

    Encoded as it is, it cannot break the line or send codes to a terminal. One that is encoded again and again, which
    would take long to read, is left out.
    """
    plain = path
    for _ in range(_MOST_ENCODINGS):
        decoded = unquote(plain)
        if decoded == plain:
            break
        plain = decoded
    else:
        return _HIDDEN_PATH
    hidden = without_keys(plain)
    return path if hidden == plain else quote(hidden, safe="/*")

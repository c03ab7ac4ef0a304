"""Repeats a request that lost a race with another writer and wrote nothing, so that its caller need not."""

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TRIES = 5
_PAUSE = 0.02
"""Seconds before the second try; each further pause is twice as long."""
_LARGEST_KEPT = 1024 * 1024
"""Bytes of a body that is kept for another try."""


class RetryRaces:
    """Answers with the last try. A handler whose transaction was raced says so in the request's state as `raced`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, several times if need be."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        heard = _Heard(receive)
        for number in range(1, _TRIES + 1):
            answer = _Answer(scope, send, heard, is_last=number == _TRIES)
            await self._app(scope, heard.again(), answer.send)
            if not answer.is_dropped:
                return
            await anyio.sleep(_PAUSE * 2 ** (number - 1))


class _Heard:
    """What a client has sent, kept if it is not large."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._messages: list[Message] = []
        self._bytes = 0
        self.is_whole = True

    def again(self) -> Receive:
        """Everything from the beginning."""
        at = 0

        async def hear() -> Message:
            nonlocal at
            if at == len(self._messages) or not self.is_whole:
                message = await self._receive()
                self._keep(message)
            else:
                message = self._messages[at]
            at += 1
            return message

        return hear

    def _keep(self, message: Message) -> None:
        self._bytes += len(message.get("body", b""))
        if self._bytes > _LARGEST_KEPT:
            self.is_whole = False
            self._messages.clear()
        else:
            self._messages.append(message)


class _Answer:
    """An answer on its way. It is dropped if it only says that the request was raced, and another can follow."""

    def __init__(self, scope: Scope, send: Send, heard: _Heard, *, is_last: bool) -> None:
        self._scope = scope
        self._send = send
        self._heard = heard
        self._is_last = is_last
        self.is_dropped = False

    async def send(self, message: Message) -> None:
        """Send a part of the answer, or drop it."""
        if message["type"] == "http.response.start":
            state = self._scope.get("state", {})
            act = state.get("act")
            was_raced = state.pop("raced", False) and (act is None or act.entry is None)
            self.is_dropped = was_raced and self._heard.is_whole and not self._is_last
        if not self.is_dropped:
            await self._send(message)

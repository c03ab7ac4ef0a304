"""A server of somebody else on a real socket: only the documented routes, and it misbehaves as it is told to."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send
from tests.documented_only import DocumentedOnly

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.connection import AsgiApp


class ForeignServer:
    """An application behind an address. `asked` has what was asked of it: paths with their queries.

    `failing` gives the status that addresses with a text in them are answered with, `largest_page` the most records
    on a page; `rewrite` changes an answer, and `before` happens before one.
    """

    def __init__(self, app: AsgiApp) -> None:
        self.app = app
        self._documented = DocumentedOnly(app)
        self.address = ""
        self.tests = 0
        self.behave()

    def behave(self) -> None:
        """Begin anew as a server that answers well."""
        self.tests += 1
        self.asked: list[str] = []
        self.failing: dict[str, int] = {}
        self.largest_page = 1_000
        self.rewrite: Callable[[str, Any], Any] = lambda address, answer: answer
        self.before: Callable[[str], Awaitable[None]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, well or badly."""
        query = scope["query_string"].decode()
        address = f"{scope['path']}?{query}"
        self.asked.append(address)
        if self.before is not None:
            await self.before(address)
        for part, status in self.failing.items():
            if part in address:
                await JSONResponse({"detail": "This page is broken."}, status)(scope, receive, send)
                return
        scope = {**scope, "query_string": re.sub(r"\bsize=(\d+)", self._size, query).encode()}
        await self._changed(address, scope, receive, send)

    def log_pages(self, part: str = "") -> list[str]:
        """The pages of logs that were asked for, of those with a text in their address."""
        return [address for address in self.asked if "/logs?" in address and "run_id=" in address and part in address]

    def client(self) -> EvalsClient:
        """A client over the network, which does not wait long before it tries again."""
        return EvalsClient(self.address, sleep=lambda _: asyncio.sleep(0))

    def _size(self, found: re.Match[str]) -> str:
        return f"size={min(int(found[1]), self.largest_page)}"

    async def _changed(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._documented(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        if messages[0]["status"] == 200 and body:
            body = json.dumps(self.rewrite(address, json.loads(body))).encode()
        headers = [(name, value) for name, value in messages[0]["headers"] if name.lower() != b"content-length"]
        await send({**messages[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(server: ForeignServer) -> Iterator[ForeignServer]:
    """The server, answering on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(server, log_level="critical", lifespan="off", timeout_graceful_shutdown=30)
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listening]})
    thread.start()
    server.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield server
    finally:
        uvicorn_server.should_exit = True
        thread.join()
        listening.close()

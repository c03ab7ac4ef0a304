"""What the API's tests run in: the application in process or behind a socket, over a store that can be emptied."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from sqlalchemy import insert, select

from evals_mcp.api.access import Grant, OpenAccess
from evals_mcp.api.middleware.local_only import LocalOnly
from evals_mcp.api.middleware.request_log import RequestLog
from evals_mcp.store.database.tables import metadata
from evals_mcp.store.store import Store

SETTINGS = ["process-sqlite", "process-postgresql", "socket-sqlite", "socket-postgresql"]
"""How the application is reached, and on which database it runs."""


class AccessOfTest:
    """The access of whichever test runs: routes are slow to build, so one application serves all tests."""

    now: OpenAccess

    async def grant(self, key: str | None) -> Grant:
        """What the access of the test grants."""
        return await self.now.grant(key)

    def check(self) -> None:
        """Check the access of the test."""
        self.now.check()


class EmptiedStore:
    """A store that `empty` brings back to what it holds now, in a fraction of the time that a new one takes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.database.read() as connection:
            found = {table: connection.execute(select(table)).mappings().all() for table in metadata.sorted_tables}
        self._first = {
            table: sorted(map(dict, rows), key=lambda row: (row.get("number", 0), row.get("path", "")))
            for table, rows in found.items()
            if rows
        }

    def empty(self) -> Store:
        """The store with nothing in it but what it had at first."""
        with self.store.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            for table, rows in self._first.items():
                connection.execute(insert(table), rows)
        return self.store


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of a server of the application in a thread of this process, dressed as `serve` dresses it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dressed = RequestLog(LocalOnly(app), lambda line: None)
        config = uvicorn.Config(dressed, log_config=None, access_log=False, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        host, port = listener.getsockname()
        yield f"http://{host}:{port}"
        server.should_exit = True
        thread.join()

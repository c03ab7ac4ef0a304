"""Where the bodies of requests wait while they come in, and how large ones take turns, so that other requests go on.

Parsing holds the interpreter's lock, so a large body stalls all other requests while it is parsed. One at a time may;
those that wait for their turn, or for the rest of themselves, are in files.
"""

import contextlib
import gc
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import IO

import anyio
from starlette.types import Receive

from evals_mcp.models.json_structure import most_values
from evals_mcp.models.json_values import MANY_VALUES

LARGE_BODY = 1024 * 1024
"""Bytes. Larger bodies wait in a file and take turns."""

MOST_IN_FLIGHT = 1024 * 1024 * 1024
"""Bytes of large bodies that are in files at once. More are refused with 503."""


class BodyTooLargeError(ValueError):
    """A body is larger than the server takes."""


class BodiesInFlightError(ValueError):
    """The large bodies that the server has already leave no room for another one."""


class BodyNotKeptError(OSError):
    """The temporary folder cannot take a large body, or give it back."""


class ClientGoneError(ConnectionError):
    """The client went away before its whole body was here, or before its turn came."""


@dataclass(slots=True)
class BodyCounts:
    """The large bodies of a server: bytes that came in so far, and how many wait for their turn, or have it."""

    bytes: int = 0
    waiting: int = 0
    working: int = 0


class LargeBodies:
    """The bodies of a server's requests, with turns for large ones. Its applications share them. `counts` is kept."""

    def __init__(
        self,
        *,
        large_body: int = LARGE_BODY,
        heavy_body: int = MANY_VALUES,
        most_in_flight: int = MOST_IN_FLIGHT,
        counts: BodyCounts | None = None,
    ) -> None:
        self._counts = counts or BodyCounts()
        self._large_body = large_body
        self._heavy_body = heavy_body
        self._most_in_flight = most_in_flight
        self._in_flight = 0
        self._turn = anyio.Lock()

    @contextlib.asynccontextmanager
    async def read(self, receive: Receive, largest: int) -> AsyncIterator[list[bytes]]:
        """Give a whole body of at most `largest` bytes, as a list of one, so that who takes it out can let go of it.

        A large one is given when its turn comes, which ends with the context.

        Raises BodyTooLargeError, BodiesInFlightError, BodyNotKeptError and ClientGoneError. The rest of
        the body is then not read.
        """
        parts, size = bytearray(), 0
        incoming = _parts(receive)
        async for part in incoming:
            size += len(part)
            _check(size, largest)
            parts += part
            if size > self._large_body:
                break
        else:
            whole = bytes(parts)
            del parts
            async with self._my_turn() if self._is_heavy(whole) else contextlib.nullcontext():
                yield [whole]
            return
        with self._filed(largest) as filed:
            filed.add(bytes(parts))
            del parts
            async for part in incoming:
                filed.add(part)
            async with self._my_turn():
                await _require_client(receive)
                with _without_collections():
                    yield [filed.take()]

    def _is_heavy(self, body: bytes) -> bool:
        return self._heavy_body < len(body) and most_values(body) > self._heavy_body

    @contextlib.asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        self._counts.waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._counts.waiting -= 1
        self._counts.working += 1
        try:
            yield
        finally:
            self._counts.working -= 1
            self._turn.release()

    @contextlib.contextmanager
    def _filed(self, largest: int) -> Iterator["_Filed"]:
        with _opened() as file:
            filed = _Filed(self, file, largest)
            try:
                yield filed
            finally:
                self._in_flight -= filed.size
                self._counts.bytes -= filed.size

    def reserve(self, more: int) -> None:
        """Make room for more bytes of a body. Raises BodiesInFlightError."""
        if self._in_flight + more > self._most_in_flight:
            raise BodiesInFlightError
        self._in_flight += more
        self._counts.bytes += more


class _Filed:
    """A large body in a file without a name, which goes with the process."""

    def __init__(self, bodies: LargeBodies, file: IO[bytes], largest: int) -> None:
        self._bodies = bodies
        self._file = file
        self._largest = largest
        self.size = 0

    def add(self, part: bytes) -> None:
        _check(self.size + len(part), self._largest)
        self._bodies.reserve(len(part))
        self.size += len(part)
        left = memoryview(part)
        with _keeping():
            while left:  # the last write that a full disk takes is cut
                left = left[self._file.write(left) :]

    def take(self) -> bytes:
        with _keeping():
            self._file.seek(0)
            return self._file.read()


def _opened() -> IO[bytes]:
    with _keeping():
        return tempfile.TemporaryFile(prefix="evals-mcp-", buffering=0)


@contextlib.contextmanager
def _keeping() -> Iterator[None]:
    """Say of a failure that it is the temporary folder's. Raises BodyNotKeptError."""
    try:
        yield
    except OSError as error:
        raise BodyNotKeptError(error.errno, error.strerror) from error


def _check(size: int, largest: int) -> None:
    if size > largest:
        raise BodyTooLargeError


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def _require_client(receive: Receive) -> None:
    """Raise ClientGoneError if the client is known to have gone."""
    with anyio.move_on_after(0):
        if (await receive())["type"] == "http.disconnect":
            raise ClientGoneError


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Collect garbage once, at the end. Parsing many small values sets off collections that take longer than itself.

    What refused bodies leave refers to itself, and is large.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
            gc.collect()

"""Stdin and stdout of the server until it takes over: a thread reads lines and writes the answers that a file has."""

import io
import os
import sys
import threading

from evals_mcp.handshake.answers import REPLAYED_ID

TYPE_CHECKING = False  # typing takes longer to import than all else here
if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from evals_mcp.handshake.answers import Handshake

_CHUNK = 1 << 16
_LONGEST = 1 << 20  # bytes of a line that is looked through for its end with every chunk that comes
_QUIET = 0.1  # seconds after the first answer: hosts ask for the tools at once
_OFTEN = 0.000_5  # seconds: how long an answer may wait for an import to pause


class EarlyAnswers:
    """Answers lines from `source` on `sink`, both file descriptors, until `take_over`.

    One thread reads, so that an answer need not wait for what the main thread imports.
    """

    replayed_id = REPLAYED_ID

    def __init__(self, handshake: "Handshake", source: int, sink: int) -> None:
        self._handshake = handshake
        self._source = source
        self._sink = sink
        self._changed = threading.Condition()
        self._buffer = bytearray()  # read and not yet handed on
        self._reads = True  # the thread does
        self._is_answered = False
        self._is_at_end = False
        self._is_taken_over = False
        self._is_broken = False
        self._pace = sys.getswitchinterval()
        threading.Thread(target=self._read, name="handshake", daemon=True).start()

    def wait(self) -> bool:
        """Wait until the server is needed, or the host has been quiet. False if the host has left, and wants nothing.

        Raises BrokenPipeError if nobody reads the answers.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_answered or self._is_urgent())
            self._changed.wait_for(self._is_urgent, _QUIET)
            if self._is_broken:
                raise BrokenPipeError
            sys.setswitchinterval(_OFTEN)
            return not self._is_at_end or self._handshake.unanswered

    def take_over(self) -> io.TextIOWrapper:
        """Stop answering. Returns all that the server must read: what waits for it, and stdin from then on.

        Raises BrokenPipeError if nobody reads the answers.
        """
        with self._changed:
            if self._is_broken:
                raise BrokenPipeError
            self._is_taken_over = True
            self._buffer[:0] = b"".join(line + b"\n" for line in self._handshake.waiting)
            sys.setswitchinterval(self._pace)
        # As the SDK reads stdin.
        return io.TextIOWrapper(io.BufferedReader(_Rest(self)), encoding="utf-8", errors="replace")

    @property
    def listed(self) -> bool:
        """Whether the host has got the list of tools."""
        return self._handshake.listed

    def read(self, most: int) -> bytes:
        """The next bytes that the server must read; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._buffer or not self._reads)
            data = bytes(self._buffer[:most])
            del self._buffer[:most]
            if data or self._is_at_end:
                return data
        return os.read(self._source, most)

    def _is_urgent(self) -> bool:
        return self._is_at_end or self._is_broken or self._handshake.unanswered or self._handshake.listed

    def _read(self) -> None:
        while self._reads:
            try:
                data = os.read(self._source, _CHUNK)
            except OSError:
                data = b""
            with self._changed:
                self._buffer += data
                self._is_at_end = not data
                if not self._is_taken_over:
                    self._answer()
                # Afterwards the server reads by itself.
                self._reads = not (self._is_at_end or self._is_taken_over or self._is_broken)
                self._changed.notify_all()

    def _answer(self) -> None:
        if self._handshake.is_lost:
            return  # all that follows is for the server
        if b"\n" in self._buffer or self._is_at_end:
            *lines, rest = bytes(self._buffer).split(b"\n")
            self._buffer[:] = b"" if self._is_at_end else rest
            for line in [*lines, rest] if self._is_at_end and rest else lines:
                self._write(self._handshake.take(line))
        if self._buffer.find(b"\r", 0, -1) >= 0 or len(self._buffer) > _LONGEST:
            self._handshake.give_up()

    def _write(self, answer: bytes) -> None:
        self._is_answered |= bool(answer)
        while answer and not self._is_broken:
            try:
                answer = answer[os.write(self._sink, answer) :]
            except OSError:
                self._is_broken = True


class _Rest(io.RawIOBase):
    def __init__(self, early: EarlyAnswers) -> None:
        super().__init__()
        self._early = early

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        data = self._early.read(len(view))
        view[: len(data)] = data
        return len(data)

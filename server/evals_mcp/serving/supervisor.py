"""Several processes that serve one socket: started, replaced when one dies or the configuration changes, and stopped.

It opens the socket and nothing else, so that there is little in it that could fail. uvicorn has such a supervisor, too.
Its workers outlive it when it is killed, end connections that are kept while their clients send the next request, and
do not read the configuration again.
"""

import logging
import multiprocessing
import secrets
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from evals_mcp.errors import EvalsError, Unavailable, with_reason
from evals_mcp.mcp.ending import end_certainly
from evals_mcp.serving.figure_files import FigurePlace, keep_counted
from evals_mcp.serving.logs import ServerLog
from evals_mcp.serving.open_files import require_files, tell_of_few_files
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.pauses import Pauses
from evals_mcp.serving.shared_counts import CountsPlace, SharedParts
from evals_mcp.serving.sockets import bound_socket, url_of
from evals_mcp.serving.sparing_logs import ASKED_FOR
from evals_mcp.serving.worker import ALIVE, LEAVE, READY, TELL, Shared, run_worker

_LOGGER = logging.getLogger(__name__)
_SECONDS_TO_STOP = 40.0  # a worker gives accepted requests 30
_SECONDS_TO_CLOSE = 10.0  # afterwards: nobody may read what it writes
_SECONDS_TO_LEAVE = 60.0
_LONGEST_LOOK = 1.0  # seconds

SECONDS_OF_SILENCE = 60.0
"""How long a worker may take no turn before another one takes its place."""

_BYTES_A_SECOND = 10_000_000
"""What a worker reads of a body in a second, far less than on any machine: larger bodies give it longer."""

_AS_IT_WAS = "The server goes on as it was. With the new configuration: %s"

_processes = multiprocessing.get_context("spawn")  # alike on every platform, and nothing is shared by accident


def supervise(
    options: ServeOptions, read: Callable[[], ServeOptions], seconds_of_silence: float = SECONDS_OF_SILENCE
) -> None:
    """Serve with the number of workers of the `options`, until SIGTERM or SIGINT; then as `serve`.

    SIGHUP, where there is one, takes what `read` says, starts new workers, and lets the old ones finish once those are
    ready. A worker that dies is replaced, as is one that takes no turn for `seconds_of_silence`.

    Raises Unavailable if the port is in use or the first worker cannot serve, with its sentence.
    """
    require_files()
    try:
        folder = tempfile.TemporaryDirectory(prefix="evals-mcp-metrics-", ignore_cleanup_errors=True)
    except OSError as error:
        raise Unavailable(f"The temporary folder cannot be written: {error.strerror}.") from error
    listening = bound_socket(options.host, options.port)
    with ServerLog(options.log_format).records(), listening as listener, folder as metrics_folder:
        shared = Shared(listener, secrets.token_bytes(32), metrics_folder)
        _Supervisor(read, options, shared, seconds_of_silence).run()


class _Worker:
    """A process, and the line to it."""

    def __init__(self, options: ServeOptions, shared: Shared, number: int, counted_in: CountsPlace | None) -> None:
        self._line, far = _processes.Pipe()
        self.number = number
        self._figures = FigurePlace(Path(shared.metrics_folder), number)
        given = (options, shared, number, counted_in, far)
        self.process = _processes.Process(target=run_worker, args=given, name="worker")
        self.process.start()
        far.close()
        self.ready_at: float | None = None
        self.leaves_at: float | None = None
        self.silent_for = 0.0
        self.reason = ""

    @property
    def changes(self) -> list[Any]:
        """What to wait for."""
        return [self.process.sentinel] if self._line.closed else [self._line, self.process.sentinel]

    def hear(self) -> None:
        """Take in what it says."""
        try:
            while not self._line.closed and self._line.poll():
                said = self._line.recv_bytes()
                self.silent_for = 0.0
                if said == READY:
                    self.ready_at = time.monotonic()
                elif said != ALIVE:
                    self.reason = said.decode(errors="replace")
        except (EOFError, OSError):
            self.stop()

    def leave(self) -> None:
        """Let it finish, as others do its work now."""
        self.leaves_at = time.monotonic()
        self._say(LEAVE)

    def tell_of_sign_in(self) -> None:
        """Let it log whether people can sign in, if there is an identity provider."""
        self._say(TELL)

    def kill(self, reason: str) -> None:
        """End it at once, for a reason."""
        self.reason = reason
        self.process.kill()
        self.process.join()

    def _say(self, words: bytes) -> None:
        with suppress(OSError, ValueError):
            self._line.send_bytes(words)

    def stop(self) -> None:
        """Let it finish at once."""
        self._line.close()

    def end(self) -> str:
        """Take its process down, and say why it ended."""
        self.stop()
        self.process.kill()
        self.process.join()
        with suppress(OSError):  # without a file left to open, the figures wait for the successor as they are
            keep_counted(self._figures)
        code = self.process.exitcode
        return self.reason or (f"ended by signal {-code}" if code and code < 0 else f"ended with status {code}")


class _Supervisor:
    """The workers of a socket: those that serve, those that will replace them, and those that were replaced."""

    def __init__(
        self, read: Callable[[], ServeOptions], options: ServeOptions, shared: Shared, seconds_of_silence: float
    ) -> None:
        self._read = read
        self._options = options
        self._shared = shared
        self._seconds_of_silence = seconds_of_silence
        self._looked_at = time.monotonic()
        self._counts = SharedParts(Path(shared.metrics_folder), 4 * (options.workers or 1))
        self._serving: list[_Worker] = []
        self._coming: list[_Worker] = []
        self._leaving: list[_Worker] = []
        self._next: ServeOptions | None = None
        self._pauses = Pauses()
        self._announced = False
        self._stops = 0
        self._reload_asked = False
        self._woken, self._wake = _processes.Pipe(duplex=False)

    def run(self) -> None:
        """Serve until a signal."""
        with self._signals():
            end_certainly(_SECONDS_TO_STOP + _SECONDS_TO_CLOSE)
            try:
                while not self._stops:
                    self._look()
            finally:
                self._stop()

    def _look(self) -> None:
        """Start who is missing, wait until something happens, and draw the consequences."""
        if self._reload_asked and self._next is None and self._announced:
            self._begin_reload()
        if time.monotonic() >= self._pauses.until:
            self._start_missing(self._serving, self._options)
        if self._next is not None:
            self._start_missing(self._coming, self._next)
        changes = [change for worker in self._all() for change in worker.changes]
        for change in wait([self._woken, *changes], self._seconds_to_wait()):
            if change is self._woken:
                self._woken.recv_bytes()
        for worker in self._all():
            worker.hear()
        self._end_silent()
        self._bury()
        if not self._announced and any(worker.ready_at is not None for worker in self._serving):
            self._announced = True
            ServerLog(self._options.log_format).say(f"evals-mcp serving on {url_of(self._shared.listener)}")
            tell_of_few_files()
            self._serving[0].tell_of_sign_in()
        if self._next is not None and _are_ready(self._coming, self._next):
            self._replace(self._next)

    def _start_missing(self, workers: list[_Worker], options: ServeOptions) -> None:
        """Start workers. The others wait for the first, which may have to upgrade the database."""
        wanted = (options.workers or 1) if any(worker.ready_at is not None for worker in workers) else 1
        while len(workers) < wanted and not self._stops:
            taken = {worker.number for worker in self._all()}
            number = next(number for number in count() if number not in taken)
            try:
                workers.append(_Worker(options, self._shared, number, self._counts.part(number)))
            except OSError as error:
                self._put_off(workers, f"No process can be started: {error.strerror}.")
                return

    def _put_off(self, workers: list[_Worker], reason: str) -> None:
        """Go on with the workers that there are, and start the others later. Raises Unavailable at the start."""
        if not self._announced:
            raise Unavailable(reason)
        if workers is self._coming:
            _LOGGER.warning(_AS_IT_WAS, reason, extra=ASKED_FOR)
            self._abandon_reload()
            return
        pause = self._pauses.after_end(time.monotonic(), None)
        _LOGGER.warning("%s The server tries again %s.", reason, _in_words(pause), extra=ASKED_FOR)

    def _seconds_to_wait(self) -> float:
        return max(0.0, min(_LONGEST_LOOK, self._pauses.until - time.monotonic())) or _LONGEST_LOOK

    def _end_silent(self) -> None:
        """End the workers that take no turn. What follows a pause of this process is not their silence."""
        now = time.monotonic()
        passed, self._looked_at = min(now - self._looked_at, 2 * _LONGEST_LOOK), now
        most = max(self._seconds_of_silence, self._options.largest_body / _BYTES_A_SECOND)
        for worker in (*self._serving, *self._coming):
            worker.silent_for += passed
            if worker.silent_for > most and worker.process.is_alive():
                worker.kill(f"did not answer for {most:.0f} s, and was killed")

    def _bury(self) -> None:
        """Remove the workers that have ended. One that served, or was to, is replaced."""
        now = time.monotonic()
        for worker in self._leaving[:]:
            overdue = now > (worker.leaves_at or now) + _SECONDS_TO_LEAVE
            if overdue or not worker.process.is_alive():
                self._leaving.remove(worker)
                worker.end()
        for worker in [worker for worker in self._coming if not worker.process.is_alive()]:
            worker.hear()
            _LOGGER.warning(_AS_IT_WAS, worker.end(), extra=ASKED_FOR)
            self._abandon_reload()
            break
        for worker in [worker for worker in self._serving if not worker.process.is_alive()]:
            worker.hear()
            self._serving.remove(worker)
            reason = worker.end()
            if not self._announced:
                raise Unavailable(reason if worker.reason else f"The server cannot start: {reason}.")
            if not self._stops:
                pause = self._pauses.after_end(now, worker.ready_at)
                told = "Worker %s: %s Another one starts %s."  # each of them: pauses keep them from filling a disk
                _LOGGER.warning(told, worker.process.pid, _sentence(reason), _in_words(pause), extra=ASKED_FOR)

    def _begin_reload(self) -> None:
        self._reload_asked = False
        try:
            options = self._read()
        except EvalsError as error:
            _LOGGER.warning(_AS_IT_WAS, with_reason(error), extra=ASKED_FOR)
            return
        if (options.host, options.port) != (self._options.host, self._options.port):
            _LOGGER.warning("Host and port stay as they are until the server is started again.", extra=ASKED_FOR)
            options = replace(options, host=self._options.host, port=self._options.port)
        self._next = options

    def _replace(self, options: ServeOptions) -> None:
        """Let those that came serve, and those that served leave."""
        old, self._serving, self._coming = self._serving, self._coming, []
        self._options, self._next = options, None
        self._pauses = Pauses()
        for worker in old:
            worker.leave()
        self._leaving += old
        _LOGGER.warning(
            "The configuration was read again. New workers that serve: %d.", len(self._serving), extra=ASKED_FOR
        )
        self._serving[0].tell_of_sign_in()

    def _abandon_reload(self) -> None:
        for worker in self._coming:
            worker.stop()
            worker.leaves_at = time.monotonic()
        self._leaving += self._coming
        self._coming, self._next = [], None

    def _all(self) -> list[_Worker]:
        return [*self._serving, *self._coming, *self._leaving]

    def _stop(self) -> None:
        """Let all workers finish accepted requests; a second signal, or time, ends them."""
        workers = self._all()
        for worker in workers:
            worker.stop()
        until, signals = time.monotonic() + _SECONDS_TO_STOP, self._stops
        while any(worker.process.is_alive() for worker in workers):
            if time.monotonic() > until or self._stops > max(1, signals):
                break
            wait([worker.process.sentinel for worker in workers if worker.process.is_alive()], 0.2)
        for worker in workers:
            worker.end()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        handlers: dict[int, Callable[[], None]] = {signal.SIGTERM: self._on_stop, signal.SIGINT: self._on_stop}
        if hasattr(signal, "SIGHUP"):
            from evals_mcp.serving.hangup import Terminal

            terminal = Terminal()
            handlers[signal.SIGHUP] = lambda: terminal.on_hangup(self._on_reload)
        previous = {number: signal.signal(number, _calls(handler)) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_stop(self) -> None:
        self._stops += 1
        self._wake.send_bytes(b"!")

    def _on_reload(self) -> None:
        self._reload_asked = True
        self._wake.send_bytes(b"!")


def _calls(handler: Callable[[], None]) -> Callable[..., None]:
    return lambda *_: handler()


def _are_ready(workers: list[_Worker], options: ServeOptions) -> bool:
    ready = [worker for worker in workers if worker.ready_at is not None]
    return len(ready) == (options.workers or 1)


def _in_words(pause: float) -> str:
    return f"in {pause:g} s" if pause else "now"


def _sentence(words: str) -> str:
    return words if words.endswith(".") else f"{words}."

"""Stdin and stdout until the server takes over: nothing is lost, doubled or answered late, wherever a line is cut."""

import json
import os
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.handshake.both_ways import new_handshake
from tests.handshake.transcripts import INITIALIZED, cancelled, initialize, request

from evals_mcp.handshake.answers import REPLAYED_ID
from evals_mcp.handshake.early import EarlyAnswers

CALL = request(7, "tools/call", {"name": "list_evaluations", "arguments": {"text": "ä" * 100_000}})
REPLAYED = initialize(id=REPLAYED_ID)


class Host:
    """The host's ends of two pipes."""

    def __init__(self) -> None:
        self.source, self._input = os.pipe()
        self._output, self.sink = os.pipe()
        self._answers = os.fdopen(self._output, "rb")

    def send(self, data: bytes) -> None:
        """Write bytes."""
        while data:
            data = data[os.write(self._input, data) :]

    def leave(self) -> None:
        """Close stdin."""
        if self._input >= 0:
            os.close(self._input)
            self._input = -1

    def stop_reading(self) -> None:
        """Close stdout."""
        self._answers.close()

    def answer(self) -> object:
        """The id of the next answer."""
        return json.loads(self._answers.readline())["id"]

    def close(self) -> None:
        """Close all that is open."""
        self.leave()
        self._answers.close()
        os.close(self.source)
        os.close(self.sink)


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that is there until the test ends."""
    host = Host()
    yield host
    host.close()


@pytest.fixture
def start(host: Host) -> Callable[[], EarlyAnswers]:
    """Start to answer the host."""
    return lambda: EarlyAnswers(new_handshake(), host.source, host.sink)


Start = Callable[[], EarlyAnswers]


def _left(early: EarlyAnswers) -> list[dict[str, object]]:
    return [json.loads(line) for line in early.take_over()]


def _replayed() -> dict[str, object]:
    message: dict[str, object] = json.loads(REPLAYED)
    return message


def test_the_server_reads_what_was_not_answered_and_all_that_follows(host: Host, start: Start) -> None:
    """In order: the first request again, notifications, a call that was waiting, and what comes later."""
    early = start()
    host.send(b"\n".join([initialize(), INITIALIZED, request(1, "tools/list"), CALL, b""]))
    assert [host.answer(), host.answer()] == [0, 1]
    assert early.wait()
    assert early.listed
    left = early.take_over()
    later = [request(2, "tools/list"), cancelled(2)]
    host.send(later[0] + b"\n")
    lines = [left.readline() for _ in range(4)]
    host.send(later[1][:10])
    host.send(later[1][10:] + b"\n")
    host.leave()
    lines += list(left)
    assert [json.loads(line) for line in lines] == [_replayed(), *map(json.loads, [INITIALIZED, CALL, *later])]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_lines_may_come_in_pieces(host: Host, start: Start, size: int) -> None:
    """An answer needs the whole line and nothing after it."""
    early = start()
    whole = initialize() + b"\n" + INITIALIZED + b"\r\n" + request(1, "ping") + b"\n"
    for at in range(0, len(whole), size):
        host.send(whole[at : at + size])
    assert [host.answer(), host.answer()] == [0, 1]
    host.leave()
    assert not early.wait()
    assert _left(early) == [_replayed(), json.loads(INITIALIZED)]


def test_a_line_is_handed_over_in_the_middle(host: Host, start: Start) -> None:
    """The beginning was read before the server took over, and the rest after."""
    early = start()
    host.send(initialize() + b"\n" + CALL[:70_000])
    assert host.answer() == 0
    assert early.wait()
    left = early.take_over()
    host.send(CALL[70_000:] + b"\n")
    host.leave()
    assert [json.loads(line) for line in left] == [_replayed(), json.loads(CALL)]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_host_that_leaves_gets_the_answer_to_its_last_line(host: Host, start: Start, end: bytes) -> None:
    """Without the end of the line, too; and nothing more is loaded for it."""
    early = start()
    host.send(initialize() + end)
    host.leave()
    assert host.answer() == 0
    assert not early.wait()


def test_a_host_that_leaves_a_question_behind_gets_the_server(host: Host, start: Start) -> None:
    """What happens to the question is for the server to say."""
    early = start()
    host.send(initialize() + b"\n" + CALL)
    host.leave()
    assert early.wait()
    assert _left(early) == [_replayed(), json.loads(CALL)]


@pytest.mark.parametrize("sent", [b"", b"\n", b"garbage"])
def test_a_host_that_says_nothing_of_use(host: Host, start: Start, sent: bytes) -> None:
    """An end alone ends the program; the rest is for the server to read."""
    early = start()
    host.send(sent)
    host.leave()
    assert early.wait() is bool(sent)
    assert early.take_over().read().strip() == sent.decode().strip()


def test_lines_that_end_in_another_way_are_left_to_the_server(host: Host, start: Start) -> None:
    """A carriage return alone ends a line, too; then no end that we look for may ever come."""
    early = start()
    host.send(initialize() + b"\r" + request(1, "ping") + b"\r")
    assert early.wait()
    host.leave()
    assert [json.loads(line) for line in early.take_over()] == [
        json.loads(initialize()),
        json.loads(request(1, "ping")),
    ]


def test_a_very_long_line_is_left_to_the_server(host: Host, start: Start) -> None:
    """With all that follows: looking for its end with each chunk would take the longer, the longer the line is."""
    early = start()
    line = request(1, "ping", {"text": "x" * 3_000_000})
    host.send(line[:-10])
    waiting = threading.Thread(target=early.wait, daemon=True)
    waiting.start()
    waiting.join(20)
    assert not waiting.is_alive()
    host.send(line[-10:] + b"\n" + initialize() + b"\n")
    host.leave()
    assert _left(early) == [json.loads(line), json.loads(initialize())]


def test_a_host_that_reads_no_answers_ends_the_program(host: Host, start: Start) -> None:
    """As it does when the server writes."""
    early = start()
    host.stop_reading()
    host.send(initialize() + b"\n")
    with pytest.raises(BrokenPipeError):
        early.wait()
    with pytest.raises(BrokenPipeError):
        early.take_over()

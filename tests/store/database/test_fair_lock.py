"""FairLock: one thread at a time, in the order they came."""

import threading
from collections.abc import Callable

import pytest

from evals_mcp.store.database.fair_lock import FairLock


def _started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_threads_get_their_turn_in_the_order_they_came() -> None:
    """Nobody is passed over, however many come later."""
    turns = FairLock()
    served: list[int] = []

    def take(number: int) -> None:
        with turns.turn(30):
            served.append(number)

    threads = []
    with turns.turn(30):
        for number in range(8):
            threads.append(_started(lambda number=number: take(number)))  # type: ignore[misc]
            while len(turns._waiting) <= number:
                pass
    for thread in threads:
        thread.join()
    assert served == list(range(8))


def test_only_one_thread_has_the_turn() -> None:
    """What is done in a turn is done whole."""
    turns = FairLock()
    total = 0

    def add() -> None:
        nonlocal total
        for _ in range(200):
            with turns.turn(30):
                seen = total
                total = seen + 1

    threads = [_started(add) for _ in range(8)]
    for thread in threads:
        thread.join()
    assert total == 1600


def test_waiting_ends_after_the_time_given() -> None:
    """A turn that does not come raises, and those behind are not held up by it."""
    turns = FairLock()
    with turns.turn(30):
        with pytest.raises(TimeoutError), turns.turn(0.01):
            pass
        assert not turns._waiting
    with turns.turn(0.01):
        pass


def test_an_error_passes_the_turn_on() -> None:
    """A turn that ends with an error is free again."""
    turns = FairLock()
    with pytest.raises(ValueError, match="mine"), turns.turn(30):
        raise ValueError("mine")
    with turns.turn(0.01):
        pass

"""How far an answer is, from the thread that computes it to whoever waits for it in the same process."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

Item = TypeVar("Item", covariant=True)
Listener = Callable[[int, int, str], None]
"""Called, in any thread, with the steps that are done, how many there are, and a sentence about the present one."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


class _Items(Sized, Iterable[Item], Protocol[Item]):
    pass


@contextmanager
def listening(listener: Listener) -> Generator[None]:
    """Tell this listener the steps of all that is called in the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def told(items: _Items[Item], words: str) -> Iterator[Item]:
    """The items, each of which is a step of the work: `words` and its number are told before it, if there are several.

    `words` are such as `Comparing run`. Steps within such a step are not told.
    """
    listener, total = _listener.get(), len(items)
    if listener is None or total < 2:
        yield from items
        return
    try:
        for done, item in enumerate(items):
            listener(done, total, f"{words} {done + 1:,} of {total:,}.")
            _listener.set(None)
            yield item
    finally:
        _listener.set(listener)

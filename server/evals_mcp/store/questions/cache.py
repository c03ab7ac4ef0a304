"""What is worth keeping in memory between requests, with a bound on how much; what it is, the users say."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class _Entry(NamedTuple, Generic[Value]):
    state: object
    value: Value
    weight: int


class Kept(Generic[Key, Value]):
    """Values by key, each true of one state of what it was made from; for use from any thread.

    Those used least lately are given up when all together weigh over `most`.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, state: object) -> Value | None:
        """The value of a key, if it is kept and was made from this state."""
        with self._lock:
            found = self._entries.get(key)
            if found is None or found.state != state:
                return None
            self._entries.move_to_end(key)
            return found.value

    def put(self, key: Key, state: object, value: Value, weight: int = 1) -> None:
        """Keep a value in place of the one for another state, unless it alone weighs too much."""
        with self._lock:
            replaced = self._entries.pop(key, None)
            self._weight -= replaced.weight if replaced else 0
            if weight > self._most:
                return
            self._entries[key] = _Entry(state, value, weight)
            self._weight += weight
            while self._weight > self._most:
                _, given_up = self._entries.popitem(last=False)
                self._weight -= given_up.weight

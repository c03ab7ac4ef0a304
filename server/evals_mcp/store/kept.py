"""What is worth keeping in memory between requests, with a bound on how much; what it is, the users say."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Values by key, from any thread; those used least lately are given up when all together weigh over `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        """The value of a key, if it is kept."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Key, value: Value, weight: int = 1) -> None:
        """Keep a value, unless it alone weighs too much."""
        if weight > self._most:
            return
        with self._lock:
            replaced = self._values.pop(key, None)
            self._weight += weight - (replaced[1] if replaced else 0)
            self._values[key] = (value, weight)
            while self._weight > self._most:
                _, (_, given_up) = self._values.popitem(last=False)
                self._weight -= given_up

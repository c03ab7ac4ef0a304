"""One bounded cache for all questions. Each question defines the computed value and the data it depends on."""

import sys
from array import array
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from cachetools import LRUCache
from pydantic import BaseModel
from pydantic_core import to_json

from evals_mcp.store.database.watching import NOBODY, Watcher

Value = TypeVar("Value")

_MOST_BYTES = 96 * 2**20


class RevisionCache:
    """Values by question, each valid for the revisions it was computed from. Thread-safe.

    Drops the least recently used values above `most_bytes`. `watcher` is told of questions and sizes.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES, watcher: Watcher = NOBODY) -> None:
        self._watcher = watcher
        self._entries: LRUCache[tuple[str, bytes], _Entry] = LRUCache(most_bytes, getsizeof=lambda entry: entry.size)
        self._lock = Lock()

    def get(self, kind: str, asked: object, revisions: Hashable, compute: Callable[[], Value]) -> Value:
        """The value for a question, computed unless it is cached for the same revisions.

        `asked` is everything except the data that determines the value: models, dataclasses and JSON values, with all
        fields. `kind` names the computation. Values are shared, so do not change them.
        """
        key = kind, to_json(asked)
        with self._lock:
            entry = self._entries.get(key)
        if entry is not None and entry.revisions == revisions:
            self._watcher.looked_up(True)
            value: Value = entry.value
            return value
        self._watcher.looked_up(False)
        value = compute()
        entry = _Entry(revisions, value, len(key[1]) + size_of(value))
        with self._lock:
            before = self._entries.currsize
            self._entries.pop(key, None)
            if entry.size <= self._entries.maxsize:
                self._entries[key] = entry
            grown = self._entries.currsize - before
        self._watcher.cache_grew(int(grown))
        return value

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            size = self._entries.currsize
            self._entries.clear()
        self._watcher.cache_grew(-int(size))


_WITHOUT_PARTS = frozenset((array, bool, bytes, float, int, str, type(None)))  # most values: asking for more is slow


class _Entry(NamedTuple):
    revisions: Hashable
    value: Any
    size: int


def size_of(value: object) -> int:
    """The approximate bytes of a value with its contents. Shared contents count each time."""
    size = sys.getsizeof(value)
    if type(value) in _WITHOUT_PARTS:
        return size
    if hasattr(value, "nbytes"):
        return size if size > value.nbytes else size + int(value.nbytes)
    return size + sum(map(size_of, _parts(value)))


def _parts(value: object) -> Sequence[object]:
    if isinstance(value, Mapping):
        return [*value, *value.values()]
    if isinstance(value, Sequence | Set):
        return list(value)
    if isinstance(value, BaseModel):
        return list(vars(value).values())
    if is_dataclass(value):
        return [getattr(value, field.name) for field in fields(value)]
    return ()

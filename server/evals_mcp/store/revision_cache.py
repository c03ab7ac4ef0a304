"""One bounded memory for whatever questions compute; what is computed, and from which data, the questions say."""

import sys
from array import array
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from cachetools import LRUCache
from pydantic import BaseModel
from pydantic_core import to_json

Value = TypeVar("Value")

_MOST_BYTES = 96 * 2**20


class RevisionCache:
    """Values by what was asked, each true of the revisions that it was computed from; for use from any thread.

    When all together take more than `most_bytes`, those that were used least recently go.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._entries: LRUCache[tuple[str, bytes], _Entry] = LRUCache(most_bytes, getsizeof=lambda entry: entry.size)
        self._lock = Lock()

    def get(self, kind: str, asked: object, revisions: Hashable, compute: Callable[[], Value]) -> Value:
        """The value for what is asked, computed unless that of the same revisions is at hand.

        `asked` is all that decides the value beside the data: models, dataclasses and JSON values, of which every
        field counts. `kind` says what is computed from it. A value is shared, so nobody may change it.
        """
        key = kind, to_json(asked)
        with self._lock:
            entry = self._entries.get(key)
        if entry is not None and entry.revisions == revisions:
            value: Value = entry.value
            return value
        value = compute()
        entry = _Entry(revisions, value, len(key[1]) + size_of(value))
        with self._lock:
            self._entries.pop(key, None)
            if entry.size <= self._entries.maxsize:
                self._entries[key] = entry
        return value


class _Entry(NamedTuple):
    revisions: Hashable
    value: Any
    size: int


def size_of(value: object) -> int:
    """About how many bytes a value takes with all that it holds; what it holds twice counts twice."""
    size = sys.getsizeof(value)
    if isinstance(value, str | bytes | array):
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

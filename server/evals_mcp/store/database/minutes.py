"""How often something came in a minute that begins with the first time."""

from typing import NamedTuple, Protocol

from cachetools import LRUCache

MINUTE = 60.0
_MOST_NAMES = 10_000


class Taken(NamedTuple):
    """How often a name has come in its minute, this time too, and when that minute ends."""

    number: int
    ends: float


class Minutes(Protocol):
    """Counts names. `now` is in seconds of a clock that all who count together have."""

    def take(self, name: str, now: float) -> Taken:
        """Count a name once more."""
        ...


class OwnMinutes:
    """The counts of this process alone: of the names that came last."""

    def __init__(self) -> None:
        self._taken: LRUCache[str, Taken] = LRUCache(_MOST_NAMES)

    def take(self, name: str, now: float) -> Taken:
        """Count a name once more."""
        before = self._taken.get(name)
        if before is None or now >= before.ends:
            before = Taken(0, now + MINUTE)
        taken = self._taken[name] = Taken(before.number + 1, before.ends)
        return taken

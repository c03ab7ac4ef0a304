"""Who is told what a database and its caches do, for the figures of a server."""

from collections.abc import Mapping
from typing import Literal

from evals_mcp.errors import EvalsError


class Watcher:
    """Is told what happens, in any thread. This one forgets it."""

    def queued(self, change: int) -> None:
        """A write begins (1) or ends (-1) to wait for its turn."""

    def transaction(self, kind: Literal["read", "write"], waited: float, seconds: float) -> None:
        """A transaction has ended: how long it waited (for its turn if it wrote, else for a connection), and took."""

    def failed(self, error: EvalsError) -> None:
        """A transaction has failed because of the storage."""

    def wrote(self, kind: str | None, rows: Mapping[str, int]) -> None:
        """A request's write is committed: its kind in the journal (None without an entry), and its new rows by noun."""

    def looked_up(self, found: bool) -> None:
        """A cache was asked for a value."""

    def cache_grew(self, size: int) -> None:
        """A cache has so many bytes more, or less."""


NOBODY = Watcher()

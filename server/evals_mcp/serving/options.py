"""What a server serves, and how."""

from dataclasses import dataclass

from evals_mcp.api.middleware.bodies import LARGEST_BODY
from evals_mcp.errors import Invalid
from evals_mcp.store.journal.plain_entries import DEFAULT_DAYS

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8421


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `serve` serves: a `database` (a path or a URL), on a host and port; port 0 picks a free one.

    A PostgreSQL server without keys serves `workspace`. `largest_body` is in bytes. The journal keeps entries for
    `journal_days`. A `read_only` server refuses every write, whatever the key. Unless it `slows_refusals`, every wrong
    key is refused at once. Raises Invalid for an impossible port.
    """

    database: str
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    workspace: str | None = None
    largest_body: int = LARGEST_BODY
    journal_days: int = DEFAULT_DAYS
    read_only: bool = False
    slows_refusals: bool = True

    def __post_init__(self) -> None:
        """Check what can be checked without the database."""
        if not 0 <= self.port <= 65535:
            raise Invalid("The port must be a number from 0 to 65535; 0 picks a free one.")

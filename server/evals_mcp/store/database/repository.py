"""What the classes of the store share."""

from evals_mcp.store.database.database import Database


class Repository:
    """Reads and writes one kind of thing. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

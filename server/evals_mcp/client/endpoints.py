"""What the classes of endpoints share."""

from evals_mcp.client.connection import Connection


class Endpoints:
    """The endpoints of one noun, over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

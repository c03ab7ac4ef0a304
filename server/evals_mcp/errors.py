"""The errors that callers may see, and nothing else; no HTTP, no MCP.

    EvalsError
      ├ Invalid        the caller can fix the arguments        400, 422
      ├ Unauthorized   the key is missing, wrong or too weak   401, 403
      ├ NotFound       the thing named does not exist          404
      ├ Conflict       the change is not allowed now           409
      ├ Outdated       what the caller read has changed since  412
      └ Unavailable    the data cannot be reached              5xx, network

The message of an `EvalsError` is safe to show: it holds no secret, no driver text and no traceback.
"""


class EvalsError(Exception):
    """Base of every error raised on purpose. `str(error)` is one or two plain sentences."""

    status = 500


class Invalid(EvalsError):
    """The arguments are wrong; the message says which one and what is allowed.

    `location` is where, as in FastAPI's 422 body: `("body", "log_ids", 0)`. Without it the error is about how
    arguments fit together, and its HTTP status is 400 instead of 422.
    """

    status = 400

    def __init__(self, message: str, location: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.location = location
        if location:
            self.status = 422


class Unauthorized(EvalsError):
    """The API key is missing, unknown, revoked, or not allowed to do this (then `status` is 403)."""

    status = 401

    def __init__(self, message: str, status: int = 401) -> None:
        super().__init__(message)
        self.status = status


class NotFound(EvalsError):
    """Nothing has this id, path or name."""

    status = 404


class Conflict(EvalsError):
    """The thing exists, but the change would put it in a state that is not allowed."""

    status = 409


class Outdated(EvalsError):
    """The request was made for an overview that has changed since; read it again and repeat."""

    status = 412


class Unavailable(EvalsError):
    """The data cannot be read or written now: network, server or storage. `status` is the server's, if it answered."""

    status = 503

    def __init__(self, message: str, status: int = 503) -> None:
        super().__init__(message)
        self.status = status

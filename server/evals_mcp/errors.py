"""The errors that callers see. Nothing here depends on HTTP or MCP.

    EvalsError
      ├ Invalid        the caller can fix the arguments        400, 422
      │   └ TooManyValues      a request holds too much         413
      ├ Unauthorized   the key is missing, wrong or too weak   401, 403
      │   └ InsufficientScope   a sign-in lacks a scope         403
      ├ NotFound       the thing named does not exist          404
      ├ Conflict       the change is not allowed now           409
      └ Unavailable    the data cannot be reached              5xx, network
          └ Raced      another writer was faster               503

The message of an `EvalsError` is safe to show: it holds no secret, no driver text and no traceback.
Where the chat's words are made, `ty check` refuses data in it that is not quoted.
"""

import re
from typing import LiteralString

_MOST_SAID = 300
_END_OF_PASSWORD = re.compile(r"""(\bhost(?: name)? ['"])[^'"]*(?=@)""")
"""Of an address whose password has an `@`, what stands behind that is taken for the host."""


class EvalsError(Exception):
    """Base class of every error that we raise on purpose. `str(error)` is one or two plain sentences."""

    status = 500

    def __init__(self, message: LiteralString) -> None:
        super().__init__(message)


class Invalid(EvalsError):
    """The arguments are wrong. The message names the argument and what is allowed.

    `location` is a path as in FastAPI's 422 body: `("body", "log_ids", 0)`. Without it the error is about arguments
    that do not fit together, and the HTTP status is 400 instead of 422.
    """

    status = 400

    def __init__(self, message: LiteralString, location: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.location = location
        if location:
            self.status = 422

    def without_location(self) -> "Invalid":
        """The same error without its location at the beginning of the message, for messages that name what is wrong."""
        path = ".".join(map(str, self.location))
        self.args = (str(self).removeprefix(f"{path}: "),)
        return self


class TooManyValues(Invalid):
    """A request holds more values than a server takes at once. Several requests can bring them."""

    def __init__(self, message: LiteralString) -> None:
        super().__init__(message)
        self.status = 413


class Unauthorized(EvalsError):
    """The API key is missing, unknown or revoked, or it does not allow this request (`status` is then 403)."""

    status = 401

    def __init__(self, message: LiteralString, status: int = 401) -> None:
        super().__init__(message)
        self.status = status


class InsufficientScope(Unauthorized):
    """Somebody has signed in without a scope that this needs. Another sign-in, which asks for it, can help."""

    def __init__(self, message: LiteralString) -> None:
        super().__init__(message, 403)


class UnknownToken(Unauthorized):
    """An access token that the identity provider has not signed, as far as anybody can tell."""


class NotFound(EvalsError):
    """Nothing has this id, path or name."""

    status = 404


class Conflict(EvalsError):
    """The change is not allowed in the current state."""

    status = 409


class Unavailable(EvalsError):
    """Network, server or storage cannot serve the request now. `status` is the server's, if it answered."""

    status = 503

    def __init__(self, message: LiteralString, status: int = 503) -> None:
        super().__init__(message)
        self.status = status


class Raced(Unavailable):
    """Somebody else changed the same data at the same moment, and nothing was written. Another try may succeed."""

    def __init__(self) -> None:
        super().__init__("Another program changed the same data. Nothing was written. Repeat the request.")


def words_of_database(error: BaseException) -> str:
    """What a database, or the way to it, said when a request failed: one line, "" if it said nothing.

    It is for whoever runs the server, in logs and commands; callers of the API and assistants get the error alone.
    """
    said = getattr(error.__cause__, "orig", None)
    line = "" if said is None else str(said).partition("\n")[0].removeprefix("connection failed: ")
    return _END_OF_PASSWORD.sub(r"\1***", line)[:_MOST_SAID]


def with_reason(error: BaseException) -> str:
    """An error as a command or a log of the server shows it: the sentence, and what the database server said."""
    said = words_of_database(error)
    if not said or type(getattr(error.__cause__, "orig", None)).__module__ == "sqlite3":  # those are told one by one
        return str(error)
    return f"{error} Reason: {said}"

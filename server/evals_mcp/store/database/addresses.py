"""Addresses of databases, as a user writes them: a path or a URL. No I/O."""

import re
from pathlib import Path
from urllib.parse import unquote_plus

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from evals_mcp.errors import Invalid
from evals_mcp.variables import split_workspace, workspace_of_file

_FORMS = "a file path, sqlite:///PATH or postgresql://USER@HOST/NAME."

_PASSWORD = re.compile(r"(://[^:/?@]*:)[^@]*@(?:[^/?]*@)?")
_SECRETS = ("password", "sslpassword", "passfile")
_HIDDEN = "***"
_LONGEST_NAME = 40


def shown_address(address: str) -> str:
    """The address of a database as a person wrote it, without what lets somebody in."""
    if "://" not in address or address.partition(":")[0].lower().startswith("sqlite"):
        return address
    start, question, query = _PASSWORD.sub(rf"\1{_HIDDEN}@", address, count=1).partition("?")
    return start + question + "&".join(_without_secret(part) for part in query.split("&"))


def _without_secret(part: str) -> str:
    name, _, _ = part.partition("=")
    return f"{name}={_HIDDEN}" if unquote_plus(name).strip() in _SECRETS else part


def require_no_workspace_of_file(address: str, workspace: str | None = None) -> None:
    """Raise Invalid if a workspace is named for a SQLite file: whoever names one means another database."""
    named = workspace_of_file(address, workspace)
    if named is None:
        return
    in_address = workspace_of_file(address, None) is not None
    file = database_url(address.partition("?")[0] if in_address else address).database
    raise Invalid(
        f"Workspace `{named[:_LONGEST_NAME]}` is named, but the database is the SQLite file {file}, which is one "
        "workspace by itself: set EVALS_MCP_DATABASE or `--database` to the PostgreSQL address, or name no workspace."
    )


def database_url(address: str) -> URL:
    """The URL of a database that is given as a path or a URL.

    A path is used as it is written, except for a leading `~`. `sqlite:///PATH?mode=ro` opens a file to read only.
    A workspace that an address of PostgreSQL names is left out. Raises Invalid.
    """
    if not address.strip():
        raise Invalid(f"The database is empty. Give {_FORMS}")
    if re.match("file:", address, re.IGNORECASE):
        raise Invalid("The database must be a path without `file:`. To read only, write sqlite:///PATH?mode=ro.")
    require_no_workspace_of_file(address)
    if address != ":memory:" and not re.match(r"[A-Z+0-9]+://|(sqlite|postgres(ql)?):", address, re.IGNORECASE):
        return _sqlite_url(address)
    scheme, _, rest = address.partition("://")
    if scheme.partition("+")[0].lower() == "sqlite":
        path, question, query = rest.partition("?")
        if not path.startswith("/") or len(path) == 1 or path == "/:memory:":
            raise Invalid(f"The database must be {_FORMS}")
        if question and query != "mode=ro":
            raise Invalid("`?mode=ro` is the only setting of a sqlite:/// address. Write a path with `?` without it.")
        if re.search(r"#|%[0-9A-Fa-f]{2}", path):
            raise Invalid("A sqlite:/// address has no escapes and no `#`. Write the path itself, without sqlite:///.")
        return _sqlite_url(path[1:], query)
    try:
        url = make_url(split_workspace(address)[0])
    except (ArgumentError, ValueError):  # the second of a port that is no number
        raise Invalid(f"The database address is not valid. Use {_FORMS}") from None
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise Invalid(f"The database must be {_FORMS}")


def _sqlite_url(path: str, query: str = "") -> URL:
    if "\0" in path:
        raise Invalid("The database path contains a null character.")
    try:
        whole = Path(path).expanduser().absolute()
    except RuntimeError:
        raise Invalid("The home folder (~) in the database path is unknown. Write the full path.") from None
    return URL.create("sqlite", database=str(whole), query={"mode": "ro"} if query else {})

"""URLs of the API: parse the base URL, and build paths and queries safely. Nothing is sent here."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote, urlencode, urlsplit

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.models.model import in_utc

ApiVersion = Literal["v5", "v4", ""]
"""The first part of a path. Some of our routes have no version."""
Scalar = str | int | float | bool | datetime
Query = Mapping[str, Scalar | Sequence[Scalar] | None]
"""A query. None is omitted; a sequence repeats the key."""


class Address(NamedTuple):
    """The API's root without version and credentials, the host to show, and user and password."""

    root: str
    host: str
    login: tuple[str, str] | None


def read_base_url(base_url: str) -> Address:
    """Parse a base URL, with or without `/v5` and a trailing slash.

    Raises Invalid. Its message omits the URL, which may contain a password.
    """
    advice = "The base URL must look like https://host/v5, without a query."
    try:
        parts = urlsplit(base_url.strip())
        parts.port  # noqa: B018 - raises ValueError
    except ValueError:
        raise Invalid(advice) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise Invalid(advice)
    host = parts.netloc.rpartition("@")[2]
    path = re.sub(r"/+v[45]$", "", parts.path.rstrip("/"))
    login = None
    if parts.username is not None:
        login = (unquote(parts.username), unquote(parts.password or ""))
    return Address(f"{parts.scheme}://{host}{path.rstrip('/')}", host, login)


def build_url(root: str, api: ApiVersion, path: Sequence[str], query: Query | None) -> str:
    """Build the URL of `path`, given as segments. No segment can lead to another endpoint.

    Raises NotFound for a segment that cannot be an id, and Invalid for text that is not valid Unicode.
    """
    start = f"{root}/{api}" if api else root
    url = f"{start}/{'/'.join([_piece(piece) for piece in path])}"
    pairs = _pairs(query) if query else None
    if not pairs:
        return url
    try:
        return f"{url}?{urlencode(pairs)}"
    except UnicodeEncodeError:
        raise Invalid("An argument contains text that is not valid Unicode.") from None


def _piece(piece: str) -> str:
    if piece in ("", ".", "..") or "/" in piece:
        raise NotFound("Nothing has this id: an id is never empty or only dots, and never contains a slash.")
    try:
        return quote(piece, safe="")
    except UnicodeEncodeError:
        raise NotFound("Nothing has this id: it is not valid Unicode.") from None


def _pairs(query: Query) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in query.items():
        if value is None:
            continue
        values = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
        pairs.extend((key, _text(item)) for item in values)
    return pairs


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return in_utc(value).isoformat().replace("+00:00", "Z")
    return str(value)

"""JSON documents that a setting names, at an address of somebody else: small, asked for once, without redirects."""

from typing import Any

import anyio
from pydantic_core import from_json

from evals_mcp import __version__
from evals_mcp.client.connection import Fetched, fetch
from evals_mcp.errors import Unavailable

LARGEST_DOCUMENT = 256 * 1024
"""Bytes. A larger document is refused."""

SECONDS = 5.0
"""How long a document may take, from the connection to its last byte."""

NO_ANSWER, ANSWERED = 503, 200
"""The status of an error if nobody answers, and if the answer is not what it should be."""


async def fetch_object(url: str, seconds: float = SECONDS) -> dict[str, Any]:
    """The JSON object at an address.

    Raises Unavailable, which says why: there is no answer in time (`status` is NO_ANSWER), it has another status than
    200 (`status` is that one), it is too large, or it is no JSON object (`status` is ANSWERED).
    """
    headers = {"User-Agent": f"evals-mcp/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity"}
    try:
        with anyio.fail_after(seconds):
            fetched = await fetch(url, seconds, headers, LARGEST_DOCUMENT + 1)
    except TimeoutError:
        raise Unavailable(f"{url} does not answer within {seconds:g} seconds.") from None
    except OSError as error:
        raise Unavailable(f"{url} cannot be reached: {str(error)[:200] or type(error).__name__}.") from error
    content = _found(url, fetched)
    try:
        document = from_json(content)
    except ValueError:
        raise Unavailable(f"{url} does not answer with JSON.", ANSWERED) from None
    if not isinstance(document, dict):
        raise Unavailable(f"{url} does not answer with a JSON object.", ANSWERED)
    return document


def _found(url: str, fetched: Fetched) -> bytes:
    """The bytes of a whole document. Raises Unavailable as `fetch_object`."""
    if fetched.location is not None and 300 <= fetched.status < 400:
        raise Unavailable(
            f"{url} redirects to {fetched.location[:200]!a}, and redirects are not followed.", fetched.status
        )
    if fetched.status != ANSWERED:
        raise Unavailable(f"{url} answers with status {fetched.status}.", fetched.status)
    if len(fetched.content) > LARGEST_DOCUMENT:
        raise Unavailable(f"{url} answers with more than {LARGEST_DOCUMENT // 1024} kB.", ANSWERED)
    return fetched.content

"""JSON documents that a setting names, at an address of somebody else: small, asked for once, without redirects."""

from typing import TYPE_CHECKING, Any

import anyio
from pydantic_core import from_json

from evals_mcp import __version__
from evals_mcp.errors import Unavailable

if TYPE_CHECKING:
    import httpx

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
    import httpx

    try:
        with anyio.fail_after(seconds):
            content = await _content(url, seconds)
    except TimeoutError:
        raise Unavailable(f"{url} does not answer within {seconds:g} seconds.") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise Unavailable(f"{url} cannot be reached: {str(error)[:200] or type(error).__name__}.") from error
    try:
        document = from_json(content)
    except ValueError:
        raise Unavailable(f"{url} does not answer with JSON.", ANSWERED) from None
    if not isinstance(document, dict):
        raise Unavailable(f"{url} does not answer with a JSON object.", ANSWERED)
    return document


async def _content(url: str, seconds: float) -> bytes:
    import ssl

    import httpx

    headers = {"User-Agent": f"evals-mcp/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity"}

    def client_of() -> httpx.AsyncClient:
        verify = url.startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.AsyncClient(headers=headers, timeout=seconds, verify=verify)

    client = await anyio.to_thread.run_sync(client_of)  # certificates take long to load
    async with client, client.stream("GET", url, follow_redirects=False) as response:
        _require_found(url, response)
        content = b""
        async for part in response.aiter_raw():
            content += part
            if len(content) > LARGEST_DOCUMENT:
                raise Unavailable(f"{url} answers with more than {LARGEST_DOCUMENT // 1024} kB.", ANSWERED)
        return content


def _require_found(url: str, response: "httpx.Response") -> None:
    if response.is_redirect:
        to = response.headers.get("location", "")[:200]
        raise Unavailable(f"{url} redirects to {to!a}, and redirects are not followed.", response.status_code)
    if response.status_code != 200:
        raise Unavailable(f"{url} answers with status {response.status_code}.", response.status_code)

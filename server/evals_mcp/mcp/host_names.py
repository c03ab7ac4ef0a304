"""What the host calls itself."""

import re
from typing import Any

from mcp.server.mcpserver import Context

_PRODUCT = re.compile(r"[\w.-]{1,100}(?=/)", re.ASCII)
_LIBRARIES = frozenset(
    "aiohttp apache-httpclient axios bun curl deno dart go-http-client got java java-http-client mozilla node "
    "node-fetch okhttp postmanruntime python python-httpx python-httpx2 python-requests python-urllib reqwest ruby "
    "undici wget".split()
)
"""What sends requests for any program, so that it names none."""


def host_name(context: Context[Any, Any]) -> str | None:
    """The name of the host as it said when it connected, or with this request since 2026-07-28.

    Over HTTP nothing is kept of an earlier handshake. Then it is the program in the User-Agent, if one is named there.
    """
    client = context.session.client_params
    if client is not None:
        name: str = client.client_info.name
        return name
    named = _PRODUCT.match((context.headers or {}).get("user-agent", ""))
    return None if named is None or named[0].lower() in _LIBRARIES else named[0]

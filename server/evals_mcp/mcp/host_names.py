"""What the host calls itself."""

import re
from typing import Any

from mcp.server.mcpserver import Context

_PRODUCT = re.compile(r"[\w.-]{1,100}(?=/)", re.ASCII)
_LIBRARIES = re.compile(
    "aiohttp|apache-httpclient|axios|bun|curl|deno|go-http-client|got|java(-http-client)?|mozilla|node(-fetch)?|okhttp|"
    "python(-[a-z0-9]+)?|reqwest|ruby|undici|wget",
    re.IGNORECASE,
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
    return None if named is None or _LIBRARIES.fullmatch(named[0]) else named[0]

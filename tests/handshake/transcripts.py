"""What hosts send first: lines in both eras of the protocol."""

import json
from typing import Any

LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
APPS = {"extensions": {f"{META}ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}}
CLAUDE_CODE: dict[str, Any] = {"roots": {"listChanged": True}, "elicitation": {"form": {}, "url": {}}}


def line(message: object) -> bytes:
    """A message as a line without its end. Halves of surrogate pairs are escaped, as hosts send them."""
    text = json.dumps(message, ensure_ascii=False)
    return json.dumps(message).encode() if any("\ud800" <= letter <= "\udfff" for letter in text) else text.encode()


def request(id: Any, method: str, params: Any = None) -> bytes:
    """A request."""
    message = {"jsonrpc": "2.0", "id": id, "method": method}
    return line(message if params is None else {**message, "params": params})


def notification(method: str, params: Any = None) -> bytes:
    """A notification."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    return line(message if params is None else {**message, "params": params})


def initialize(version: str = LEGACY[2], capabilities: Any = None, id: Any = 0, client: Any = None) -> bytes:
    """The first request of a host with a handshake."""
    info = {"name": "host", "version": "1"} | (client or {})
    params = {"protocolVersion": version, "capabilities": capabilities or {}, "clientInfo": info}
    return request(id, "initialize", params)


INITIALIZED = notification("notifications/initialized")


def enveloped(id: Any, method: str, capabilities: Any = None, version: str = MODERN, **params: Any) -> bytes:
    """A request of a host without a handshake."""
    client = {"name": "host", "title": "Host", "version": "1"}
    meta = {f"{META}protocolVersion": version, f"{META}clientCapabilities": capabilities or {}}
    return request(id, method, {**params, "_meta": {**meta, f"{META}clientInfo": client}})


def cancelled(id: Any, **params: Any) -> bytes:
    """A host no longer wants an answer."""
    return notification("notifications/cancelled", {"requestId": id, "reason": "changed my mind", **params})


TRANSCRIPTS: dict[str, tuple[list[bytes], int]] = {
    **{
        f"a host that speaks {version}": (
            [initialize(version, CLAUDE_CODE), INITIALIZED, request("one", "tools/list"), request(2, "ping")],
            3,
        )
        for version in (*LEGACY, "1999-01-01", MODERN)
    },
    "a host without a handshake": ([enveloped(0, "server/discover", CLAUDE_CODE), enveloped(1, "tools/list")], 2),
    "a host without a handshake lists at once": ([enveloped("ä", "tools/list"), enveloped("ä", "tools/list")], 2),
    "a host that shows apps": ([initialize(capabilities=APPS), request(1, "tools/list", {})], 2),
    "a host that listens": (
        [
            enveloped(0, "server/discover"),
            enveloped(1, "subscriptions/listen", notifications={"toolsListChanged": True}),
            enveloped(2, "tools/list", APPS),
            enveloped(3, "prompts/list"),
            cancelled(1),
        ],
        2,
    ),
    "questions before the handshake": ([request(1, "tools/list"), request(2, "ping"), initialize(), INITIALIZED], 0),
    "a call at once": (
        [
            initialize(),
            INITIALIZED,
            request(1, "tools/call", {"name": "nope", "arguments": {}}),
            request(2, "tools/list"),
            request(3, "ping", {"_meta": {"progressToken": 3}}),
        ],
        3,
    ),
    "two handshakes": ([initialize(), initialize(LEGACY[0]), request(1, "tools/list"), enveloped(2, "tools/list")], 1),
    "both eras": ([enveloped(0, "tools/list"), initialize(), request(1, "tools/list"), request(2, "ping")], 1),
    "the other era later": ([initialize(), INITIALIZED, enveloped(1, "tools/list"), request(2, "tools/list")], 2),
    "cancelled early": ([initialize(), request(5, "tools/list"), cancelled(5), cancelled(6), cancelled("5")], 2),
    "lines that are no messages": (
        [initialize(), b"garbage", b"", b"[]", b"null", b"\xff\xfe", request(1, "tools/list"), request(2, "ping")],
        1,
    ),
    "garbage at first": ([b"{}", b"garbage", initialize(), INITIALIZED, request(1, "tools/list")], 0),
    "half of an emoji": ([initialize(), b'{"jsonrpc":"2.0","id":"\\ud83d","method":"ping"}', request(2, "ping")], 1),
    "a cursor": ([initialize(), request(1, "tools/list", {"cursor": "x"}), request(2, "tools/list", {})], 2),
    "odd ids": ([initialize(id=2**60), request(1.5, "ping"), request(None, "ping"), request(True, "tools/list")], 0),
    "no capabilities": (
        [request(0, "initialize", {"protocolVersion": LEGACY[2]}), INITIALIZED, request(1, "tools/list")],
        0,
    ),
    "odd capabilities": ([initialize(capabilities={"roots": 7}), INITIALIZED, request(1, "tools/list")], 0),
    "an unknown version without a handshake": ([enveloped(0, "server/discover", version="2030-01-01")], 0),
    "constants that JSON has not": ([initialize(), b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}'], 1),
    "a line in a line": ([initialize() + b"\r" + request(1, "ping"), request(2, "tools/list") + b"\r"], 0),
}
"""Lines by what they are, and how many of them the file answers."""

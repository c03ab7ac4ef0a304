"""Record the first answers of the server: `python scripts/handshake.py`, or `--check` to compare only.

Hosts get `initialize`, `server/discover` and `tools/list` answered from the file before the server is imported. Run
this after a change of tools, instructions, version or SDK. Each answer is asked of the real server, in every version of
the protocol and for every kind of client that `handshake/capabilities.py` tells apart.
"""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "server"))

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Unavailable
from evals_mcp.handshake.answers import PLACEHOLDER, key
from evals_mcp.handshake.capabilities import FEATURES
from evals_mcp.handshake.start import RECORDED
from evals_mcp.mcp.server import build_server
from evals_mcp.mcp.stdio import LateServer, StdioServer

CAPABILITIES: dict[str, dict[str, Any]] = {
    "": {},
    "apps": {"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}},
}
"""Capabilities of a client with each feature."""

_TURNS = 200  # of the event loop: several times what an answer takes
_CLIENT = {"name": "recorder", "version": "1"}


def new_server(max_tokens: int, *, read_only: bool) -> StdioServer:
    """A server whose data cannot be reached: what it lists at first does not depend on data."""

    def refuse() -> Any:
        raise Unavailable("There is no data here.")

    def load() -> LateServer:
        return build_server(EvalsClient(open_app=refuse), max_tokens=max_tokens, read_only=read_only)

    return StdioServer(load, read_only=read_only)


def request(id: int | str, method: str, params: dict[str, Any] | None = None) -> str:
    """A request as a line."""
    message = {"jsonrpc": "2.0", "id": id, "method": method}
    return json.dumps(message if params is None else message | {"params": params}) + "\n"


def handshake(version: str, capabilities: dict[str, Any]) -> list[str]:
    """The first lines of a host in a version with a handshake."""
    params = {"protocolVersion": version, "capabilities": capabilities, "clientInfo": _CLIENT}
    return [request(1, "initialize", params), '{"jsonrpc":"2.0","method":"notifications/initialized"}\n']


def envelope(version: str, capabilities: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a request in a version without a handshake."""
    meta = "io.modelcontextprotocol/"
    return {"_meta": {f"{meta}protocolVersion": version, f"{meta}clientCapabilities": capabilities}}


class Host:
    """Sends lines, and keeps the lines that a server writes: stdin and stdout of the server.

    It sends each line when the server has done all that the one before asks for, or all lines `at_once`.
    """

    def __init__(self, lines: Sequence[str], *, at_once: bool = False) -> None:
        self.answers: list[str] = []
        self._lines = lines
        self._at_once = at_once

    async def __aiter__(self) -> AsyncIterator[str]:
        for line in self._lines:
            yield line
            if not self._at_once:
                await _settle()
        await _settle()

    async def write(self, text: str) -> None:
        """Keep a line."""
        self.answers.append(text)

    async def flush(self) -> None:
        """Do nothing: all is kept."""


async def _settle() -> None:
    """Let the server do all that it can: what it does here waits for no file, thread or time."""
    for _ in range(_TURNS):
        await anyio.lowlevel.checkpoint()


async def exchange(server: StdioServer, lines: Sequence[str], *, at_once: bool = False) -> list[str]:
    """The lines that a server answers a new host that sends these lines."""
    host: Any = Host(lines, at_once=at_once)
    await server.serve(host, host)
    answers: list[str] = host.answers
    return answers


async def recorded() -> dict[str, Any]:
    """The content of the file, as the server answers now."""
    results: list[dict[str, Any]] = []
    index: dict[str, int] = {}

    def keep(words: str, answer: dict[str, Any]) -> None:
        result = answer["result"]
        # Versions with a handshake differ in the version that the answer names.
        result = {**result, "protocolVersion": ""} if "protocolVersion" in result else result
        if words in index and json.dumps(results[index[words]]) != json.dumps(result):
            raise AssertionError(f"{words} depends on more than the file tells apart")
        if json.dumps(result) not in map(json.dumps, results):
            results.append(result)
        index[words] = [json.dumps(known) for known in results].index(json.dumps(result))

    for read_only in (False, True):
        server = new_server(PLACEHOLDER, read_only=read_only)
        for feature in FEATURES:
            capabilities = CAPABILITIES[feature]
            for version in HANDSHAKE_PROTOCOL_VERSIONS:
                asked = [*handshake(version, capabilities), request(2, "tools/list")]
                hello, tools = map(json.loads, await exchange(server, asked))
                assert hello["result"]["protocolVersion"] == version
                keep(key("initialize", "legacy", feature, read_only=read_only), hello)
                keep(key("tools/list", "legacy", feature, read_only=read_only), tools)
            for version in MODERN_PROTOCOL_VERSIONS:
                params = envelope(version, capabilities)
                methods = ("server/discover", "tools/list")
                asked = [request(method, method, params) for method in methods]
                for answer in map(json.loads, await exchange(server, asked)):
                    keep(key(answer["id"], version, feature, read_only=read_only), answer)
    legacy, modern = list(HANDSHAKE_PROTOCOL_VERSIONS), list(MODERN_PROTOCOL_VERSIONS)
    return {"legacy": legacy, "modern": modern, "index": index, "results": results}


def text_of(content: dict[str, Any]) -> str:
    """The file's text: one line for each tool, so that a change shows."""
    parts = [f"{json.dumps(name)}: {json.dumps(content[name])}" for name in ("legacy", "modern")]
    parts.append(f'"index": {json.dumps(content["index"], indent=1)}')
    results = []
    for result in content["results"]:
        lines = [f"{json.dumps(name)}: {_lines(value)}" for name, value in result.items()]
        results.append("{" + ",\n".join(lines) + "}")
    return "{" + ",\n".join([*parts, '"results": [\n' + ",\n".join(results) + "\n]"]) + "}\n"


def _lines(value: Any) -> str:
    items = [json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in value] if value else []
    return "[\n" + ",\n".join(items) + "\n]" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)


def main(arguments: Sequence[str]) -> None:
    """Write the file, or exit with a message if it is not as the server answers now."""
    text = text_of(anyio.run(recorded))
    path = Path(RECORDED)
    if "--check" not in arguments:
        path.write_text(text, encoding="utf-8")
    elif not path.is_file() or path.read_text(encoding="utf-8") != text:
        sys.exit(f"{path.name} is not what the server answers. Run `python scripts/handshake.py`.")


if __name__ == "__main__":
    main(sys.argv[1:])

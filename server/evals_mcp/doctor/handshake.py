"""A real server over real stdio: the handshake and the list of tools, as a host asks for them, with their times."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import anyio

Era = Literal["legacy", "auto"]
ERAS: tuple[Era, ...] = ("legacy", "auto")
"""The protocol with a handshake, and the newest one that the server has; that one has none, and begins with a question
for what the server supports."""

_LONGEST = 60.0
"""Seconds; Claude Desktop waits as long."""
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a server answered: its version of the protocol, its tools, and seconds from its start to each answer.

    `problem` says why it did not.
    """

    protocol: str = ""
    tools: int = 0
    connected: float = 0.0
    listed: float = 0.0
    problem: str = ""


async def shake_hands(command: Sequence[str], environ: Mapping[str, str], era: Era) -> Handshake:
    """Start a server, ask for its tools, and end it. `connected` is when it has answered the first request."""
    from mcp.client.stdio import stdio_client

    from mcp import Client, StdioServerParameters

    parameters = StdioServerParameters(command=command[0], args=[*command[1:]], env=dict(environ))
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        start = time.perf_counter()
        found: Handshake | None = None
        problem = f"it did not answer within {_LONGEST:.0f} s"
        try:
            with anyio.move_on_after(_LONGEST):
                async with Client(stdio_client(parameters, errors), mode=era) as client:
                    connected = time.perf_counter() - start
                    tools = (await client.list_tools()).tools
                    listed = time.perf_counter() - start
                    found = Handshake(str(client.protocol_version), len(tools), connected, listed)
        except Exception as error:  # a program may fail in any way
            problem = _words(error)
        if found is not None:
            return found
        errors.seek(0)
        said = [line.strip() for line in errors if line.strip()]
        return Handshake(problem=said[-1][:_SHOWN] if said else problem)


def _words(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:_SHOWN] or type(error).__name__

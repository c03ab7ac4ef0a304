"""What a tool is to the server: a function and the hints that hosts show."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

from evals_mcp.registered import Registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Registered):
    """A tool of the server.

    `function` takes a `Review` first, then its arguments by name, and gives the text of the answer. A tool that is
    not read-only is additive here, never destructive, unless `destructive` says otherwise.
    """

    function: Callable[..., Awaitable[str]]
    read_only: bool = True
    destructive: bool = False
    idempotent: bool = True

    @property
    def argument_names(self) -> list[str]:
        """The names of its arguments, in their order."""
        return list(signature(self.function).parameters)[1:]


def dropped(**arguments: Any) -> dict[str, Any]:
    """Arguments without those that are empty, for repeating a call."""
    return {key: value for key, value in arguments.items() if value not in ("", [], None, False)}

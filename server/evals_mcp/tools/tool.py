"""What a tool is to the server: a function and the hints that hosts show."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import signature

from evals_mcp.registered import Registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Registered):
    """A tool of the server.

    `function` takes a `Lookup` first, then its arguments by name, and gives the text of the answer. A tool that is
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

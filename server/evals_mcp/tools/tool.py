"""A tool of the server: a function and the hints for hosts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import signature

from evals_mcp.registered import Registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Registered):
    """A tool of the server.

    `function` takes a `Lookup` and the arguments by name, and returns the text of the answer. A tool that is not
    read-only only adds data, unless `destructive` is set. `search_hint` holds words that its name and description lack,
    by which a model may look for it.
    """

    function: Callable[..., Awaitable[str]]
    search_hint: str = ""
    read_only: bool = True
    destructive: bool = False
    idempotent: bool = True

    @property
    def argument_names(self) -> list[str]:
        """The names of its arguments, in order."""
        return list(signature(self.function).parameters)[1:]

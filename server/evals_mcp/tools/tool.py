"""A tool of the server: a function and the hints for hosts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import signature

from evals_mcp.registered import Registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Registered):
    """A tool of the server.

    `function` takes a `Lookup` and the arguments by name, and returns the text of the answer. A tool that is not
    read-only only adds data, unless `destructive` is set; one that `labels` is for those, too, who may only label.
    `search_hint` holds words that its name and description lack, by which a model may look for it. One that
    `needs_extension` is not listed where the server lacks our routes. The answer of one that is `journaled` ends with
    the call that undoes it. It takes a `request_id` as well, unless a second call adds nothing by itself
    (`takes_request_id` is false). `view` names the view that hosts show beside its answer.
    """

    function: Callable[..., Awaitable[str]]
    search_hint: str = ""
    read_only: bool = True
    labels: bool = False
    destructive: bool = False
    idempotent: bool = True
    needs_extension: bool = False
    journaled: bool = False
    takes_request_id: bool = True
    view: str = ""

    @property
    def argument_names(self) -> list[str]:
        """The names of its arguments, in order."""
        names = list(signature(self.function).parameters)[1:]
        return [*names, "request_id"] if self.journaled and self.takes_request_id else names

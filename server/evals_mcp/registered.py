"""What hosts show of a tool, a prompt or a resource, of which the function that answers says most."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A function that answers, with the title that hosts show; name and description are the function's own."""

    function: Callable[..., Any]
    title: str

    @property
    def name(self) -> str:
        """The name that hosts know it by."""
        return str(self.function.__name__)

    @property
    def description(self) -> str:
        """What a model or a person reads about it."""
        return " ".join((self.function.__doc__ or "").split())
